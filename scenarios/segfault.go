package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that kills the process that serves it.
var _ = register(50, Fault{
	Family: bench.Family{
		ID: "segfault", Version: 1, Group: bench.GroupApp,
		Title: "some requests kill their process with a segmentation fault",
		Why: "A bug in a C extension, an image library or the interpreter itself kills the whole " +
			"process without a word. Whoever shares that process loses too: requests in other threads, " +
			"requests that wait in its queue. A server that does not replace the process, or gives up " +
			"when it dies too often, turns one bad request into an outage.",
		Good: "loses the request that crashed and nothing else, and has a new worker ready before the " +
			"remaining ones run out.",
		Magnitude:  "reads address 0: the process dies of SIGSEGV",
		References: []string{"emmett-framework/granian#148", "emmett-framework/granian#491", "encode/uvicorn#517", "puma/puma#467"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "segfault"},
		Traits: bench.Traits{
			Receipt: "segfault",
			Proof:   bench.ProofDeath, Expects: bench.ExpectsDeath,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "no-respawn",
		Flaws: []bench.Planted{{Profile: "forgets-two", Shows: bench.NotReplaced}},
	},
	Act:       func(Place) clients.Provoker { return clients.AppFault("segfault", clients.VictimSize) },
	Exactly:   "reads address 0 (WSGI: `ctypes.c_byte.from_address(0).value`): the process dies of SIGSEGV",
	Searched:  []string{"crash", "SIGSEGV", "segmentation fault", "core dump", "reset", "502", "connection reset by peer", "ECONNRESET", "bad gateway", "upstream prematurely closed connection"},
	Gate:      "a worker that dies: whether it is replaced, and whether its neighbours notice",
	Short:     "workers that die: the process tree and the proof of their deaths",
	Sabotages: []bench.Sabotage{bench.SabotageFaultsHalved},
	Demo:      []string{bench.ReferenceServer},
	Light:     true, Brief: true,
})
