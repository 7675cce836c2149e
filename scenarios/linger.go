package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that sends half a head and then nothing.
var _ = register(77, Fault{
	Family: bench.Family{
		ID: "linger", Version: 1, Group: bench.GroupClient,
		Title: "some clients send half a request and then nothing",
		Why: "A phone in a tunnel, a proxy that died, a scanner. The request has begun, so a server that waits for " +
			"the first byte beside its workers may have given the connection to one by now, and without a timeout " +
			"for the head it waits there for good.",
		Good: "waits for the whole head beside its workers, gives up on it after a while, and has room for others " +
			"meanwhile.",
		Magnitude:  "half a head, then nothing for 30 s or until the server closes",
		References: []string{"emmett-framework/granian#508", "benoitc/gunicorn#3518", "Kludex/uvicorn#157"},
		Cadence:    bench.Cadence{Share: 5000},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Holds: 30 * time.Second, CutOff: true, Vanishes: true,
			Noun: bench.Words{"half request", "half requests"}, Did: bench.Words{"request never ended", "requests never ended"},
		},
		Sound: "default", Flaw: "no-header-timeout",
		Flaws: []bench.Planted{{Profile: "leaves-threads", Shows: "threads with each"}},
	},
	Act: func(Place) clients.Provoker {
		return clients.Bare(func(nonce, addr string) []byte {
			return []byte("GET /victim?nonce=" + nonce + " HTTP/1.1\r\nHost: " + addr + "\r\nUser-Ag")
		}, 30*time.Second)
	},
	Request: "GET /victim",
	Script: Script{Client: `client = socket.create_connection(("127.0.0.1", PORT), 30)
client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Ag")
client.recv(1)`},
	Exactly: "the request line, a Host header and the first seven bytes of another one at once, then nothing; " +
		"gives up after 30 s unless the server has answered or closed",
	Searched: []string{"half a request", "incomplete request"},
})
