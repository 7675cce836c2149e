package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that is stuck in native code and holds the interpreter's lock.
var _ = register(40, Fault{
	Family: bench.Family{
		ID: "wedge-gil", Version: 1, Group: bench.GroupApp,
		Title: "some requests are stuck in native code that holds the interpreter's lock",
		Why: "A C extension that forgot to release the lock waits forever: every thread of the process is stuck " +
			"with it, its watchdog thread and its signal handlers too. Only somebody outside can notice.",
		Good:       "has somebody outside who notices and ends the process, and loses only what was in it.",
		Magnitude:  "locks a pthread mutex twice, with the interpreter's lock held; deaf to signals, never ends by itself",
		References: []string{"encode/uvicorn#2506"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "wedge-gil"},
		Traits: bench.Traits{
			Receipt: "wedge-gil",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded,
			Noun:    bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
		},
		Busy:  true,
		Sound: "hardened", Flaw: "no-watchdog",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("wedge-gil", clients.VictimSize) },
	Exactly:  "the same with the interpreter's lock held (`ctypes.PyDLL`): no other thread of the process runs any more",
	Searched: []string{"hang", "deadlock", "GIL", "frozen process", "hanging", "freeze"},
	Gate:     "a process whose own watchdog thread is stuck with it: only somebody outside can end it",
})
