package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that takes a second.
var _ = register(120, Fault{
	Family: bench.Family{
		ID: "slow", Version: 1, Group: bench.GroupApp,
		Title: "some requests take a second",
		Why: "A slow query, a third-party API on a bad day. The request waits and costs nothing, yet " +
			"it keeps its thread or worker, and whoever queues behind it waits too.",
		Good:       "has enough slots that the others pass it by.",
		Magnitude:  "sleeps 1 s",
		References: []string{"phusion/passenger#1619", "emmett-framework/granian#873"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "slow"},
		Traits: bench.Traits{
			Receipt: "slow",
			Proof:   bench.ProofReceipt,
			Noun:    bench.Words{"fault", "faults"},
		},
		Lasts: time.Second,
		Sound: "hardened", Flaw: "single-file",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("slow", clients.VictimSize) },
	Exactly:  "sleeps 1 s",
	Searched: []string{"slow query", "latency", "queueing"},
	Light:    true, Brief: true,
})
