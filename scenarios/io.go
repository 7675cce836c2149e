package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that reads a big file.
var _ = register(100, Fault{
	Family: bench.Family{
		ID: "io", Version: 1, Group: bench.GroupApp,
		Title: "some requests read a big file",
		Why: "An export or a backup goes through gigabytes of file. The work is the kernel's, block by " +
			"block, and a server that cannot do anything else meanwhile serves nobody.",
		Good:       "runs the others beside it.",
		Magnitude:  "reads a sparse file of 16 MiB 256 times, in blocks of 64 KiB: 4 GiB in all",
		References: []string{"emmett-framework/granian#873"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "io"},
		Traits: bench.Traits{
			Receipt: "io",
			Proof:   bench.ProofReceipt,
			Noun:    bench.Words{"fault", "faults"},
		},
		Lasts: 500 * time.Millisecond,
		Busy:  true,
		Sound: "hardened", Flaw: "single-file",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("io", clients.VictimSize) },
	Exactly:  "reads a sparse temporary file of 16 MiB 256 times, in blocks of 64 KiB: 4 GiB in all",
	Searched: []string{"blocking IO", "disk IO"},
})
