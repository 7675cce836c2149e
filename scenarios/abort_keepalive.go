package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that resets a connection that it has kept.
var _ = register(84, Fault{
	Family: bench.Family{
		ID: "abort-keepalive", Version: 2, Group: bench.GroupClient,
		Title: "some clients reset a connection that they have kept",
		Why: "A load balancer that restarts, a client that is killed, a firewall that forgets: a parked connection " +
			"ends with RST instead of FIN. An event loop that does not expect the error keeps the connection, or " +
			"spins on it until it has a whole CPU.",
		Good:       "drops the connection, as it does when it ends with FIN.",
		Magnitude:  "a reset 0.1 s after the answer, on a connection that was to be kept",
		References: []string{"Pylons/waitress#418", "momyc/gevent-fastcgi#16", "gevent/gevent#1382"},
		Cadence:    bench.Cadence{Share: 10_000},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Vanishes: true, SparesWorkers: true,
			Noun: bench.Words{"reset connection", "reset connections"}, Did: bench.Words{"kept connection was reset", "kept connections were reset"},
		},
		Sound: "default", Flaw: "keeps-reset",
		FlawShows: bench.PiledUp,
		Flaws: []bench.Planted{
			{Profile: "keeps-some-reset", Shows: "fds with each"},
			{Profile: "keeps-buffers", Shows: "MiB with each"},
		},
	},
	Act:     func(Place) clients.Provoker { return clients.ResetKeptAlive(100*time.Millisecond, 5*time.Second) },
	Request: "GET /victim",
	Script: Script{Client: `client = socket.create_connection(("127.0.0.1", PORT), 5)
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # so that close() resets
client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
client.recv(4096)
time.sleep(0.1)
client.close()`},
	Exactly: "a request with `Connection: keep-alive`; 0.1 s after the answer the client resets the connection " +
		"(SO_LINGER with a time of 0), unless the server has closed it. `idle-keepalive` is the control: its " +
		"connections end with FIN",
	Searched: []string{"connection reset", "busy loop", "reset", "connection reset by peer", "ECONNRESET", "RST"},
})
