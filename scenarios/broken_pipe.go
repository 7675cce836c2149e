package scenarios

import (
	"net/http"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request in which the app's connection to somebody else breaks.
var _ = register(62, Fault{
	Family: bench.Family{
		ID: "broken-pipe", Version: 1, Group: bench.GroupApp,
		Title: "in some requests the app's own call to another service ends in a broken pipe",
		Why: "The app writes to a database or a service that has closed the connection, and gets a BrokenPipeError. A server gets the same " +
			"error where its client has left. One that takes the app's for its own says nothing, and logs nothing, while the client " +
			"is still there: an outage of a back end shows as empty replies and not as errors.",
		Good:       "answers each of them with status 500, as any other error of the app, and nobody else notices.",
		Magnitude:  "writes to a socket whose other end is closed, and does not catch the error; the answer must be a 500",
		References: []string{"benoitc/gunicorn#1507", "python/cpython#9713"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "broken-pipe"},
		Traits: bench.Traits{
			Receipt: "broken-pipe",
			Proof:   bench.ProofReceipt,
			Honest:  true, MustComplete: true, Status: http.StatusInternalServerError,
			Noun: bench.Words{"broken pipe", "broken pipes"}, Did: bench.Words{"pipe of the app broke", "pipes of the app broke"},
		},
		Sound: "default", Flaw: "drops-broken-pipes",
		FlawShows: bench.HonestLost,
	},
	Act: func(Place) clients.Provoker { return clients.AppFault("broken-pipe", clients.VictimSize) },
	Exactly: "writes to one end of a socket pair whose other end it has closed (EPIPE; WSGI: `BrokenPipeError`), as an app does whose connection to a database broke, " +
		"and does not catch the error. The answer must have status 500",
	Script: Script{Client: `try:
    get("/fault")
except urllib.error.HTTPError as error:
    return error.code == 500`},
	Searched: []string{"broken pipe", "BrokenPipeError", "EPIPE", "empty reply", "500"},
	Light:    true,
})
