package scenarios

import "benchrun/internal/bench"

// crashFamilies are requests that end the process that serves them.
var crashFamilies = []bench.Family{{
	ID:      "segfault",
	Group:   bench.GroupApp,
	Version: 1,
	Title:   "some requests kill their process with a segmentation fault",
	Why: "A bug in a C extension, an image library or the interpreter itself kills the whole " +
		"process without a word. Whoever shares that process loses too: requests in other threads, " +
		"requests that wait in its queue. A server that does not replace the process, or gives up " +
		"when it dies too often, turns one bad request into an outage.",
	Good: "loses the request that crashed and nothing else, and has a new worker ready before the " +
		"remaining ones run out.",
	Magnitude:  "reads address 0: the process dies of SIGSEGV",
	References: []string{"emmett-framework/granian#148", "emmett-framework/granian#491", "encode/uvicorn#517", "puma/puma#467"},
	Ratio:      1000,
	Client:     bench.ClientAppFault,
	Fault:      "segfault",
	Effect:     bench.EffectKill,
	Sound:      "default",
	Flaw:       "no-respawn",
}}
