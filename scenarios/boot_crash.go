package scenarios

import (
	"context"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// bootBroken is how long the app cannot be loaded.
const bootBroken = 8 * time.Second

// A start, and a reload, that meet an app that cannot be loaded.
var _ = register(220, Fault{
	Family: bench.Family{
		ID: "boot-crash", Version: 2, Group: bench.GroupLifecycle,
		Title: "a start and a reload meet an app that cannot be loaded",
		Why: "A missing module, a syntax error, a setting that is not there: every deploy may bring one, and the old version still serves " +
			"when the new one fails to load. A server that has ended its workers before it knows, that ends itself because a worker " +
			"did not boot, or that answers everybody with a 500, turns a mistake that cost nothing yet into an outage. One that tries " +
			"again without a pause burns a processor and fills the log besides. And one that is started with such an app and neither " +
			"serves nor ends looks well to whoever started it.",
		Good: "lets the workers that serve go on until new ones have loaded the app, tries again at a bounded rate, and serves the repaired app after " +
			"the next reload. Started with such an app it ends with a code that is not 0.",
		Magnitude: "the app cannot be loaded for 8 s (its `attempt.json` is not JSON), and the documented reload signal comes at the beginning and after the repair; " +
			"a server without such a signal keeps the app that it has. At the end of the attempt, a start with such an app, which must end within 10 s",
		References: []string{"benoitc/gunicorn#2443", "benoitc/gunicorn#508", "unbit/uwsgi#557", "encode/uvicorn#1115"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Needs:      bench.Needs{Server: []bench.ServerFeature{bench.ServerBoot}},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsRefusal, Refuses: true,
			Noun: bench.Words{"broken app", "broken apps"}, Did: bench.Words{"app could not be loaded", "apps could not be loaded"},
		},
		Sound: "default", Flaw: "drops-on-reload",
		Flaws: []bench.Planted{
			{Profile: "retries-at-start", Shows: bench.NotRefused + ": started with such an app, it was still there after 10 s"},
			{Profile: "hides-broken-start", Shows: bench.NotRefused + ": started with such an app, it ended with exit code 0"},
			{Profile: "ignores-reload", Shows: bench.NotRepaired},
		},
	},
	Act: func(p Place) clients.Provoker { return brokenApp{ask: clients.Sleep(stopSlow), place: p} },
	Script: Script{Boot: true, Client: `open("boot", "w").write("import no_such_module")
server.send_signal({reload})
time.sleep(8)
open("boot", "w").close()  # now it can be loaded again`},
	Request: "GET /sleep",
	Exactly: "an `attempt.json` that is not JSON, and the signal `reload` of the server file to the server's first process, if there is one, beside a request for `/sleep?ms=1000`; " +
		"8 s later a right `attempt.json` with another token, and the signal again: an app with that token must answer five times in a row within the documented grace and 10 s. " +
		"After the server's end, the same command with an `attempt.json` that is not JSON. Under a supervisor, that is the supervisor's command, and the server must end each time that it is started",
	Searched: []string{"import error", "failed to boot", "crash loop", "deploy", "CrashLoopBackOff", "connection refused", "ECONNREFUSED"},
})

// brokenApp breaks the app, has it reloaded where that is known, repairs it later, and has
// it reloaded again.
type brokenApp struct {
	ask   clients.Provoker
	place Place
}

// Provoke implements clients.Provoker. The sample is that of a request which is under way
// when the app breaks.
func (b brokenApp) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	over := make(chan struct{})
	go func() {
		defer close(over)
		if bench.Sleep(ctx, inFlight); ctx.Err() == nil {
			b.breakAndRepair(ctx, p.Nonce)
		}
	}()
	s := b.ask.Provoke(ctx, p)
	<-over
	return s
}

func (b brokenApp) breakAndRepair(ctx context.Context, nonce string) {
	fault := nonce
	if b.place.Reloads { // then its mark proves the fault
		fault = ""
	}
	if b.place.BreakApp(fault) != nil {
		return
	}
	if b.place.Reloads {
		_ = b.place.Reload(nonce) // without its mark there was no fault
	}
	bench.Sleep(ctx, bootBroken)
	if b.place.RepairApp() == nil && b.place.Reloads && ctx.Err() == nil {
		b.place.TakeUp(ctx, nonce+"-repaired")
	}
}
