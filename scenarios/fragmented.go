package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client whose request comes in the smallest pieces.
var _ = register(86, Fault{
	Family: bench.Family{
		ID: "fragmented", Version: 2, Group: bench.GroupClient,
		Title: "some requests come in many small pieces, with a chunked body",
		Why: "Proxies and phones cut a request where they like, and a client that does not know the size of its " +
			"body sends chunks. A parser that counts on whole lines, or a server that counts on a Content-Length, " +
			"loses the request or a part of its body.",
		Good: "puts every byte back together, and serves the others meanwhile.",
		Magnitude: "a head in segments of one byte, and 1,200,000 bytes of body in chunks of 7,001; their digest must be " +
			"right",
		References: []string{"unbit/uwsgi#1394", "benoitc/gunicorn#1803", "benoitc/gunicorn#2947"},
		Cadence:    bench.Cadence{Share: 1000},
		Traits: bench.Traits{
			Proof: bench.ProofBytes, Bytes: &bench.Pace{Least: uploadUnread}, Honest: true, MustComplete: true, Vanishes: true, SparesWorkers: true, Carries: 1_200_000,
			Noun: bench.Words{"fragmented upload", "fragmented uploads"},
		},
		Sound: "hardened", Flaw: "truncates-uploads",
		FlawShows: bench.HonestLost,
	},
	Act:     func(Place) clients.Provoker { return clients.Fragmented() },
	Request: "POST /upload",
	Script: Script{
		App: `blocks = [b"%d" % len(environ["wsgi.input"].read())]`,
		Client: `client = socket.create_connection(("127.0.0.1", PORT))
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for byte in b"POST /fault HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n":
    client.sendall(bytes([byte]))
try:
    for sent in range(0, 1_200_000, 7001):
        chunk = bytes(min(7001, 1_200_000 - sent))
        client.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
    client.sendall(b"0\r\n\r\n")
except OSError: pass  # the server may have refused it
text = client.makefile("rb").read()
return text.endswith(b"\r\n\r\n1200000") or refused(text)`,
	},
	Exactly: "the head in segments of one byte (TCP_NODELAY), then 1,200,000 bytes of body with " +
		"`Transfer-Encoding: chunked` in chunks of 7,001 bytes, as fast as the server takes them; the " +
		"answer's digest must be right",
	Searched: []string{"chunked", "empty body"},
})
