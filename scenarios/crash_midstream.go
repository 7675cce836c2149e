package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that kills its process in the middle of the answer.
var _ = register(58, Fault{
	Family: bench.Family{
		ID: "crash-midstream", Version: 1, Group: bench.GroupApp,
		Title: "some requests kill their process in the middle of the answer",
		Why: "An export of a million rows crashes at row 700,000. What was sent cannot be taken back, but the " +
			"client can know: the last chunk is missing, or the connection is reset. A proxy or a server that " +
			"closes the answer properly instead turns a crash into a file that is complete by all that HTTP says," +
			" and short. Nobody notices until somebody counts.",
		Good: "ends the connection without the last chunk, and otherwise does as after any crash: loses that " +
			"request alone and has a new worker ready.",
		Magnitude:  "the process dies of SIGSEGV after the first block of an answer of unknown length; the client must be able to tell",
		References: []string{"GrahamDumpleton/mod_wsgi#42", "unbit/uwsgi#1572"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "crash-midstream"},
		Traits: bench.Traits{
			Receipt: "crash-midstream",
			Proof:   bench.ProofDeath, Expects: bench.ExpectsDeath,
			BreaksOff: true,
			Noun:      bench.Words{"fault", "faults"},
		},
		Sound: "default", Flaw: "hides-truncation",
		FlawShows: bench.CutHidden,
	},
	Act:      func(Place) clients.Provoker { return clients.BrokenOff("crash-midstream") },
	Exactly:  "does what `segfault` does after the first block (1,024 bytes) of an answer without a Content-Length. The client, which would use the connection again, must be able to tell that the answer is not whole",
	Script:   breakOff("fault_segfault()", "5"),
	Searched: []string{"truncated response", "partial response", "incomplete download", "upstream prematurely closed connection", "unexpected EOF"},
	Light:    true,
})
