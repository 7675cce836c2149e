package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that shuts down its sending side after the request.
var _ = register(85, Fault{
	Family: bench.Family{
		ID: "half-close", Version: 2, Group: bench.GroupClient,
		Title: "some clients shut down their sending side after the request",
		Why: "TCP lets a client say that it has nothing more to send and still read: shell scripts, load balancers " +
			"and conformance probes do. A server that takes the end of what it reads for the end of the client " +
			"throws the answer away, and the client waits or sees a reset.",
		Good: "answers as if nothing had happened.",
		Magnitude: "a request for an answer that takes 0.2 s, and then shutdown(2) of the sending side; the answer must " +
			"come",
		References: []string{"httpwg/http-core#22", "hyperium/hyper#3879", "enghitalo/vanilla#103"},
		Cadence:    bench.Cadence{Share: 1000},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Honest: true, MustComplete: true, Vanishes: true, SparesWorkers: true,
			Noun: bench.Words{"half-closed request", "half-closed requests"},
		},
		Lasts: 200 * time.Millisecond,
		Sound: "default", Flaw: "drops-half-closed",
		FlawShows: bench.HonestLost,
		Flaws:     []bench.Planted{{Profile: "keeps-closed", Shows: bench.PiledUp}},
	},
	Act:     func(Place) clients.Provoker { return clients.HalfClose() },
	Request: "GET /sleep",
	Script: Script{
		App: `time.sleep(0.2)`,
		Client: `client = socket.create_connection(("127.0.0.1", PORT))
client.sendall(b"GET /fault HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
client.shutdown(socket.SHUT_WR)
return client.makefile("rb").read().endswith(b"\r\n\r\nok")`,
	},
	Exactly: "a request for `/sleep` with 200 ms, and right after it shutdown(2) of the sending side; the answer " +
		"must be right",
	Searched: []string{"half-closed", "SHUT_WR"},
})
