package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that leaves a child process behind.
var _ = register(153, Fault{
	Family: bench.Family{
		ID: "leak-child", Version: 1, Group: bench.GroupApp,
		Title: "some requests leave a child process behind",
		Why: "A converter, a headless browser, a pool of processes: the request starts it, takes a shortcut on an error, and " +
			"never ends it. It waits for input that does not come. The children take memory and count towards the limit of processes, " +
			"which the server's own workers need as well. They end with the worker that feeds them, if that ever ends.",
		Good:       "replaces workers, so that the children of each end with it, without losing a request.",
		Magnitude:  "one child for each fault, which ends when its parent does",
		References: []string{"unbit/uwsgi#2475", "benoitc/gunicorn#2485", "benoitc/gunicorn#3326"},
		Cadence:    bench.Cadence{Share: 5000},
		Needs:      bench.Needs{AppFault: "leak-child"},
		Traits: bench.Traits{
			Receipt: "leak-child",
			Proof:   bench.ProofReceipt,
			Leaks:   bench.Leak{Of: bench.ResourceProcesses, Amount: 1},
			Noun:    bench.Words{"fault", "faults"},
		},
		Sound: "hardened", Flaw: "leaks-memory",
		FlawShows: bench.LeakKept,
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("leak-child", clients.VictimSize) },
	Exactly:  "starts `cat` with a pipe as its input, and never closes the pipe: the child ends when the process does that started it",
	Searched: []string{"orphan processes", "child processes", "subprocess", "zombie"},
})
