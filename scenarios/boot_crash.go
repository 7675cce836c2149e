package scenarios

import (
	"context"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// bootBroken is how long the app cannot be loaded.
const bootBroken = 8 * time.Second

// A reload that meets an app that cannot be loaded.
var _ = register(220, Fault{
	Family: bench.Family{
		ID: "boot-crash", Version: 1, Group: bench.GroupLifecycle,
		Title: "a reload meets an app that cannot be loaded",
		Why: "A missing module, a syntax error, a setting that is not there: every deploy may bring one, and the old version still serves " +
			"when the new one fails to load. A server that has ended its workers before it knows, that ends itself because a worker " +
			"did not boot, or that answers everybody with a 500, turns a mistake that cost nothing yet into an outage. One that tries " +
			"again without a pause burns a processor and fills the log besides.",
		Good: "lets the workers that serve go on until new ones have loaded the app, tries again at a bounded rate, and serves the new app as soon as " +
			"it can be loaded. Started with such an app it ends with a code that is not 0.",
		Magnitude:  "the app cannot be loaded for 8 s (its `attempt.json` is not JSON), and the documented reload signal comes at the beginning; at the end of the attempt, a start with such an app, for 5 s",
		References: []string{"benoitc/gunicorn#2443", "benoitc/gunicorn#508", "unbit/uwsgi#557", "encode/uvicorn#1115"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Needs:      bench.Needs{Server: []bench.ServerFeature{bench.ServerReload}},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsRefusal,
			Noun: bench.Words{"reload", "reloads"}, Did: bench.Words{"reload met an app that could not be loaded", "reloads met an app that could not be loaded"},
		},
		Sound: "default", Flaw: "drops-on-reload",
	},
	Act: func(p Place) clients.Provoker { return badReload{ask: clients.Sleep(stopSlow), place: p} },
	Script: Script{Boot: true, Client: `open("boot", "w").write("import no_such_module")
server.send_signal({reload})
time.sleep(8)
open("boot", "w").close()  # now it can be loaded again`},
	Request:  "GET /sleep",
	Exactly:  "an `attempt.json` that is not JSON, and the signal `reload` of the server file to the server's first process, beside a request for `/sleep?ms=1000`; the right `attempt.json` 8 s later",
	Searched: []string{"import error", "failed to boot", "crash loop", "deploy", "CrashLoopBackOff"},
})

// badReload breaks the app, has it reloaded, and repairs it later.
type badReload struct {
	ask   clients.Provoker
	place Place
}

// Provoke implements clients.Provoker. The sample is that of a request which is under way
// at the signal.
func (b badReload) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	repaired := make(chan struct{})
	go func() {
		defer close(repaired)
		if bench.Sleep(ctx, inFlight); ctx.Err() != nil || b.place.BreakApp() != nil {
			return
		}
		_ = b.place.Reload(p.Nonce) // without its mark there was no fault
		bench.Sleep(ctx, bootBroken)
		_ = b.place.RepairApp() // without its mark it counts as broken until the end
	}()
	s := b.ask.Provoke(ctx, p)
	<-repaired
	return s
}
