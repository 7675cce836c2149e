package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that loops forever.
var _ = register(20, Fault{
	Family: bench.Family{
		ID: "wedge-spin", Version: 1, Group: bench.GroupApp,
		Title: "some requests loop forever",
		Why: "A loop that never ends, a regular expression that explodes. Besides its slot, each such request " +
			"takes a whole processor, or in a process with one interpreter lock most of everybody's time.",
		Good:       "ends it like any stuck request, although its process looks very much alive.",
		Magnitude:  "an empty loop without an end",
		References: []string{"benoitc/gunicorn#2086", "benoitc/gunicorn#2695"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "wedge-spin"},
		Traits: bench.Traits{
			Receipt: "wedge-spin",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded,
			Noun:    bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
		},
		Busy:  true,
		Sound: "hardened", Flaw: "no-watchdog",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("wedge-spin", clients.VictimSize) },
	Exactly:  "an empty loop without an end: burns all the CPU that it gets",
	Searched: []string{"hang", "infinite loop", "busy loop", "ReDoS", "timeout", "100% cpu"},
	Gate:     "a worker that is stuck and busy: a watchdog that takes CPU for a sign of life misses it",
})
