package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// An honest request that takes half of a watchdog's time.
var _ = register(140, Fault{
	Family: bench.Family{
		ID: "legit-slow", Version: 1, Group: bench.GroupApp,
		Title: "some honest requests take half as long as the watchdog allows",
		Why: "A watchdog that ends stuck requests must not end those that are only slow. One that measures the " +
			"wrong thing (the age of the connection, the average over a process, the last sign of life of " +
			"another thread) kills work that somebody waits for.",
		Good:       "lets every one of them finish, and serves the others meanwhile.",
		Magnitude:  "sleeps 1.5 s, and must then get its answer",
		References: []string{"phusion/passenger#1850", "unbit/uwsgi#365", "unbit/uwsgi#2580", "unbit/uwsgi#2706"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "legit-slow"},
		Traits: bench.Traits{
			Receipt: "legit-slow",
			Proof:   bench.ProofReceipt,
			Honest:  true, MustComplete: true,
			Noun: bench.Words{"fault", "faults"},
		},
		Lasts: 1500 * time.Millisecond,
		Sound: "hardened", Flaw: "kills-honest",
		FlawShows: bench.HonestLost,
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("legit-slow", clients.VictimSize) },
	Exactly:  "sleeps 1.5 s: half of a watchdog of 3 s. The answer must be right",
	Searched: []string{"timeout", "worker timeout", "killed request"},
	Gate:     "the watchdog's other side: honest requests of half its time must not be ended",
	Light:    true, Brief: true,
})
