package scenarios

import (
	"context"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// inFlight is how long before the signal the honest request is sent that it finds
// under way.
const inFlight = 500 * time.Millisecond

// An operator who has the workers replaced while the server serves.
var _ = register(160, Fault{
	Family: bench.Family{
		ID: "reload", Version: 1, Group: bench.GroupLifecycle,
		Title: "the workers are replaced every few seconds while requests come in",
		Why: "A deploy, a certificate, a changed setting: the master gets a signal and replaces its workers. It is " +
			"the one fault that everybody causes on purpose, several times a day, and whatever it costs is paid each time: " +
			"connections that die with the worker that accepted them, requests that are cut in the middle, workers " +
			"that never leave, descriptors that pile up until the limit.",
		Good: "replaces every worker within its grace, answers whatever is in flight, turns nobody away, and holds " +
			"no more memory, descriptors and threads after several reloads than before the first.",
		Magnitude:  "the documented reload signal to the server's first process, half a second after an honest request of 1.5 s was sent, which must get its answer",
		References: []string{"benoitc/gunicorn#3394", "benoitc/gunicorn#114", "unbit/uwsgi#1375", "unbit/uwsgi#140"},
		Cadence:    bench.Cadence{Every: 5 * time.Second},
		Needs:      bench.Needs{AppFault: "legit-slow", Server: []bench.ServerFeature{bench.ServerReload}},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsRenewal, Spares: true,
			Honest: true, MustComplete: true,
			Noun: bench.Words{"reload", "reloads"}, Did: bench.Words{"reload replaced every worker", "reloads replaced every worker"},
		},
		Lasts: 1500 * time.Millisecond,
		Sound: "default", Flaw: "drops-on-reload",
		FlawShows: bench.RequestsLost,
		Flaws: []bench.Planted{
			{Profile: "ignores-reload", Shows: bench.NotReplaced},
			{Profile: "leaks-on-reload", Shows: bench.PiledUp},
		},
	},
	Act: func(p Place) clients.Provoker {
		return reload{slow: clients.AppFault("legit-slow", clients.VictimSize), signal: p.Reload}
	},
	Script: Script{Client: `threading.Timer(0.5, server.send_signal, [{reload}]).start()
return get("/fault") == b"ok"`},
	Exactly:  "the signal `reload` of the server file to the server's first process, 0.5 s after a request for `/fault/legit-slow`, whose answer must be right",
	Searched: []string{"zero-downtime", "graceful", "rolling restart", "hot reload", "deploy", "SIGHUP", "reset", "502", "orphan", "bad gateway", "orphaned workers", "graceful restart", "connection refused", "ECONNREFUSED"},
})

// backlogPatience is how long the crowd waits for its answers after a reload: longer than the
// app takes to load, and until before the recovery.
const backlogPatience = 8 * time.Second

// reload sends an honest slow request, and the signal while it is under way.
type reload struct {
	slow   clients.Provoker
	signal func(nonce string) error
	beside *crowd // nil = nothing else comes
}

// Provoke implements clients.Provoker. The sample is the slow request's. A signal
// that could not be sent leaves no mark: there was no reload then.
func (r reload) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	signalled := make(chan struct{})
	go func() {
		defer close(signalled)
		over := func(int64, time.Duration) {}
		if bench.Sleep(ctx, inFlight-crowdLead); r.beside != nil && ctx.Err() == nil {
			over = r.beside.come(ctx, p)
		}
		if bench.Sleep(ctx, crowdLead); ctx.Err() == nil {
			asked := p.Clock.Now()
			_ = r.signal(p.Nonce)
			over(asked, backlogPatience)
		}
	}()
	s := r.slow.Provoke(ctx, p)
	<-signalled
	return s
}
