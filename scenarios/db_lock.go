package scenarios

import (
	"context"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/postgresql"
)

// databaseBeside is what a machine needs for a family with a database beside its targets.
var databaseBeside = []bench.HostFeature{bench.HostPostgreSQL, bench.HostProcessTree}

// A row lock in the app's database that nobody gives back.
var _ = register(400, Fault{
	Family: bench.Family{
		ID: "db-lock", Version: 1, Group: bench.GroupDependency,
		Title: "some requests wait for a row of the database that somebody has locked",
		Why: "A migration, a session that somebody left open in a transaction, a worker that hangs between two statements: a row stays locked, " +
			"and every request that wants to change it waits. PostgreSQL waits without a limit unless somebody set one, the driver waits for " +
			"PostgreSQL, and the thread or worker waits for the driver. Requests that need no database have nothing to do with it, until " +
			"the last slot waits too.",
		Good: "goes on serving the requests that need no database: others beside those that wait, or fresh workers in place of those that are " +
			"stuck. When the lock is gone, it serves everybody as before.",
		Magnitude:  "changes a row whose lock is held from the first fault until the recovery begins; the connection has no timeout",
		References: []string{"irrdnet/irrd#369", "indexsupply/shovel#166", "benoitc/gunicorn#2055"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "db-update", Host: databaseBeside},
		Traits: bench.Traits{
			Receipt: "db-update",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded, AtMost: postgresql.Connections, Returns: true,
			Noun: bench.Words{"waiting request", "waiting requests"}, Did: bench.Words{"request waited for a lock", "requests waited for a lock"},
		},
		Sound: "default", Flaw: "no-watchdog",
	},
	Act: func(p Place) clients.Provoker {
		return onDatabase{ask: clients.AppFault("db-update", clients.VictimSize), before: p.LockRow}
	},
	Exactly: "connects to a PostgreSQL of its own over a Unix socket and changes a row (`UPDATE`), without any timeout. benchrun has locked that row " +
		"(`SELECT … FOR UPDATE`), from the first fault until the recovery begins. The app can have 97 connections; PostgreSQL refuses further ones",
	Script:   Script{Before: "locker = lock_row()", After: "locker.rollback()"},
	Searched: []string{"database", "PostgreSQL", "postgres", "lock", "database lock", "row lock", "idle in transaction", "lock timeout", "deadlock", "hung request", "stuck request"},
})

// onDatabase does something to the database, and then sends a request that needs it.
type onDatabase struct {
	before func(context.Context)
	ask    clients.Provoker
}

// Provoke implements clients.Provoker.
func (o onDatabase) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	o.before(ctx)
	return o.ask.Provoke(ctx, p)
}
