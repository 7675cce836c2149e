package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// bigResponse is the size of the answer, bytes.
const bigResponse = 100_000

// A request with a big answer.
var _ = register(130, Fault{
	Family: bench.Family{
		ID: "big-response", Version: 1, Group: bench.GroupApp,
		Title: "some requests have a big answer",
		Why: "A list without paging, a picture. An answer that does not fit into the socket's buffer at once " +
			"goes another way through the server than a small one: it may be cut short, or hold up the others.",
		Good:       "delivers every byte of it, and serves the others meanwhile.",
		Magnitude:  "an answer of 100,000 bytes, which must be whole",
		References: []string{"GrahamDumpleton/mod_wsgi#42", "benoitc/gunicorn#3410", "benoitc/gunicorn#3322"},
		Cadence:    bench.Cadence{Share: 10_000},
		Needs:      bench.Needs{AppFault: "big-response"},
		Traits: bench.Traits{
			Receipt: "big-response",
			Proof:   bench.ProofReceipt,
			Honest:  true, MustComplete: true,
			Noun: bench.Words{"fault", "faults"},
		},
		Sound: "hardened", Flaw: "truncates-responses",
		FlawShows: bench.HonestLost,
	},
	Act: func(Place) clients.Provoker { return clients.AppFault("big-response", bigResponse) },
	Script: Script{
		App:    `blocks = [b"x" * BIG_RESPONSE_BYTES]`,
		Client: `return get("/fault") == b"x" * 100_000`,
	},
	Exactly:  "an answer of 100,000 bytes. It must be right",
	Searched: []string{"truncated response", "partial response", "chopped response"},
	Gate:     "answers that do not fit into a socket's buffer: partial writes, and whether every byte arrives",
	Light:    true,
})
