package scenarios

import (
	"time"

	"benchrun/internal/bench"
)

// loadFamilies are requests that cost the server work or time and then end.
var loadFamilies = []bench.Family{
	{
		ID:      "cpu",
		Group:   bench.GroupApp,
		Version: 1,
		Title:   "some requests compute for about half a second",
		Why: "A report, a thumbnail, a regular expression on a long text. In an interpreter that runs one " +
			"thread at a time everybody in the same process waits for it, and in a server with one " +
			"process that is everybody.",
		Good:       "runs the others beside it, in other processes or by taking turns, at the price of some latency.",
		Magnitude:  "10,000,000 turns of the interpreter's loop",
		References: []string{"emmett-framework/granian#873", "encode/uvicorn#2506"},
		Ratio:      1000,
		Client:     bench.ClientAppFault,
		Fault:      "cpu",
		Effect:     bench.EffectLoad,
		Lasts:      500 * time.Millisecond,
		Sound:      "hardened",
		Flaw:       "single-file",
	},
	{
		ID:      "io",
		Group:   bench.GroupApp,
		Version: 1,
		Title:   "some requests read a big file",
		Why: "An export or a backup goes through gigabytes of file. The work is the kernel's, block by " +
			"block, and a server that cannot do anything else meanwhile serves nobody.",
		Good:       "runs the others beside it.",
		Magnitude:  "reads a sparse file of 16 MiB 256 times, in blocks of 64 KiB: 4 GiB in all",
		References: []string{"emmett-framework/granian#873"},
		Ratio:      1000,
		Client:     bench.ClientAppFault,
		Fault:      "io",
		Effect:     bench.EffectLoad,
		Lasts:      500 * time.Millisecond,
		Sound:      "hardened",
		Flaw:       "single-file",
	},
	{
		ID:      "cpu-io",
		Group:   bench.GroupApp,
		Version: 1,
		Title:   "some requests compute in one thread and do small reads in another",
		Why: "A thread that gives up the interpreter's lock for each small read gets it back only when the " +
			"computing thread's turn is over: the convoy. All other threads of the process stand in it too, " +
			"so that a server of many threads is slower than one without.",
		Good:       "keeps other processes free of it.",
		Magnitude:  "10,000,000 turns of the interpreter's loop in a thread of its own; until it ends, the request reads 4 KiB of a file at a time",
		References: []string{"encode/uvicorn#2506"},
		Ratio:      1000,
		Client:     bench.ClientAppFault,
		Fault:      "cpu-io",
		Effect:     bench.EffectLoad,
		Lasts:      500 * time.Millisecond,
		Sound:      "hardened",
		Flaw:       "single-file",
	},
	{
		ID:      "slow",
		Group:   bench.GroupApp,
		Version: 1,
		Title:   "some requests take a second",
		Why: "A slow query, a third party's interface on a bad day. The request waits and costs nothing, yet " +
			"it keeps its thread or worker, and whoever queues behind it waits too.",
		Good:       "has enough slots that the others pass it by.",
		Magnitude:  "sleeps 1 s",
		References: []string{"phusion/passenger#1619", "emmett-framework/granian#873"},
		Ratio:      1000,
		Client:     bench.ClientAppFault,
		Fault:      "slow",
		Effect:     bench.EffectLoad,
		Lasts:      time.Second,
		Sound:      "hardened",
		Flaw:       "single-file",
	},
	{
		ID:      "big-response",
		Group:   bench.GroupApp,
		Version: 1,
		Title:   "some requests have a big answer",
		Why: "A list without pages, a picture. An answer that does not fit into the socket's buffer at once " +
			"goes another way through the server than a small one: it may be cut short, or hold up the others.",
		Good:         "delivers every byte of it, and serves the others meanwhile.",
		Magnitude:    "an answer of 100,000 bytes, which must be whole",
		References:   []string{"GrahamDumpleton/mod_wsgi#42", "benoitc/gunicorn#3410", "benoitc/gunicorn#3322"},
		Ratio:        10_000,
		Client:       bench.ClientAppFault,
		Fault:        "big-response",
		Effect:       bench.EffectLoad,
		MustComplete: true,
		Sound:        "hardened",
		Flaw:         "truncates-responses",
	},
	{
		ID:      "legit-slow",
		Group:   bench.GroupApp,
		Version: 1,
		Title:   "some honest requests take half as long as the watchdog allows",
		Why: "A watchdog that ends stuck requests must not end those that are only slow. One that measures the " +
			"wrong thing (the age of the connection, the average over a process, the last sign of life of " +
			"another thread) kills work that somebody waits for.",
		Good:         "lets every one of them finish, and serves the others meanwhile.",
		Magnitude:    "sleeps 1.5 s, and must then get its answer",
		References:   []string{"phusion/passenger#1850", "unbit/uwsgi#365", "unbit/uwsgi#2580", "unbit/uwsgi#2706"},
		Ratio:        1000,
		Client:       bench.ClientAppFault,
		Fault:        "legit-slow",
		Effect:       bench.EffectLoad,
		Lasts:        1500 * time.Millisecond,
		MustComplete: true,
		Sound:        "hardened",
		Flaw:         "kills-honest",
	},
	{
		ID:      "leak",
		Group:   bench.GroupApp,
		Version: 1,
		Title:   "some requests leak memory",
		Why: "A cache without a bound, a reference that nobody drops. The process grows until the kernel ends " +
			"it, and all who were in it. Servers have an answer: to replace a worker after so many requests, " +
			"or at such a size.",
		Good:       "replaces workers before they are large, without losing a request, and is small again afterwards.",
		Magnitude:  "8 MiB a fault, every page of it written to and never freed",
		References: []string{"benoitc/gunicorn#2215", "unbit/uwsgi#2461"},
		Ratio:      10_000,
		Client:     bench.ClientAppFault,
		Fault:      "leak",
		Effect:     bench.EffectLoad,
		Leak:       8 << 20,
		Sound:      "hardened",
		Flaw:       "leaks-memory",
	},
}
