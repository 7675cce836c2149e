package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that aborts its process.
var _ = register(54, Fault{
	Family: bench.Family{
		ID: "abort", Version: 1, Group: bench.GroupApp,
		Title: "some requests abort their process",
		Why: "The C library calls abort() when it finds the heap corrupt, and so does an assertion that fails in a" +
			" C extension. The process dies of SIGABRT, which some servers also use themselves, to end a worker " +
			"that is stuck: a server may take the crash for its own doing.",
		Good: "loses the request that crashed and nothing else, and has a new worker ready before the remaining " +
			"ones run out.",
		Magnitude:  "calls abort(): the process dies of SIGABRT",
		References: []string{"benoitc/gunicorn#2762", "benoitc/gunicorn#1573"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "abort"},
		Traits: bench.Traits{
			Receipt: "abort",
			Proof:   bench.ProofDeath, Expects: bench.ExpectsDeath,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "kills-neighbours",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("abort", clients.VictimSize) },
	Exactly:  "calls abort() (WSGI: `os.abort()`): the process dies of SIGABRT, whatever handles it",
	Searched: []string{"SIGABRT", "heap corruption", "double free", "crash"},
	Light:    true,
})
