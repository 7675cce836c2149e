package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that writes a lot to the log.
var _ = register(154, Fault{
	Family: bench.Family{
		ID: "log-flood", Version: 1, Group: bench.GroupApp,
		Title: "some requests write megabytes to the log",
		Why: "A traceback with the whole request in it, a debug level that somebody left on, a query that is printed. The log is a file " +
			"in one place and a pipe in another: to a master, a supervisor, a container's driver. Whoever reads it slowly stops " +
			"whoever writes it, in the middle of a request, with no error; and a log that is passed on in messages breaks when one is too long.",
		Good:       "takes what the app logs as fast as the disk does, and serves the others meanwhile.",
		Magnitude:  "2 MiB for each fault, in lines of 1 KiB, to the app's stderr",
		References: []string{"unbit/uwsgi#1266", "unbit/uwsgi#1093", "moby/moby#31540"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "log-flood"},
		Traits: bench.Traits{
			Receipt: "log-flood",
			Proof:   bench.ProofReceipt,
			Honest:  true, MustComplete: true,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "reads-logs-slowly",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("log-flood", clients.VictimSize) },
	Exactly:  "writes 2,048 lines of 1,024 bytes to stderr, one at a time (WSGI: `print(…, file=sys.stderr)`). The answer must be right",
	Searched: []string{"logging", "stderr", "blocked on write", "log driver"},
})
