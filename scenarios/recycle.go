package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// Workers that end because they have served as many requests as they may.
var _ = register(190, Fault{
	Family: bench.Family{
		ID: "recycle", Version: 1, Group: bench.GroupLifecycle,
		Title: "workers are replaced after so many requests, one about every second",
		Why: "A limit on how many requests a worker serves is the usual remedy for a leak, and so it runs in production day and night. " +
			"Each time its number is up, a healthy worker leaves on purpose. If it still accepts a connection on its way out, or leaves " +
			"while another of its threads has work, somebody gets a reset or a 502; a few in ten thousand, at no time in particular, " +
			"which nobody connects with the limit.",
		Good:       "takes no new request once its time is up, answers what it has, and has its successor there: not one request is lost.",
		Magnitude:  "a limit of about a hundred requests for each worker (`families: recycle` of the server file), and an honest request of 1.5 s each second, which must get its answer",
		References: []string{"benoitc/gunicorn#3038", "netbox-community/netbox#14691", "encode/uvicorn#632", "unbit/uwsgi#1225"},
		Cadence:    bench.Cadence{Every: time.Second},
		Needs:      bench.Needs{AppFault: "legit-slow", Args: "limit how many requests a worker serves"},
		Traits: bench.Traits{
			Receipt: "legit-slow", Proof: bench.ProofReceipt, Expects: bench.ExpectsTurnover, Spares: true,
			Honest: true, MustComplete: true,
			Noun: bench.Words{"slow request", "slow requests"},
		},
		Lasts: 1500 * time.Millisecond,
		Sound: "default", Flaw: "drops-on-recycle",
		FlawShows: bench.RequestsLost,
		Flaws:     []bench.Planted{{Profile: "drops-many-on-recycle", Shows: bench.RequestsLost}},
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("legit-slow", clients.VictimSize) },
	Exactly:  "the arguments `families: recycle` of the server file, which let a worker serve about a hundred requests (50 in the reference server); and each second a request for `/fault/legit-slow`, whose answer must be right",
	Searched: []string{"max requests", "reset", "502", "worker restart", "bad gateway", "upstream prematurely closed connection"},
})
