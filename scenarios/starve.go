package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// An honest request that holds the interpreter's lock for half of a watchdog's time.
var _ = register(145, Fault{
	Family: bench.Family{
		ID: "starve", Version: 2, Group: bench.GroupApp,
		Title: "some honest requests hold the interpreter's lock for half as long as the watchdog allows",
		Why: "An image library or a solver works in C for a second or two and does not release the lock. Meanwhile" +
			" no other thread of the process runs, so neither does one that tells a watchdog that the worker is " +
			"well. A server that takes this silence for death kills work that somebody waits for. Whoever waits " +
			"in the same process pays; nobody else should.",
		Good: "lets every one of them finish, kills nobody for the silence, and serves the others in other " +
			"processes meanwhile.",
		Magnitude:  "waits in native code for 1.5 s with the interpreter's lock held, and must then get its answer",
		References: []string{"dask/distributed#6324", "encode/uvicorn#2506"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "starve"},
		Traits: bench.Traits{
			Receipt: "starve",
			Proof:   bench.ProofReceipt,
			Honest:  true, MustComplete: true, KillsNobody: true,
			Noun: bench.Words{"fault", "faults"},
		},
		Lasts: 1500 * time.Millisecond,
		Sound: "hardened", Flaw: "kills-honest",
		FlawShows: bench.HonestLost,
		Flaws:     []bench.Planted{{Profile: "kills-one-honest", Shows: bench.WorkersKilled}},
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("starve", clients.VictimSize) },
	Exactly:  "waits in C for 1.5 s with the interpreter's lock held (WSGI: `ctypes.PyDLL` and `poll(2)`): half of a watchdog of 3 s. The answer must be right",
	Searched: []string{"GIL", "worker timeout", "missed heartbeat"},
	Light:    true,
})
