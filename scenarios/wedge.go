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
	Sound:      "default",
	Flaw:       "no-watchdog",
}, {
	ID:      "wedge-spin",
	Group:   bench.GroupApp,
	Version: 1,
	Title:   "some requests loop for ever",
	Why: "A loop whose end never comes, a regular expression that explodes. Besides its slot each such request " +
		"takes a whole processor, or in a process with one interpreter lock most of everybody's time.",
	Good:       "ends it like any stuck request, although its process looks very much alive.",
	Magnitude:  "an empty loop without an end",
	References: []string{"benoitc/gunicorn#2086", "benoitc/gunicorn#2695"},
	Ratio:      1000,
	Client:     bench.ClientAppFault,
	Fault:      "wedge-spin",
	Effect:     bench.EffectHold,
	Sound:      "hardened",
	Flaw:       "no-watchdog",
}, {
	ID:      "wedge-native",
	Group:   bench.GroupApp,
	Version: 1,
	Title:   "some requests are stuck in native code",
	Why: "A database driver or an image library waits inside a C call that no exception and no signal handler " +
		"of the interpreter reaches. A watchdog that asks politely is not heard.",
	Good:       "ends the process, with as few others as it can, and puts a fresh one in its place.",
	Magnitude:  "locks a pthread mutex twice, with the interpreter's lock released; deaf to signals, never ends by itself",
	References: []string{"encode/uvicorn#2506", "benoitc/gunicorn#2695"},
	Ratio:      1000,
	Client:     bench.ClientAppFault,
	Fault:      "wedge-native",
	Effect:     bench.EffectHold,
	Sound:      "hardened",
	Flaw:       "no-watchdog",
}, {
	ID:      "wedge-gil",
	Group:   bench.GroupApp,
	Version: 1,
	Title:   "some requests are stuck in native code that holds the interpreter's lock",
	Why: "A C extension that forgot to release the lock waits for ever: every thread of the process is stuck " +
		"with it, its watchdog thread and its signal handlers too. Only somebody outside can notice.",
	Good:       "has somebody outside who notices and ends the process, and loses only what was in it.",
	Magnitude:  "locks a pthread mutex twice, with the interpreter's lock held; deaf to signals, never ends by itself",
	References: []string{"encode/uvicorn#2506"},
	Ratio:      1000,
	Client:     bench.ClientAppFault,
	Fault:      "wedge-gil",
	Effect:     bench.EffectHold,
	Sound:      "hardened",
	Flaw:       "no-watchdog",
}}
