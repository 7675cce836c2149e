package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// freeFiles is how many descriptors each process may have beyond what the server needs at
// rest: fewer than the connections that servers allow themselves.
const freeFiles = 64

// Connections for which the server has no descriptors.
var _ = register(240, Fault{
	Family: bench.Family{
		ID: "fd-limit", Version: 3, Group: bench.GroupResources,
		Title: "the server runs out of descriptors before it runs into its own limit of connections",
		Why: "The usual limit of descriptors is 1,024 for each process, and many servers allow themselves more connections than that; " +
			"a leak or a few open files for each request do the rest. Then accept(2) fails with EMFILE, and the connection " +
			"stays in the queue: a server that tries again at once burns a processor and floods its log, one that takes the error for its " +
			"own end exits, and one that stops accepting never starts again.",
		Good:       "pauses before it tries to accept again, logs that now and then, and serves everybody as soon as descriptors are free.",
		Magnitude:  "each process of the server may have 64 descriptors more than any has at rest, and 50 silent connections a second come; all close before the recovery. The server fails if it does not serve everybody then, or if it burned a CPU or flooded its log while it was full",
		References: []string{"benoitc/gunicorn#49", "unbit/uwsgi#1999", "gevent/gevent#832", "ninenines/ranch#36", "yesodweb/wai#830", "nodejs/node#45242"},
		Cadence:    bench.Cadence{Share: 50_000},
		Needs:      bench.Needs{FreeFiles: freeFiles},
		Traits: bench.Traits{
			Proof: bench.ProofStay, CutOff: true, Vanishes: true, Fills: true, Rests: true,
			Noun: bench.Words{"idle connection", "idle connections"}, Did: bench.Words{"connection had been idle", "connections had been idle"},
		},
		Sound: "default", Flaw: "stops-accepting",
		FlawShows: bench.NotBack,
		Flaws: []bench.Planted{
			{Profile: "spins-without-files", Shows: bench.BusyWhenFull + ": it used"},
			{Profile: "floods-without-files", Shows: "MB a second to its log"},
		},
	},
	Act: func(Place) clients.Provoker {
		return clients.Bare(func(string, string) []byte { return nil }, silentFor)
	},
	Request:  "connect(2)",
	Exactly:  "connects, sends nothing and reads; gives up after 30 s unless the server has answered or closed. Each process of the server may have 64 descriptors (RLIMIT_NOFILE) more than the process with most of them had when the server was started before, answered and was asked nothing else",
	Script:   Script{Client: connectAndStay},
	Searched: []string{"too many open files", "EMFILE", "ulimit", "file descriptor limit", "100% cpu"},
})
