package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that makes its process deaf to SIGTERM, then waits forever on a lock.
var _ = register(47, Fault{
	Family: bench.Family{
		ID: "wedge-deaf", Version: 1, Group: bench.GroupApp,
		Title: "some requests make their worker ignore SIGTERM, then wait forever",
		Why: "A library that the app imports, such as a task runner or a message client, takes SIGTERM for itself," +
			" to finish its work first. Then a request gets stuck. A server that asks a stuck worker to end, and " +
			"waits until it does, waits forever, be it in its watchdog, in a reload or at the end.",
		Good:       "does not depend on a worker's consent: if SIGTERM does nothing, SIGKILL follows.",
		Magnitude:  "makes its process ignore SIGTERM, then takes a new non-reentrant lock twice; never ends by itself",
		References: []string{"puma/puma#362", "Pylons/hupper#47"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "wedge-deaf"},
		Traits: bench.Traits{
			Receipt: "wedge-deaf",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded,
			Noun:    bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
		},
		Sound: "default", Flaw: "asks-politely",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("wedge-deaf", clients.VictimSize) },
	Exactly:  "makes the process ignore SIGTERM (WSGI: `signal(2)` by ctypes, since a thread may not use `signal.signal`), then does what `wedge` does",
	Searched: []string{"SIGTERM ignored", "stuck worker", "worker does not stop", "shutdown hangs"},
	Light:    true,
})
