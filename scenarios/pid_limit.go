package scenarios

import (
	"context"
	"syscall"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// shortage is how long something is taken away from the target.
const shortage = 5 * time.Second

// A worker that dies when no other can be started.
var _ = register(260, Fault{
	Family: bench.Family{
		ID: "pid-limit", Version: 1, Group: bench.GroupResources,
		Title: "a worker dies while no process can be started",
		Why: "A container has a limit of processes and threads, and so has a user. A library that starts threads, or another program of the same " +
			"user, reaches it, and for a while fork(2) fails with EAGAIN. If a worker dies just then, the master cannot replace it at " +
			"once. One that takes the failed fork for its own end turns a short shortage into an outage; one that forgets the worker is " +
			"short of it for good.",
		Good:       "tries again at a bounded rate, serves with the workers that are left, and has all of them again as soon as it can.",
		Magnitude:  "for 5 s no process and no thread can be started; at the beginning SIGKILL to the process that serves an honest request of 1.5 s",
		References: []string{"phusion/passenger#2354", "mattermost/mattermost#19123", "puma/puma#188"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Needs: bench.Needs{
			AppFault: "legit-slow", Server: []bench.ServerFeature{bench.ServerChildren}, Host: []bench.HostFeature{bench.HostProcessLimit},
		},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsReplacement, Fills: true,
			Noun: bench.Words{"kill", "kills"}, Did: bench.Words{"worker was killed while none could be started", "workers were killed while none could be started"},
		},
		Sound: "default", Flaw: "stops-on-fork",
		FlawShows: bench.NotReplaced,
		Flaws:     []bench.Planted{{Profile: "pauses-on-fork"}},
	},
	Act: func(p Place) clients.Provoker {
		return upset{
			slow: clients.AppFault("legit-slow", clients.VictimSize), with: syscall.SIGKILL,
			signal: meanwhile(func(context.Context) (func(), error) { return p.ForbidForks() }, p.SignalServing),
		}
	},
	Exactly: "0.5 s after a request for `/fault/legit-slow` was sent, `pids.max` of the server's cgroup becomes 0, and the process that the receipt of the request names gets SIGKILL; 5 s later the limit is what it was",
	Script: Script{App: tellPID, Client: underWay + `soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
for pid in (server.pid, *workers()): resource.prlimit(pid, resource.RLIMIT_NPROC, (0, hard))  # none of them can start a process or a thread
` + killIt + `
time.sleep(5)
for pid in (server.pid, *workers()): resource.prlimit(pid, resource.RLIMIT_NPROC, (soft, hard))`},
	Searched: []string{"fork: Resource temporarily unavailable", "EAGAIN", "pids limit", "TasksMax", "can't start new thread"},
})

// meanwhile takes something away from the target, sends the signal, and gives back later
// what it took.
func meanwhile(take func(context.Context) (giveBack func(), err error), signal func(context.Context, string, syscall.Signal) error) func(context.Context, string, syscall.Signal) error {
	return func(ctx context.Context, nonce string, with syscall.Signal) error {
		giveBack, err := take(ctx)
		if err != nil {
			return err
		}
		defer giveBack()
		if err := signal(ctx, nonce, with); err != nil {
			return err
		}
		bench.Sleep(ctx, shortage)
		return nil
	}
}
