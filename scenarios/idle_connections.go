package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// So many idle connections that the server is full, until they close.
var _ = register(78, Fault{
	Family: bench.Family{
		ID: "idle-connections", Version: 1, Group: bench.GroupClient,
		Title: "idle connections fill the server, and close again",
		Why: "A crowd that comes back after an outage, a load balancer that opens its pools, a scan: for half a minute the server has as many " +
			"connections as its own limit or that of its descriptors allows, and it may turn others away meanwhile. Then all of them close. A server " +
			"that has lost count, or waits for one of them, stays full for good, and nothing ends it: its processes live.",
		Good:       "serves whom it can meanwhile, and everybody as soon as the connections are gone.",
		Magnitude:  "50 silent connections a second, 1,500 at once, for a server that may have 1,024 descriptors in each process; all close before the recovery, which decides",
		References: []string{"benoitc/gunicorn#3146", "benoitc/gunicorn#3407", "benoitc/gunicorn#908"},
		Cadence:    bench.Cadence{Share: 50_000},
		Needs:      bench.Needs{Files: 1024},
		Traits: bench.Traits{
			Proof: bench.ProofStay, Holds: silentFor, CutOff: true, Vanishes: true, Fills: true,
			Noun: bench.Words{"idle connection", "idle connections"}, Did: bench.Words{"connection had been idle", "connections had been idle"},
		},
		Sound: "default", Flaw: "freezes-when-full",
		FlawShows: bench.NotBack,
	},
	Act: func(Place) clients.Provoker {
		return clients.Bare(func(string, string) []byte { return nil }, silentFor)
	},
	Request:  "connect(2)",
	Script:   Script{Client: connectAndStay},
	Exactly:  "connects, sends nothing and reads; gives up after 30 s unless the server has answered or closed. Each process of the server may have 1,024 descriptors (RLIMIT_NOFILE); a profile may lower the server's own limit of connections for this family's cells",
	Searched: []string{"too many open files", "EMFILE", "worker_connections", "503", "service unavailable"},
})
