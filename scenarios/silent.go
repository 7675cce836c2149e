package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// silentFor is how long a silent client stays unless the server closes.
const silentFor = 30 * time.Second

// A client that connects and says nothing.
var _ = register(75, Fault{
	Family: bench.Family{
		ID: "silent", Version: 2, Group: bench.GroupClient,
		Title: "some clients connect and say nothing",
		Why: "Browsers open connections ahead of need and may never use them; health checks and scanners do " +
			"the same, and so does a phone that loses its network at the wrong moment. No request was made, yet a server that gives " +
			"an accepted connection a worker or thread waits for one, and a few dozen such clients stop everybody else.",
		Good: "waits for the first byte beside its workers, closes connections that stay silent, and has room for " +
			"others meanwhile.",
		Magnitude:  "a connection without a byte, for 30 s or until the server closes it",
		References: []string{"benoitc/gunicorn#1801", "benoitc/gunicorn#2255", "benoitc/gunicorn#2652", "benoitc/gunicorn#2797"},
		Cadence:    bench.Cadence{Share: 5000},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Holds: silentFor, CutOff: true, Vanishes: true,
			Noun: bench.Words{"silent connection", "silent connections"}, Did: bench.Words{"client said nothing", "clients said nothing"},
		},
		Sound: "default", Flaw: "no-header-timeout",
		Flaws: []bench.Planted{{Profile: "keeps-closed", Shows: "sockets in CLOSE_WAIT with each"}},
	},
	Act: func(Place) clients.Provoker {
		return clients.Bare(func(string, string) []byte { return nil }, silentFor)
	},
	Request:  "connect(2)",
	Script:   Script{Client: `socket.create_connection(("127.0.0.1", PORT), 30).recv(1)`},
	Exactly:  "connects, sends nothing and reads; gives up after 30 s unless the server has answered or closed",
	Searched: []string{"idle connection", "keep-alive timeout"},
})
