package scenarios

import "benchrun/internal/bench"

// wedgeFamilies are requests that never end by themselves.
var wedgeFamilies = []bench.Family{{
	ID:      "wedge",
	Group:   bench.GroupApp,
	Version: 1,
	Title:   "some requests wait for ever on a lock",
	Why: "A deadlock, a lost database lock or a dependency that never answers leaves a request " +
		"stuck. It burns no CPU and logs nothing. Each one keeps the thread or worker it runs in, " +
		"so a server that does not notice loses its whole pool, one slot after another, and then " +
		"serves nobody, while every process looks healthy.",
	Good: "notices that a request is stuck, ends it together with as few others as it can, puts a " +
		"fresh worker or thread in its place, and goes on serving everybody else meanwhile.",
	Magnitude:  "takes a new non-reentrant lock twice; never ends by itself",
	References: []string{"benoitc/gunicorn#2086", "benoitc/gunicorn#2695", "Pylons/waitress#299", "puma/puma#691"},
	Ratio:      1000,
	Client:     bench.ClientAppFault,
	Fault:      "wedge",
	Effect:     bench.EffectHold,
	Flaw:       "no-watchdog",
}}
