package scenarios

import (
	"benchrun/clients"
	"benchrun/internal/bench"
)

// The first process that somebody kills, and starts again.
var _ = register(210, Fault{
	Family: bench.Family{
		ID: "kill-master", Version: 1, Group: bench.GroupLifecycle,
		Title: "the server's first process is killed, and the same command is started again at once",
		Why: "The kernel may kill the master for memory too, and an operator kills what does not end. A process manager starts the " +
			"command again within a fraction of a second. Then it shows what the first start has left: workers that hold the port keep " +
			"the new one from starting until somebody finds them; workers that share it go on serving an old version of the app, " +
			"with old settings, to every other request, and no process manager knows of them.",
		Good: "either leaves with all its processes, or lets them serve until a new master has taken over; in both cases the same command serves " +
			"within seconds, and nothing else does.",
		Magnitude:  "SIGKILL to the first process, half a second after a request of 1 s was sent; the same command again as soon as it is gone",
		References: []string{"unbit/uwsgi#296", "zulip/zulip#3973", "benoitc/gunicorn#371", "LearnBoost/cluster#174"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsTakeover,
			Noun: bench.Words{"kill", "kills"}, Did: bench.Words{"first process was killed", "first processes were killed"},
		},
		Sound: "default", Flaw: "orphans-workers",
		FlawShows: bench.NotTakenOver + ": the same command, started again at once, ended with exit code",
		Flaws:     []bench.Planted{{Profile: "shares-port", Shows: "of the first"}},
	},
	Act: func(p Place) clients.Provoker { return stop{slow: clients.Sleep(stopSlow), ask: p.KillLeader} },
	Script: Script{App: `time.sleep(1)`, Client: "global server\n" + underWay + `server.kill(), server.wait()
server = serve()  # the same command, as soon as the first process is gone
if serves(): asked.extend(who() for _ in range(40) if not time.sleep(0.05))
over.append(True)`},
	Request: "GET /sleep",
	Exactly: "SIGKILL to the server's first process, 0.5 s after a request for `/sleep?ms=1000`; as soon as it has ended the same command, in the same folders, once. " +
		"It must answer five times in a row within 10 s, and no process of the first start may answer in the 2 s after that. Under a supervisor, the server's first process is killed, the supervisor starts the command, and the 10 s begin with the kill",
	Searched: []string{"orphan", "address already in use", "SIGKILL", "stale worker", "EADDRINUSE", "orphaned workers", "kill -9", "connection refused", "ECONNREFUSED"},
})
