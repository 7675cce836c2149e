package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that computes for about half a second.
var _ = register(90, Fault{
	Family: bench.Family{
		ID: "cpu", Version: 1, Group: bench.GroupApp,
		Title: "some requests compute for about half a second",
		Why: "A report, a thumbnail, a regular expression on a long text. In an interpreter that runs one " +
			"thread at a time everybody in the same process waits for it, and in a server with one " +
			"process that is everybody.",
		Good:       "runs the others beside it, in other processes or by taking turns, at the price of some latency.",
		Magnitude:  "10,000,000 turns of the interpreter's loop",
		References: []string{"emmett-framework/granian#873", "encode/uvicorn#2506"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "cpu"},
		Traits: bench.Traits{
			Receipt: "cpu",
			Proof:   bench.ProofReceipt,
			Noun:    bench.Words{"fault", "faults"},
		},
		Lasts: 500 * time.Millisecond,
		Busy:  true,
		Sound: "hardened", Flaw: "single-file",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("cpu", clients.VictimSize) },
	Exactly:  "10,000,000 turns of the interpreter's loop (a while loop that counts; `builtin`: turns that cost as much)",
	Searched: []string{"CPU-bound", "high CPU"},
	Gate:     "requests that compute: whether others are served beside them",
})
