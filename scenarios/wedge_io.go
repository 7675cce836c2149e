package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that waits forever for a peer's answer.
var _ = register(43, Fault{
	Family: bench.Family{
		ID: "wedge-io", Version: 1, Group: bench.GroupApp,
		Title: "some requests wait forever for another service",
		Why: "A database that is stuck itself, a firewall that drops what it does not know: the connection is " +
			"open, and nothing comes. Most client libraries wait without a limit unless somebody set one. It is " +
			"the commonest way to get stuck, and the one that servers of greenlets can take out of the way: " +
			"there, who waits for a socket holds nobody else up.",
		Good: "has other requests served beside it, or notices that it is stuck and ends it together with as few " +
			"others as it can.",
		Magnitude:  "waits for a peer on a loopback socket that has accepted the connection and never answers; never ends by itself",
		References: []string{"benoitc/gunicorn#517", "benoitc/gunicorn#3233"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "wedge-io"},
		Traits: bench.Traits{
			Receipt: "wedge-io",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded,
			Noun:    bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
		},
		Sound: "default", Flaw: "no-watchdog",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("wedge-io", clients.VictimSize) },
	Exactly:  "connects to a socket on 127.0.0.1 that it listens on itself, accepts, and reads from the connection without a timeout: nobody ever writes to it. Never ends by itself, burns no CPU",
	Searched: []string{"hang", "hung request", "stuck request", "database timeout", "timeout", "hanging", "worker timeout"},
	Light:    true,
})
