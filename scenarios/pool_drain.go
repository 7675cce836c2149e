package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/postgresql"
)

// A pool of connections that nobody gives back.
var _ = register(430, Fault{
	Family: bench.Family{
		ID: "pool-drain", Version: 1, Group: bench.GroupDependency,
		Title: "some requests take a connection to the database out of the pool and never return it",
		Why: "An early return, an exception on the wrong line: the connection stays out. Nothing happens for hours; then the pool of one process " +
			"is empty, and each request that wants a connection waits for one that never comes. The database is well, the process " +
			"is idle, and a health check without a query answers at once.",
		Good: "goes on serving the requests that need no connection, and has somebody who notices those that wait: a fresh process has a " +
			"fresh pool.",
		Magnitude:  "a pool of 5 connections in each process; each fault keeps one, and waits without a limit when none is left",
		References: []string{"galaxyproject/galaxy#18414", "collectionspace/services#581", "dannyvfilms/Floppy#341"},
		Cadence:    bench.Cadence{Share: 5000},
		Needs:      bench.Needs{AppFault: "db-keep", Host: databaseBeside},
		Traits: bench.Traits{
			Receipt: "db-keep",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded, Free: postgresql.Pool,
			Noun: bench.Words{"request for a connection", "requests for a connection"},
			Did:  bench.Words{"request took a connection or waited for one", "requests took a connection or waited for one"},
		},
		Sound: "hardened", Flaw: "no-watchdog",
	},
	Act: func(Place) clients.Provoker { return clients.AppFault("db-keep", clients.VictimSize) },
	Exactly: "takes one of the 5 connections that each process may have, waits without any timeout if none is left, asks a PostgreSQL of its own " +
		"over a Unix socket for a row (`SELECT`), and never gives the connection back",
	Searched: []string{"database", "PostgreSQL", "postgres", "pool", "connection pool", "pool exhausted", "QueuePool limit", "connection leak", "too many connections"},
})
