package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request whose app fails in the middle of the answer.
var _ = register(59, Fault{
	Family: bench.Family{
		ID: "exception-midstream", Version: 1, Group: bench.GroupApp,
		Title: "some requests end in an exception in the middle of the answer",
		Why: "The database connection breaks while a page is streamed. It is too late for an error page: the " +
			"status went out long ago. All that is left to the server is to break the connection off, so that the" +
			" client knows, and to call close(), so that the app gives back what it holds: a transaction, a file," +
			" a place in a pool. Servers have done neither, and then half a page is a whole one to browsers and " +
			"caches.",
		Good:       "ends the connection without the last chunk, calls close() of the iterable, and nobody else notices.",
		Magnitude:  "raises an exception after the first block of an answer of unknown length; the client must be able to tell, and the server must call close()",
		References: []string{"unbit/uwsgi#1572", "GrahamDumpleton/mod_wsgi#42", "gevent/gevent#82", "pallets/werkzeug#2090", "tornadoweb/tornado#824"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "exception-midstream"},
		Traits: bench.Traits{
			Receipt:   "exception-midstream",
			Proof:     bench.ProofReceipt,
			BreaksOff: true, Closes: true,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "forgets-close",
		FlawShows: bench.NotClosed,
	},
	Act:     func(Place) clients.Provoker { return clients.BrokenOff("exception-midstream") },
	Exactly: "raises an exception after the first block (1,024 bytes) of an answer without a Content-Length. The client, which would use the connection again, must be able to tell that the answer is not whole, and the server must call `close()` of the iterable",
	Script: Script{
		App: `start_response("200 OK", []); return type("Body", (), {"__iter__": lambda _: (fault_midstream_exception() if i else b"x" * 1024 for i in range(2)), ` +
			`"close": lambda _: open(__file__ + ".closed", "a").write("x")})()`,
		Client: breakOff("", "5").Client,
	},
	Searched: []string{"truncated response", "partial response", "incomplete chunked encoding", "unexpected EOF", "uncaught exception"},
	Light:    true,
})
