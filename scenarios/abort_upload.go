package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that resets its connection in the middle of its body.
var _ = register(83, Fault{
	Family: bench.Family{
		ID: "abort-upload", Version: 2, Group: bench.GroupClient,
		Title: "some clients reset their connection in the middle of an upload",
		Why: "A phone changes from one network to another while it sends a picture. Half a body is there, in " +
			"memory or in a temporary file, and the rest will never come. A server that waits for it keeps a " +
			"worker, and one that forgets it keeps the memory.",
		Good:       "notices at the next read, drops what it has of the body, and keeps nothing.",
		Magnitude:  "500,000 of the 1,000,000 bytes that the head promises, then a reset",
		References: []string{"oven-sh/bun#33699", "vert-x3/vertx-web#766", "netty/netty#2142"},
		Cadence:    bench.Cadence{Share: 10_000},
		Traits: bench.Traits{
			Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: uploadUnread}, Vanishes: true, SparesWorkers: true, Carries: 500_000,
			Noun: bench.Words{"aborted upload", "aborted uploads"}, Did: bench.Words{"upload was reset", "uploads were reset"},
		},
		Sound: "default", Flaw: "keeps-reset",
		FlawShows: bench.PiledUp,
		Flaws:     []bench.Planted{{Profile: "keeps-bodies", Shows: "MiB with each"}},
	},
	Act:     func(Place) clients.Provoker { return clients.AbortUpload() },
	Request: "POST /upload",
	Script: Script{
		App: `environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))`,
		Client: `client = socket.create_connection(("127.0.0.1", PORT), 5)
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # so that close() resets
client.sendall(b"POST /fault HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + bytes(500_000))
time.sleep(0.2)  # so that they arrive: a reset throws away what is still here
client.close()`,
	},
	Exactly: "sends 500,000 bytes of a body with a Content-Length of 1,000,000, as fast as the server takes them, " +
		"waits until its kernel has sent them and the other side has them, for 1 s at most, and resets the connection (SO_LINGER with a time of 0); after 5 s it resets it in any case",
	Searched: []string{"aborted upload", "client disconnect", "reset", "connection reset by peer", "ECONNRESET", "RST", "unexpected EOF"},
})
