package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request whose process is killed, as by a kernel that is out of memory.
var _ = register(55, Fault{
	Family: bench.Family{
		ID: "sigkill", Version: 1, Group: bench.GroupApp,
		Title: "some requests get their process killed",
		Why: "When memory runs out, the kernel kills the process that has most of it, by SIGKILL: without a log " +
			"line, a handler or a chance to clean up. The server sees a worker that is gone between two lines of " +
			"its log, with a lock held or a message half written.",
		Good: "notices at once, loses the request that was in it and nothing else, and has a new worker ready " +
			"before the remaining ones run out.",
		Magnitude:  "the process sends itself SIGKILL: what a server sees of the kernel's out-of-memory killer",
		References: []string{"benoitc/gunicorn#2215", "celery/celery#2011", "triton-inference-server/server#5381"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "sigkill"},
		Traits: bench.Traits{
			Receipt: "sigkill",
			Proof:   bench.ProofDeath, Expects: bench.ExpectsDeath,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "one-dead-worker",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("sigkill", clients.VictimSize) },
	Exactly:  "the process sends itself SIGKILL, as the kernel does when memory runs out",
	Searched: []string{"OOM killer", "out of memory", "SIGKILL", "exit code 137", "kill -9", "OOM"},
	Light:    true,
})
