package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that exits its process with the code of any failure.
var _ = register(53, Fault{
	Family: bench.Family{
		ID: "exit-1", Version: 1, Group: bench.GroupApp,
		Title: "some requests end their process with exit code 1",
		Why: "The code of any failure: of a script that calls sys.exit(1) too deep, of a C library that gives up. " +
			"A process that exits looks less like an accident than one that a signal ends, and some masters take " +
			"it for the end of the work: they stop, or do not put another worker in its place.",
		Good:       "loses the request that did it and nothing else, and puts a new worker in its place.",
		Magnitude:  "the process exits at once with code 1",
		References: []string{"sanic-org/sanic#3062", "benoitc/gunicorn#2617", "encode/uvicorn#517"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "exit-1"},
		Traits: bench.Traits{
			Receipt: "exit-1",
			Proof:   bench.ProofDeath, Expects: bench.ExpectsDeath,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "stops-on-exit",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("exit-1", clients.VictimSize) },
	Exactly:  "the process exits at once with code 1 (WSGI: `os._exit(1)`)",
	Searched: []string{"worker exited with code 1", "sys.exit"},
	Light:    true,
})
