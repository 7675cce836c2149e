package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that exits its process with the code that gunicorn keeps for workers that cannot boot.
var _ = register(52, Fault{
	Family: bench.Family{
		ID: "exit-3", Version: 1, Group: bench.GroupApp,
		Title: "some requests end their process with exit code 3",
		Why: "A library calls exit(3) in a worker. The code is the app's, but a master may have a meaning " +
			"of its own for it: gunicorn and uvicorn use 3 for a worker that could not boot. A master that " +
			"takes it for that stops, so that no crash loop begins, although the worker has served for days. " +
			"One request then ends the whole server, whose other workers were all in good health.",
		Good:       "knows that this worker has served, so loses that request and puts a new worker in its place.",
		Magnitude:  "the process exits at once with code 3",
		References: []string{"benoitc/gunicorn#2807", "benoitc/gunicorn#1183", "encode/uvicorn#2987"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "exit-3"},
		Traits: bench.Traits{
			Receipt: "exit-3",
			Proof:   bench.ProofDeath, Expects: bench.ExpectsDeath,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "stops-on-exit",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("exit-3", clients.VictimSize) },
	Exactly:  "the process exits at once with code 3 (WSGI: `os._exit(3)`)",
	Searched: []string{"worker failed to boot", "worker exited with code 3", "sys.exit", "connection refused", "ECONNREFUSED"},
	Light:    true,
})
