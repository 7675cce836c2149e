package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/postgresql"
)

// A database that is there and does not answer.
var _ = register(410, Fault{
	Family: bench.Family{
		ID: "db-stall", Version: 1, Group: bench.GroupDependency,
		Title: "the database stops answering, and its connections stay open",
		Why: "The database's disk hangs, its machine is suspended or swaps, a firewall drops its packets. Nothing is closed and nobody gets an " +
			"error: whoever connects waits for the first word. Most drivers wait for minutes, or without a limit. A server " +
			"that has one slot for each waiting request is soon dark for everybody, also for those who need no database; and health checks that " +
			"ask something else show nothing.",
		Good: "goes on serving the requests that need no database: others beside those that wait, or fresh workers in place of those that are " +
			"stuck. When the database answers again, it serves everybody as before.",
		Magnitude:  "connects to a database whose processes are stopped (SIGSTOP) from the first fault until the recovery begins",
		References: []string{"sassanix/Warracker#239", "saleor/saleor#13739", "procrastinate-org/procrastinate#1334", "benoitc/gunicorn#3233"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "db-update", Host: databaseBeside},
		Traits: bench.Traits{
			Receipt: "db-update",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded, AtMost: postgresql.Backlog, Returns: true,
			Noun: bench.Words{"waiting request", "waiting requests"}, Did: bench.Words{"request waited for the database", "requests waited for the database"},
		},
		Sound: "default", Flaw: "no-watchdog",
	},
	Act: func(p Place) clients.Provoker {
		return onDatabase{ask: clients.AppFault("db-update", clients.VictimSize), before: p.StallDatabase}
	},
	Exactly: "what `db-lock` does, with no lock: the processes of the PostgreSQL get SIGSTOP before the first fault, and SIGCONT when the recovery begins. " +
		"About 200 connections wait in its backlog; the kernel refuses further ones",
	Script:   Script{Before: "os.kill(database(), signal.SIGSTOP)", After: "os.kill(database(), signal.SIGCONT)"},
	Searched: []string{"database", "PostgreSQL", "postgres", "database timeout", "connection timeout", "SIGSTOP", "hung request", "stuck request", "504", "stall"},
})
