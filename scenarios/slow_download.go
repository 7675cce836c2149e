package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that reads its answer at a crawl.
var _ = register(70, Fault{
	Family: bench.Family{
		ID: "slow-download", Version: 2, Group: bench.GroupClient,
		Title: "some clients read their answer at a crawl",
		Why: "The same phone fetches a video. What the kernel does not take of the answer is left with the " +
			"server: one that has a worker wait until the last byte is out loses a worker to each of these " +
			"clients, and one that buffers without a bound loses its memory.",
		Good: "sends the answer beside its workers, so that a slow client costs a socket and a bounded buffer.",
		Magnitude: "an answer of 16 MiB, streamed from one block of 64 KiB; the client takes 10,000 bytes every 0.3 s " +
			"for 30 s, into a receive buffer of 8 KiB, and then the rest",
		References: []string{"emmett-framework/granian#885", "Pylons/waitress#67", "benoitc/gunicorn#3410"},
		Cadence:    bench.Cadence{Share: 1000},
		Traits: bench.Traits{
			Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: 1}, // what has got anything was begun
			Holds: 30 * time.Second, CutOff: true, Honest: true, Vanishes: true, Carries: 16 << 20,
			Noun: bench.Words{"slow download", "slow downloads"}, Did: bench.Words{"download crawled", "downloads crawled"},
		},
		Sound: "hardened", Flaw: "unbuffered-download",
	},
	Act:     func(Place) clients.Provoker { return clients.SlowDownload() },
	Request: "GET /download",
	Script: Script{
		App: `blocks = [DOWNLOAD_BLOCK] * DOWNLOAD_BLOCKS`,
		Client: `client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
client.connect(("127.0.0.1", PORT))
client.sendall(b"GET /fault HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
for _ in range(100):
    time.sleep(0.3)
    client.recv(10_000, socket.MSG_WAITALL)
while client.recv(65536): pass`,
	},
	Exactly:  "takes 10,000 bytes of the answer every 0.3 s for 30 s, then the rest at once; its receive buffer (SO_RCVBUF, set before it connects) is 4,096 bytes, which Linux doubles",
	Searched: []string{"slow client", "slow read", "backpressure"},
	Gate:     "slow readers: whether an answer that nobody takes holds a slot",
})
