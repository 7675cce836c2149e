package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// A request whose regular expression backtracks without an end in sight.
var _ = register(45, Fault{
	Family: bench.Family{
		ID: "wedge-regex", Version: 1, Group: bench.GroupApp,
		Title: "some requests match a regular expression that explodes",
		Why: "A pattern with two ways to match the same letters, and a text that almost matches: a matcher that " +
			"backtracks tries every combination, which for 64 letters takes millennia. CPython's matcher holds " +
			"the interpreter's lock all the while. Every other thread of the process stands still, a watchdog's " +
			"thread too, while the process looks as busy as on its best day.",
		Good: "has somebody outside of the process who notices, although it burns CPU, and loses only what was in " +
			"it.",
		Magnitude:  "matches 64 letters a and a b against (a+)+$",
		References: []string{"sgl-project/sglang#28203", "sgl-project/sglang#31912"},
		Cadence:    bench.Cadence{Share: 1000},
		Needs:      bench.Needs{AppFault: "wedge-regex"},
		Traits: bench.Traits{
			Receipt: "wedge-regex",
			Proof:   bench.ProofReceipt,
			Holds:   bench.UntilEnded,
			Noun:    bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
		},
		Busy:  true,
		Sound: "hardened", Flaw: "no-watchdog",
	},
	Act:      func(Place) clients.Provoker { return clients.AppFault("wedge-regex", clients.VictimSize) },
	Exactly:  "matches `(a+)+$` against 64 letters `a` and a `b` by backtracking, with the interpreter's lock held (WSGI: `re.match`): 2^64 ways, burns all the CPU that it gets",
	Searched: []string{"ReDoS", "catastrophic backtracking", "hang", "GIL", "frozen process", "freeze", "100% cpu"},
})
