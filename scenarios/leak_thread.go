package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that leaves threads behind.
var _ = register(152, Fault{
	Family: bench.Family{
		ID: "leak-thread", Version: 1, Group: bench.GroupApp,
		Title: "some requests leave threads behind",
		Why: "A pool of threads that is made for one request and never shut down, a client library that watches its connection " +
			"from a thread of its own. They sleep, so nobody sees them until the process or its container may not start another one: then " +
			"a server that gives each request a thread cannot serve, and one that forks cannot replace a worker.",
		Good:       "replaces workers before there are too many threads, without losing a request.",
		Magnitude:  "4 threads for each fault, which sleep until the process ends",
		References: []string{"LibreTranslate/LibreTranslate#716", "ssube/onnx-web#170", "benoitc/gunicorn#2906"},
		Cadence:    bench.Cadence{Share: 10_000},
		Needs:      bench.Needs{AppFault: "leak-thread"},
		Traits: bench.Traits{
			Receipt: "leak-thread",
			Proof:   bench.ProofReceipt,
			Leaks:   bench.Leak{Of: bench.ResourceThreads, Amount: 4},
			Noun:    bench.Words{"fault", "faults"},
		},
		Sound: "hardened", Flaw: "leaks-memory",
		FlawShows: bench.LeakKept,
	},
	Act: func(Place) clients.Provoker { return clients.AppFault("leak-thread", clients.VictimSize) },
	Exactly: "starts 4 threads that wait until the process ends and do not keep it from ending (WSGI: daemon threads). " +
		"Where the server has made threads something else, as gevent does, there is nothing to leak",
	Searched: []string{"can't start new thread", "thread leak", "TasksMax", "pids limit"},
})
