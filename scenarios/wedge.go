package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that waits forever on a lock.
var _ = register(10, Fault{
	Family: bench.Family{
		ID: "wedge", Version: 1, Group: bench.GroupApp,
		Title: "some requests wait forever on a lock",
		Why: "A deadlock, a lost database lock or a dependency that never answers leaves a request " +
			"stuck. It burns no CPU and logs nothing. Each one keeps the thread or worker it runs in, " +
			"so a server that does not notice loses its whole pool, one slot after another, and then " +
			"serves nobody, while every process looks healthy.",
		Good: "notices that a request is stuck, ends it together with as few others as it can, puts a " +
			"fresh worker or thread in its place, and goes on serving everybody else meanwhile.",
		Magnitude:  "takes a new non-reentrant lock twice; never ends by itself",
		References: []string{"benoitc/gunicorn#2086", "benoitc/gunicorn#2695", "Pylons/waitress#299", "puma/puma#691"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "wedge"},
		Traits: bench.Traits{
			Receipt: "wedge",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded,
			Noun:    bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
		},
		Sound: "default", Flaw: "no-watchdog",
	},
	Act:       func(Place) clients.Provoker { return clients.AppFault("wedge", clients.VictimSize) },
	Exactly:   "takes a new non-reentrant lock twice: the lock that the server's documentation gives to apps (`threading.Lock` for WSGI). Never ends by itself, burns no CPU",
	Searched:  []string{"hang", "hung request", "stuck request", "deadlock", "timeout", "504", "hanging", "worker timeout"},
	Gate:      "the plainest loss of slots, one after another; most servers' stock settings fail it",
	Short:     "slots that are held: the probe, the watchdog, the receipts",
	Sabotages: []bench.Sabotage{bench.SabotageLateGenerator, bench.SabotageDeadControl, bench.SabotageStalledControl, bench.SabotageFaultsUnsent, bench.SabotageAppWithoutFault},
	Demo:      []string{bench.ReferenceServer, "wsgiref"},
	Watchdog:  true,
	Light:     true,
})
