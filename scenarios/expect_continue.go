package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that asks before it sends its body.
var _ = register(87, Fault{
	Family: bench.Family{
		ID: "expect-continue", Version: 2, Group: bench.GroupClient,
		Title: "some clients wait for 100 Continue before they send their body",
		Why: "curl and libraries for storage ask before they send a large body. A server that knows nothing of it " +
			"may wait for a body that the client holds back, answer twice, or take the interim answer for the " +
			"last one.",
		Good: "says 100 Continue, or nothing; the client then sends its body after a second, and must get its " +
			"answer.",
		Magnitude:  "2,000,000 bytes of body after 100 Continue, or after 1 s without it; their digest must be right",
		References: []string{"fgallaire/wsgiserver#4", "unbit/uwsgi#2129", "gevent/gevent#93"},
		Cadence:    bench.Cadence{Share: 1000},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Honest: true, MustComplete: true, Vanishes: true, SparesWorkers: true, Carries: 2_000_000,
			Noun: bench.Words{"expecting upload", "expecting uploads"},
		},
		Sound: "hardened", Flaw: "truncates-uploads",
		FlawShows: bench.HonestLost,
	},
	Act:     func(Place) clients.Provoker { return clients.ExpectContinue() },
	Request: "POST /upload",
	Script: Script{
		App: `blocks = [b"%d" % len(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))]`,
		Client: `client = socket.create_connection(("127.0.0.1", PORT), 1)
client.sendall(b"POST /fault HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
               b"Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n")
said = b""
try: said = client.recv(len("HTTP/1.1 100 Continue\r\n\r\n"))
except OSError: pass  # no word of it within a second
client.settimeout(None)
try:
    if not refused(said): client.sendall(bytes(2_000_000))
except OSError: pass  # the server may have refused it
text = client.makefile("rb").read()
return text.endswith(b"\r\n\r\n2000000") or refused(said) or refused(text)`,
	},
	Exactly: "a head with `Expect: 100-continue` and a Content-Length; 2,000,000 bytes of body when the server " +
		"says 100 Continue, or after 1 s; the answer's digest must be right",
	Searched: []string{"100-continue"},
})
