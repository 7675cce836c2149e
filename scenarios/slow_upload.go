package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that sends its body at a crawl.
var _ = register(61, Fault{
	Family: bench.Family{
		ID: "slow-upload", Version: 2, Group: bench.GroupClient,
		Title: "some clients send their body at a crawl",
		Why: "Phones on bad networks upload a photo in half a minute. The app is honest and so is the " +
			"client, yet a server that hands the request to a worker before the body is there pays a " +
			"whole worker or thread for each of them, and a few dozen such clients stop everybody else.",
		Good: "reads the body beside its workers and hands a request over when it is whole, so that a " +
			"slow client costs a socket and a buffer.",
		Magnitude:  "1,000,000 bytes of body, 10,000 every 0.3 s: 30 s in all",
		References: []string{"benoitc/gunicorn#2652", "benoitc/gunicorn#2781", "puma/puma#2512"},
		Cadence:    bench.Cadence{Share: 1000},
		Traits: bench.Traits{
			Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: 10_000, Piece: 10_000, Every: 300 * time.Millisecond, Most: uploadUnread},
			Holds: 30 * time.Second, CutOff: true, Honest: true, Vanishes: true,
			Noun: bench.Words{"slow upload", "slow uploads"}, Did: bench.Words{"upload crawled", "uploads crawled"},
		},
		Sound: "default", Flaw: "unbuffered-upload",
		Flaws: []bench.Planted{{Profile: "leaves-files", Shows: "files with each"}},
	},
	Act:     func(Place) clients.Provoker { return clients.SlowUpload() },
	Request: "POST /upload",
	Script: Script{
		App: `environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))`,
		Client: `client = socket.create_connection(("127.0.0.1", PORT))
client.sendall(b"POST /fault HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n")
for _ in range(100):
    time.sleep(0.3)
    client.sendall(bytes(10_000))
client.recv(1)`,
	},
	Exactly:   "1,000,000 bytes of body with a Content-Length, 10,000 bytes every 0.3 s (each within 10 ms after it is due): 30 s in all; an honest app",
	Searched:  []string{"slow client", "slow POST", "slow body"},
	Gate:      "slow bodies: whether the server reads them before it gives them a slot",
	Short:     "clients that crawl: the proof by bytes, the longest phase",
	Sabotages: []bench.Sabotage{bench.SabotageMuteUploads},
})
