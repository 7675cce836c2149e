package scenarios

import (
	"net/http"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request in which the app fails.
var _ = register(57, Fault{
	Family: bench.Family{
		ID: "exception", Version: 2, Group: bench.GroupApp,
		Title: "some requests end in an exception of the app",
		Why: "A bug that nobody catches. The app failed and the server did not: its answer is an error page, for this request alone. " +
			"A server that lets the error out of the worker's loop loses the worker with it, and one that says nothing leaves its " +
			"client to guess.",
		Good:       "answers each of them with status 500, and nobody else notices.",
		Magnitude:  "raises an ordinary exception that nobody catches; the answer must be a 500",
		References: []string{"croservices/cro-http#100", "h3js/srvx#251", "twisted/twisted#4019"},
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
	Exactly: "raises an exception that nobody catches (WSGI: `RuntimeError`). The answer must have status 500",
	Script: Script{Client: `try:
    get("/fault")
except urllib.error.HTTPError as error:
    return error.code == 500`},
	Searched: []string{"500", "internal server error", "uncaught exception"},
	Light:    true,
})
