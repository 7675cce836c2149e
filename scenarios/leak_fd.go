package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that leaves files open.
var _ = register(151, Fault{
	Family: bench.Family{
		ID: "leak-fd", Version: 1, Group: bench.GroupApp,
		Title: "some requests leave file descriptors open",
		Why: "A response that nobody closes, a client library that opens a new connection for each request. After some hours " +
			"the worker has as many descriptors as a process may have, 1,024 by default. From then on every request " +
			"that opens a file or asks a database fails with EMFILE, the worker answers them all quickly, and a load balancer likes that. " +
			"accept(2) needs a descriptor too: some servers try again without a pause, some stop accepting.",
		Good:       "replaces workers before they run out of descriptors, without losing a request.",
		Magnitude:  "16 descriptors for each fault, never closed; a process may have 1,024",
		References: []string{"benoitc/gunicorn#49", "langflow-ai/langflow#7069", "phusion/passenger#1705"},
		Cadence:    bench.Cadence{Share: 10_000},
		Needs:      bench.Needs{AppFault: "leak-fd", Files: 1024},
		Traits: bench.Traits{
			Receipt: "leak-fd",
			Proof:   bench.ProofReceipt,
			Leaks:   bench.Leak{Of: bench.ResourceFDs, Amount: 16},
			Noun:    bench.Words{"fault", "faults"},
		},
		Sound: "hardened", Flaw: "leaks-memory",
		FlawShows: bench.LeakKept,
	},
	Act: func(Place) clients.Provoker { return clients.AppFault("leak-fd", clients.VictimSize) },
	Exactly: "opens `/dev/null` 16 times and closes none of them. Each process of the server may have 1,024 descriptors " +
		"(RLIMIT_NOFILE); if none is left, the request fails and keeps those that it got",
	Searched: []string{"too many open files", "EMFILE", "file descriptor leak", "ulimit"},
})
