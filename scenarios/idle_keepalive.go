package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that gets one answer, keeps its connection and stays idle.
var _ = register(76, Fault{
	Family: bench.Family{
		ID: "idle-keepalive", Version: 1, Group: bench.GroupClient,
		Title: "some clients get one answer and keep their connection",
		Why: "Browsers and load balancers keep connections for minutes, whether they need them or not. A server " +
			"that leaves a worker or thread with a kept connection loses one to each of these clients, and one " +
			"that counts kept connections against its limit without ever closing one accepts nobody else.",
		Good: "parks kept connections beside its workers, closes them after an idle time, and has room for others " +
			"meanwhile.",
		Magnitude:  "a connection that stays open for 30 s after one answer, or until the server closes it",
		References: []string{"benoitc/gunicorn#3407", "benoitc/gunicorn#908", "benoitc/gunicorn#3146"},
		Cadence:    bench.Cadence{Share: 5000},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Holds: 30 * time.Second, CutOff: true, Vanishes: true,
			Noun: bench.Words{"idle connection", "idle connections"}, Did: bench.Words{"connection stayed idle", "connections stayed idle"},
		},
		Sound: "default", Flaw: "no-header-timeout",
	},
	Act:     func(Place) clients.Provoker { return clients.IdleKeptAlive(30 * time.Second) },
	Request: "GET /victim",
	Script: Script{Client: `client = socket.create_connection(("127.0.0.1", PORT), 30)
client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
while client.recv(4096): pass`},
	Exactly: "a request with `Connection: keep-alive`; the client reads the answer, keeps the connection and sends " +
		"nothing; it gives up after 30 s unless the server has closed; the recovery ends its connection with " +
		"FIN",
	Searched: []string{"keep-alive", "idle connection"},
})
