package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that is stuck in native code.
var _ = register(30, Fault{
	Family: bench.Family{
		ID: "wedge-native", Version: 1, Group: bench.GroupApp,
		Title: "some requests are stuck in native code",
		Why: "A database driver or an image library waits inside a C call that no exception and no signal handler " +
			"of the interpreter reaches. A watchdog that asks politely is not heard.",
		Good:       "ends the process, with as few others as it can, and puts a fresh one in its place.",
		Magnitude:  "locks a pthread mutex twice, with the interpreter's lock released; deaf to signals, never ends by itself",
		References: []string{"encode/uvicorn#2506", "benoitc/gunicorn#2695"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "wedge-native"},
		Traits: bench.Traits{
			Receipt: "wedge-native",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded,
			Noun:    bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
		},
		Sound: "hardened", Flaw: "no-watchdog",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("wedge-native", clients.VictimSize) },
	Exactly:  "locks a pthread mutex twice in C, with the interpreter's lock released (`ctypes.CDLL`): deaf to signals, never ends by itself, burns no CPU",
	Searched: []string{"hang", "hung request", "stuck request", "deadlock", "timeout"},
	Gate:     "a thread that no signal and no exception reaches: a watchdog inside the process that asks politely is not heard",
	Light:    true,
})
