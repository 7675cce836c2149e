package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request that waits forever on a lock in the middle of its answer.
var _ = register(49, Fault{
	Family: bench.Family{
		ID: "wedge-midstream", Version: 1, Group: bench.GroupApp,
		Title: "some requests wait forever on a lock in the middle of the answer",
		Why: "A stream gets stuck after it has begun: the query behind it waits for a lock. The client has a " +
			"status and a part of the answer, so whoever waits for the head alone sees a healthy server, a health" +
			" check included. A watchdog that ends such a request must not make the part look like the whole.",
		Good: "notices that the request is stuck although it has begun to answer, ends it and its connection " +
			"without the last chunk, and goes on serving everybody else.",
		Magnitude:  "takes a new non-reentrant lock twice after the first block of an answer of unknown length; never ends by itself; once it is ended, the client must be able to tell",
		References: []string{"GrahamDumpleton/mod_wsgi#42", "benoitc/gunicorn#1801"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "wedge-midstream"},
		Traits: bench.Traits{
			Receipt:   "wedge-midstream",
			Proof:     bench.ProofReceipt,
			BreaksOff: true,
			Holds:     bench.UntilEnded,
			Noun:      bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
		},
		Sound: "default", Flaw: "no-watchdog",
	},
	Act:      func(Place) clients.Provoker { return clients.BrokenOff("wedge-midstream") },
	Exactly:  "does what `wedge` does after the first block (1,024 bytes) of an answer without a Content-Length. If the server ends it, the client, which would use the connection again, must be able to tell that the answer is not whole",
	Script:   breakOff("fault_wedge()", "None"),
	Searched: []string{"stuck stream", "hang", "truncated response"},
	Light:    true,
})
