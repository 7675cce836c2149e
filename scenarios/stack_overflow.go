package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request whose stack overflows in native code.
var _ = register(56, Fault{
	Family: bench.Family{
		ID: "stack-overflow", Version: 1, Group: bench.GroupApp,
		Title: "some requests overflow the stack of their thread in native code",
		Why: "A parser in C calls itself for every bracket of a document, and somebody sends a document of " +
			"brackets. The interpreter's limit on recursion does not count in C. The process dies of a " +
			"segmentation fault like any other, but no handler can run, because it would need the very stack that" +
			" is full: what a server prints or cleans up in its handler is not done.",
		Good:       "loses the request that crashed and nothing else, and does not rely on a handler to notice.",
		Magnitude:  "C code that calls itself until the stack of its thread is full",
		References: []string{"LostRuins/koboldcpp#2054", "python/cpython#148443"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "stack-overflow"},
		Traits: bench.Traits{
			Receipt: "stack-overflow",
			Proof:   bench.ProofDeath, Expects: bench.ExpectsDeath,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "no-respawn",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("stack-overflow", clients.VictimSize) },
	Exactly:  "the C library parses a regular expression of 1,000,000 opening brackets (`regcomp`), and calls itself for each until the thread's stack is full: SIGSEGV. `builtin`: recurses until a stack of 8 MiB is full; Go then exits with code 2",
	Searched: []string{"stack overflow", "recursion", "SIGSEGV", "crash"},
	Light:    true,
})
