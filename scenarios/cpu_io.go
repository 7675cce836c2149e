package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that computes in one thread and does small reads in another.
var _ = register(110, Fault{
	Family: bench.Family{
		ID: "cpu-io", Version: 1, Group: bench.GroupApp,
		Title: "some requests compute in one thread and do small reads in another",
		Why: "A thread that gives up the interpreter's lock for each small read gets it back only when the " +
			"computing thread's turn is over: the convoy. All other threads of the process stand in it too, " +
			"so that a server of many threads is slower than one without.",
		Good:       "keeps other processes free of it.",
		Magnitude:  "10,000,000 turns of the interpreter's loop in a thread of its own; until it ends, the request reads 4 KiB of a file at a time",
		References: []string{"encode/uvicorn#2506"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "cpu-io"},
		Traits: bench.Traits{
			Receipt: "cpu-io",
			Proof:   bench.ProofReceipt,
			Noun:    bench.Words{"fault", "faults"},
		},
		Lasts: 500 * time.Millisecond,
		Busy:  true,
		Sound: "hardened", Flaw: "single-file",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("cpu-io", clients.VictimSize) },
	Exactly:  "the turns of `cpu` in a thread of their own; until they end, the request reads a file's 4 KiB over and over",
	Searched: []string{"GIL", "convoy"},
})
