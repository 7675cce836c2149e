package scenarios

import (
	"context"
	"syscall"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A worker that somebody kills while the server serves.
var _ = register(170, Fault{
	Family: bench.Family{
		ID: "kill-worker", Version: 1, Group: bench.GroupLifecycle,
		Title: "a worker that serves is killed every few seconds",
		Why: "The kernel kills the largest process when memory runs out, an operator the one that looks stuck. No handler of the " +
			"worker runs, and it says nothing. What follows is the master's work alone: to notice, to start another one, " +
			"and to lose nothing but what the worker had in its hands. A server that does not replace it is one worker short from " +
			"then on, and nobody sees that until the last one is gone; one that takes it for its own end turns a lost worker into an outage.",
		Good: "loses only the requests that the worker held, and has a new one in its place within seconds, " +
			"however often that happens.",
		Magnitude:  "SIGKILL to the process that serves an honest request of 1.5 s, half a second after the request was sent",
		References: []string{"encode/uvicorn#517", "benoitc/gunicorn#2215", "encode/uvicorn#2506", "emmett-framework/granian#148"},
		Cadence:    bench.Cadence{Every: 3 * time.Second},
		Needs:      bench.Needs{AppFault: "legit-slow", Server: []bench.ServerFeature{bench.ServerChildren}},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsReplacement,
			Noun: bench.Words{"kill", "kills"}, Did: bench.Words{"worker was killed and replaced", "workers were killed and replaced"},
		},
		Sound: "default", Flaw: "no-respawn",
	},
	Act: func(p Place) clients.Provoker {
		return upset{slow: clients.AppFault("legit-slow", clients.VictimSize), signal: p.SignalServing, with: syscall.SIGKILL}
	},
	Script:   Script{App: tellPID, Client: underWay + killIt},
	Exactly:  "SIGKILL to the process that the receipt of a request for `/fault/legit-slow` names, 0.5 s after that request was sent",
	Searched: []string{"SIGKILL", "OOM killer", "worker died", "not restarted", "502", "bad gateway", "kill -9", "OOM", "zombie"},
})

// upset sends an honest slow request, and a signal to the process that serves it.
type upset struct {
	slow   clients.Provoker
	signal func(ctx context.Context, nonce string, signal syscall.Signal) error
	with   syscall.Signal
}

// Provoke implements clients.Provoker. The sample is the slow request's, which the
// signal takes with it. A signal that could not be sent leaves no mark: there was no
// fault then.
func (u upset) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	signalled := make(chan struct{})
	go func() {
		defer close(signalled)
		if bench.Sleep(ctx, inFlight); ctx.Err() == nil {
			_ = u.signal(ctx, p.Nonce, u.with)
		}
	}()
	s := u.slow.Provoke(ctx, p)
	<-signalled
	return s
}
