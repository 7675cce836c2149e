package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that resets its connection in the middle of an answer.
var _ = register(82, Fault{
	Family: bench.Family{
		ID: "abort-download", Version: 2, Group: bench.GroupClient,
		Title: "some clients reset their connection in the middle of an answer",
		Why: "Somebody closes the tab while a video loads. The server writes to a connection that no longer " +
			"exists: the error comes out of a write that nobody expects to fail, in the app, in a buffer or in an " +
			"event loop, and what hangs on the connection may stay for good: the descriptor, the buffered answer, " +
			"the thread that fills it.",
		Good:       "notices at the next write, stops the answer, and keeps nothing of it.",
		Magnitude:  "an answer of 16 MiB, of which the client reads 100,000 bytes and then resets the connection",
		References: []string{"Pylons/waitress#236", "emmett-framework/granian#286", "etianen/aiohttp-wsgi#4"},
		Cadence:    bench.Cadence{Share: 10_000},
		Traits: bench.Traits{
			Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: 100_000}, Vanishes: true, SparesWorkers: true,
			Noun: bench.Words{"aborted download", "aborted downloads"}, Did: bench.Words{"download was reset", "downloads were reset"},
		},
		Sound: "default", Flaw: "keeps-reset",
		FlawShows: bench.PiledUp,
	},
	Act:     func(Place) clients.Provoker { return clients.AbortDownload() },
	Request: "GET /download",
	Script: Script{
		App: `blocks = [DOWNLOAD_BLOCK] * DOWNLOAD_BLOCKS`,
		Client: `client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # so that close() resets
client.connect(("127.0.0.1", PORT))
client.sendall(b"GET /fault HTTP/1.1\r\nHost: localhost\r\n\r\n")
client.recv(100_000, socket.MSG_WAITALL)
client.close()`,
	},
	Exactly: "reads 100,000 bytes of the answer into a receive buffer of 4,096 bytes (SO_RCVBUF, set before it " +
		"connects), which Linux doubles, and resets the connection (SO_LINGER with a time of 0); after 5 s it " +
		"resets it in any case",
	Searched: []string{"broken pipe", "EPIPE", "client disconnect", "reset", "connection reset by peer", "ECONNRESET", "RST", "lost connection"},
})
