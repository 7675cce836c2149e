package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that leaks memory.
var _ = register(150, Fault{
	Family: bench.Family{
		ID: "leak", Version: 1, Group: bench.GroupApp,
		Title: "some requests leak memory",
		Why: "An unbounded cache, a reference that nobody drops. The process grows until the kernel ends " +
			"it, and all who were in it. Servers have an answer: to replace a worker after so many requests, " +
			"or at such a size.",
		Good:       "replaces workers before they are large, without losing a request, and is small again afterwards.",
		Magnitude:  "8 MiB for each fault, with every page written to and never freed",
		References: []string{"benoitc/gunicorn#2215", "unbit/uwsgi#2461"},
		Cadence:    bench.Cadence{Share: 10_000},
		Needs:      bench.Needs{AppFault: "leak"},
		Traits: bench.Traits{
			Receipt:   "leak",
			Proof:     bench.ProofReceipt,
			LeakBytes: 8 << 20,
			Noun:      bench.Words{"fault", "faults"},
		},
		Sound: "hardened", Flaw: "leaks-memory",
		FlawShows: bench.MemoryKept,
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("leak", clients.VictimSize) },
	Exactly:  "8 MiB (8,388,608 bytes), every page of it written to, which the process never frees",
	Searched: []string{"OOM", "out of memory", "memory leak", "OOM killer"},
	Gate:     "memory that the app keeps: whether workers are recycled before it is gone",
})
