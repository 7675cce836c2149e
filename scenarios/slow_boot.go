package scenarios

import (
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// bootSlow is how long the app takes to load.
const bootSlow = 4 * time.Second

// A reload that meets an app that takes its time to load.
var _ = register(230, Fault{
	Family: bench.Family{
		ID: "slow-boot", Version: 2, Group: bench.GroupLifecycle,
		Title: "a reload meets an app that takes four seconds to load, and a queue of requests",
		Why: "A real app reads settings, opens connections and imports half a thousand modules before it can serve. Servers are tried out with apps " +
			"that load at once, so nobody sees that the old workers leave when the new ones are started, not when they can serve; that " +
			"requests which wait for a worker go down with the old ones; or that a watchdog takes a worker that still loads for one that is stuck, ends it, and does so again and again.",
		Good: "ends each old worker only when a new one can serve in its place, answers whatever waits, and gives those that load the time that they need.",
		Magnitude: "makes the app take 4 s to load, fills the queue with twice as many requests of 0.2 s as the server has other slots, and sends the documented reload signal. " +
			"An honest request of 1.5 s is under way and must get its answer; of the queue at most one may be lost",
		References: []string{"benoitc/gunicorn#1757", "benoitc/gunicorn#1199", "benoitc/gunicorn#2196", "puma/puma#817"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Needs:      bench.Needs{AppFault: "legit-slow", Server: []bench.ServerFeature{bench.ServerReload, bench.ServerBoot}},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsRenewal, Spares: true,
			Honest: true, MustComplete: true,
			Noun: bench.Words{"reload", "reloads"}, Did: bench.Words{"reload replaced every worker", "reloads replaced every worker"},
		},
		Lasts: 1500 * time.Millisecond,
		Sound: "default", Flaw: "drops-on-reload",
		Flaws: []bench.Planted{{Profile: "drops-backlog", Shows: "requests in the queue"}},
	},
	Act: func(p Place) clients.Provoker {
		return reload{slow: clients.AppFault("legit-slow", clients.VictimSize), signal: func(nonce string) error {
			if err := p.SlowApp(bootSlow); err != nil {
				return err
			}
			return p.Reload(nonce)
		}, beside: crowdAtReload(p)}
	},
	Script: Script{Boot: true, Client: `open("boot", "w").write("import time; time.sleep(4)")
threading.Timer(0.5, server.send_signal, [{reload}]).start()
return get("/fault") == b"ok"`},
	Exactly: "`load_ms` of 4,000 in `attempt.json`, then the signal `reload` of the server file to the server's first process, 0.5 s after a request for `/fault/legit-slow`, whose answer must be right; " +
		"80 ms before the signal requests for `/sleep?ms=200`, twice as many as the documented slots less one, but between 2 and 64, which wait for their answers for up to 8 s",
	Searched: []string{"slow startup", "boot timeout", "zero-downtime", "deploy", "connection refused", "ECONNREFUSED"},
})
