package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that sends something that is no request.
var _ = register(88, Fault{
	Family: bench.Family{
		ID: "garbage", Version: 3, Group: bench.GroupClient,
		Title: "some clients send something that is no request",
		Why: "Scanners, TLS on a plain port, a proxy with a bug: whatever listens on a port is sent anything. A " +
			"server may refuse it in any way. It may not die of it, keep anything of it, or give the answer to " +
			"somebody else. It may wait only where the head or the body is not complete.",
		Good:       "answers with an error or closes, and keeps nothing.",
		Magnitude:  "one of 30 malformed requests, then up to 5 s of waiting, or 1 s where a server may wait for more",
		References: []string{"h2o/h2o#1459", "h2o/h2o#3228", "benoitc/gunicorn#1125", "denoland/std#363"},
		Cadence:    bench.Cadence{Share: 10_000},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Vanishes: true, SparesWorkers: true,
			Noun: bench.Words{"malformed request", "malformed requests"}, Did: bench.Words{"malformed request came", "malformed requests came"},
		},
		Sound: "default", Flaw: "dies-of-garbage",
		Flaws: []bench.Planted{
			{Profile: "dies-each-time", Shows: bench.WorkersDied},
			{Profile: "retires-each-time", Shows: bench.WorkersDied},
			{Profile: "answers-another", Shows: "meant for another client"},
			{Profile: "hangs-on-negative", Shows: bench.LeftHanging},
		},
	},
	Act:     func(Place) clients.Provoker { return clients.Garbage() },
	Request: "connect(2)",
	Script: Script{
		App: `size = environ.get("CONTENT_LENGTH"); environ["wsgi.input"].read(max(0, int(size)) if size else -1 if "HTTP_TRANSFER_ENCODING" in environ else 0)`,
		Client: `text = (WHOLE + PROMISING)[len(turns) % 30]
turns.append(text)
client = socket.create_connection(("127.0.0.1", PORT), 5)
try: client.sendall(text), client.recv(1)
except socket.timeout: return hung.append(text)  # neither an answer nor the end
except OSError: pass
let_go.append(text)`,
		Kinds: 30,
	},
	Exactly: "one of 30 texts, each in turn, in an order that changes each time around and is the same in every attempt: oversized lines and heads, lines without colons, folds, bare line feeds and " +
		"carriage returns, NULs, broken escapes, an unknown version, no version, an answer, empty lines, " +
		"Content-Lengths that are negative, beyond 64 bits, no number, double or beside chunks, chunk sizes " +
		"and ends that are wrong, the preface of HTTP/2, a TLS hello, noise. The client waits for an answer " +
		"or the end of the connection for up to 5 s, and then closes. Seven texts promise more than they send, or do not end: those of bare line feeds (a server may take one for the end of a line, but need not), bare " +
		"carriage returns (never the end of a line), empty lines (a request may still follow), the hello and the noise (no line or no head ends), and the two that announce more than 64 bits can count (the rest of the body). " +
		"A server may wait for their rest until the client closes, which it does after 1 s. Of every other text, some client must get an answer or the end of its connection in time",
	Searched: []string{"malformed request", "bad request", "request smuggling"},
})
