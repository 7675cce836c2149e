package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that sends the head of its request one byte at a time.
var _ = register(72, Fault{
	Family: bench.Family{
		ID: "slow-headers", Version: 2, Group: bench.GroupClient,
		Title: "some clients send their request's head one byte at a time",
		Why: "Slowloris: each byte comes before any timeout between two reads, so a server that limits only the " +
			"silence waits for as long as the client likes. A server that gives a connection a worker or thread at its " +
			"first byte loses one to each of these clients, and one that limits its connections soon accepts nobody else.",
		Good:       "reads heads beside its workers, limits the time of the whole head, and has room for others meanwhile.",
		Magnitude:  "a head of 100 bytes, one byte every 0.3 s: 30 s in all",
		References: []string{"emmett-framework/granian#508", "benoitc/gunicorn#3518", "Kludex/uvicorn#157", "xorbitsai/inference#5213"},
		Cadence:    bench.Cadence{Share: 5000},
		Traits: bench.Traits{
			Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: 1, Piece: 1, Every: 300 * time.Millisecond, Most: 90},
			Holds: 30 * time.Second, CutOff: true, Vanishes: true,
			Noun: bench.Words{"slow head", "slow heads"}, Did: bench.Words{"head crawled", "heads crawled"},
		},
		Sound: "default", Flaw: "no-header-timeout",
		Flaws: []bench.Planted{{Profile: "spins-when-left", Shows: "CPUs more than before any fault"}},
	},
	Act:     func(Place) clients.Provoker { return clients.SlowHead() },
	Request: "GET /victim",
	Script: Script{Client: `client = socket.create_connection(("127.0.0.1", PORT))
for byte in (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").ljust(96, b"x") + b"\r\n\r\n":
    time.sleep(0.3)
    client.send(bytes([byte]))
client.recv(1)`},
	Exactly:  "100 bytes of head, one byte every 0.3 s: 30 s in all",
	Searched: []string{"slowloris", "slow head", "header timeout"},
})
