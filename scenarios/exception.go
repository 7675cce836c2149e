package scenarios

import (
	"net/http"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request in which the app fails.
var _ = register(57, Fault{
	Family: bench.Family{
		ID: "exception", Version: 1, Group: bench.GroupApp,
		Title: "some requests end in an exception of the app",
		Why: "A bug that nobody catches, or a database connection that breaks while it is used. The app failed and" +
			" the server did not: its answer is an error page, for this request alone. It gets hard where the " +
			"exception looks like one of the server's own: a broken connection to a database is the same " +
			"BrokenPipeError as one to the client, and a server that takes it for that says nothing to a client " +
			"who is still there.",
		Good:       "answers each of them with status 500, and nobody else notices.",
		Magnitude:  "raises BrokenPipeError, which is not about the client; the answer must be a 500",
		References: []string{"benoitc/gunicorn#1507", "twisted/twisted#4019"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "exception"},
		Traits: bench.Traits{
			Receipt: "exception",
			Proof:   bench.ProofReceipt,
			Honest:  true, MustComplete: true, Status: http.StatusInternalServerError,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "dies-of-errors",
		FlawShows: bench.HonestLost,
	},
	Act:     func(Place) clients.Provoker { return clients.AppFault("exception", clients.VictimSize) },
	Exactly: "raises an exception that nobody catches (WSGI: `BrokenPipeError`, as a broken connection to a database does). The answer must have status 500",
	Script: Script{Client: `try:
    get("/fault")
except urllib.error.HTTPError as error:
    return error.code == 500`},
	Searched: []string{"500", "internal server error", "empty reply", "broken pipe", "uncaught exception"},
	Light:    true,
})
