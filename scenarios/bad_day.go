package scenarios

import (
	"benchrun/internal/bench"
)

// Five things that go wrong at the same time, each in one of 500 requests.
var _ = register(500, Fault{
	Family: bench.Family{
		ID: "bad-day", Version: 1, Group: bench.GroupMixed,
		Title: "a bad day: five things go wrong at the same time, each of them seldom",
		Why: "Faults seldom come alone: the release that brings a deadlock brings exceptions too, and the clients on " +
			"bad networks are there every day. Each of the five takes another path through a server: a slot that is " +
			"held, a process that dies, an error of the app, a body that crawls, a connection that goes away in the " +
			"middle of an answer. Each comes in one of 500 requests, which few dashboards show. What a server does about one of " +
			"them can cost it what it needs for another: a worker that is ended for a stuck request takes an " +
			"upload with it, and a crash can come while half of the pool is stuck.",
		Good:       "does about each of them what it does when it comes alone, and serves everybody else meanwhile.",
		Magnitude:  "wedge, segfault, exception, slow-upload and abort-download, each a fifth of the ratio and of its own magnitude",
		References: []string{"benoitc/gunicorn#2695", "emmett-framework/granian#491", "benoitc/gunicorn#1507", "puma/puma#2512", "Pylons/waitress#236"},
		Cadence:    bench.Cadence{Share: 1000},
		Sound:      "default", Flaw: "no-watchdog",
	},
	Parts:    []Share{{"wedge", 200}, {"segfault", 200}, {"exception", 200}, {"slow-upload", 200}, {"abort-download", 200}},
	Exactly:  "`wedge`, `segfault`, `exception`, `slow-upload` and `abort-download`, each at a fifth of the ratio",
	Searched: []string{"cascading failure", "chaos"},
})
