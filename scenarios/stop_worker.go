package scenarios

import (
	"syscall"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A worker that stops answering, and is still there.
var _ = register(180, Fault{
	Family: bench.Family{
		ID: "stop-worker", Version: 1, Group: bench.GroupLifecycle,
		Title: "a worker that serves is stopped every few seconds, and does not die",
		Why: "A process can be there and do nothing: it waits for a disk or a network file system, a debugger or a snapshot holds it, its " +
			"memory is being swapped in. It has not died, so nobody gets a notice; its sockets are open, so the kernel still gives it " +
			"connections. A watchdog inside the process stands still with it. Only somebody outside who expects a sign of life can notice.",
		Good: "has somebody outside of the worker who notices within the documented time, ends it and starts another; meanwhile the others " +
			"serve what would have been its share.",
		Magnitude:  "SIGSTOP to the process that serves an honest request of 1.5 s, half a second after the request was sent; it goes on only before the server is asked to end",
		References: []string{"benoitc/gunicorn#1863", "puma/puma#814", "unbit/uwsgi#117", "encode/uvicorn#2506"},
		Cadence:    bench.Cadence{Every: 5 * time.Second},
		Needs:      bench.Needs{AppFault: "legit-slow", Server: []bench.ServerFeature{bench.ServerChildren}},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsReplacement,
			Noun: bench.Words{"stopped worker", "stopped workers"}, Did: bench.Words{"worker stopped and was replaced", "workers stopped and were replaced"},
		},
		Sound: "hardened", Flaw: "no-watchdog",
		FlawShows: bench.NotReplaced,
	},
	Act: func(p Place) clients.Provoker {
		return upset{slow: clients.AppFault("legit-slow", clients.VictimSize), signal: p.SignalServing, with: syscall.SIGSTOP}
	},
	Script:   Script{App: tellPID, Client: underWay + `os.kill(int(open("app.py.pid").read()), signal.SIGSTOP)  # the process that serves it`},
	Exactly:  "SIGSTOP to the process that the receipt of a request for `/fault/legit-slow` names, 0.5 s after that request was sent; SIGCONT before the server is asked to end",
	Searched: []string{"SIGSTOP", "frozen process", "uninterruptible sleep", "heartbeat", "freeze", "stall"},
})
