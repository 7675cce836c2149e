package scenarios

import (
	"context"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// restartAfter is how long a request has waited for the database when the database ends.
const restartAfter = time.Second

// A database that ends under the app and is started again.
var _ = register(420, Fault{
	Family: bench.Family{
		ID: "db-restart", Version: 1, Group: bench.GroupDependency,
		Title: "the database is restarted every few seconds while requests use it",
		Why: "An upgrade, a failover, a crash: all connections break at once, and for a second nobody can make new ones. A careful app connects " +
			"again and does its work a little later. It takes a server that lets it: one that ends a request which has waited, or " +
			"a worker whose app has met an error, turns a second without a database into lost requests for everybody.",
		Good: "lets the request that was under way finish when the database is back, and serves all others meanwhile as if nothing had happened.",
		Magnitude: "the database ends at once (SIGQUIT) and is started again, a second after a request was sent that waits for a row; " +
			"the app connects again for up to 5 s, and the request must get its answer",
		References: []string{"zulip/zulip#5512", "getredash/redash#1868", "collectiveidea/delayed_job#961"},
		Cadence:    bench.Cadence{Every: 5 * time.Second},
		Needs:      bench.Needs{AppFault: "db-retry", Host: databaseBeside},
		Traits: bench.Traits{
			Proof:  bench.ProofSignal,
			Honest: true, MustComplete: true, Returns: true,
			Noun: bench.Words{"restart", "restarts"}, Did: bench.Words{"restart of the database came", "restarts of the database came"},
		},
		Lasts: 1500 * time.Millisecond,
		Sound: "hardened", Flaw: "kills-honest",
		FlawShows: bench.HonestLost,
	},
	Act: func(p Place) clients.Provoker {
		return databaseRestart{ask: clients.AppFault("db-retry", clients.VictimSize), lock: p.LockRow, restart: p.RestartDatabase}
	},
	Exactly: "what `db-update` does in `db-lock`, and once more whenever the connection breaks, for up to 5 s. benchrun has locked the row; a second " +
		"after the request was sent, the first process of the PostgreSQL gets SIGQUIT, which ends all connections and gives up the lock, and the same command is " +
		"started again in the same folder. The answer must be right",
	Script: Script{Client: "locker = lock_row()\n" +
		`threading.Timer(1, subprocess.run, ['$as "$bin/pg_ctl" -sw -l "$PGDATA/log" -m immediate restart'], {"shell": True}).start()` + "\n" +
		`return get("/fault") == b"ok"`},
	Searched: []string{"database", "PostgreSQL", "postgres", "database restart", "server closed the connection unexpectedly", "failover", "reconnect", "500"},
})

// databaseRestart sends a request that waits for the database, and restarts it meanwhile.
type databaseRestart struct {
	ask     clients.Provoker
	lock    func(context.Context)
	restart func(ctx context.Context, nonce string)
}

// Provoke implements clients.Provoker. The sample is the request's.
func (d databaseRestart) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	d.lock(ctx)
	restarted := make(chan struct{})
	go func() {
		defer close(restarted)
		if bench.Sleep(ctx, restartAfter); ctx.Err() == nil {
			d.restart(ctx, p.Nonce)
		}
	}()
	s := d.ask.Provoke(ctx, p)
	<-restarted
	return s
}
