package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A client that sends its next requests before it has the first answer.
var _ = register(89, Fault{
	Family: bench.Family{
		ID: "pipelining", Version: 2, Group: bench.GroupClient,
		Title: "some clients send their next requests before they have the first answer",
		Why: "HTTP/1.1 allows it, and proxies, package managers and benchmarks do it. What comes behind a request lies in the server's buffer: " +
			"it may be thrown away with it, so that the client waits for good, or be answered out of order, so that somebody gets another's answer.",
		Good:       "answers all of them in their order, or closes after an answer that says so.",
		Magnitude:  "three requests at once on one connection; each must get its own answer",
		References: []string{"sanic-org/sanic#337", "Kludex/uvicorn#19", "twisted/twisted#11976", "guzba/mummy#142"},
		Cadence:    bench.Cadence{Share: 1000},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Honest: true, MustComplete: true, Vanishes: true, SparesWorkers: true,
			Noun: bench.Words{"pipeline", "pipelines"},
		},
		Sound: "default", Flaw: "forgets-pipelined",
		FlawShows: bench.HonestLost,
	},
	Act:     func(Place) clients.Provoker { return clients.Pipelined() },
	Request: "GET /victim",
	Script: Script{
		App: `blocks = [environ["QUERY_STRING"].encode()]`,
		Client: `client = socket.create_connection(("127.0.0.1", PORT), 30)
client.sendall(b"".join(b"GET /fault?%d HTTP/1.1\r\nHost: localhost\r\nConnection: %b\r\n\r\n" % request
                        for request in ((1, b"keep-alive"), (2, b"keep-alive"), (3, b"close"))))
heads = client.makefile("rb").read().split(b"\r\n\r\n")  # each with the body before it
in_order = [head[:1] for head in heads[1:]] == [b"1", b"2", b"3"][:len(heads) - 1]
return in_order and (len(heads) == 4 or b"connection: close" in heads[-2].lower())`,
	},
	Exactly:  "three requests for `/victim` in one write, with `Connection: keep-alive` and the last one with `close`; the nonces are the fault's own with -0, -1 and -2. Each must get the right answer, in their order, unless the server says `Connection: close` with an earlier one",
	Searched: []string{"pipelined", "out of order", "request smuggling"},
})
