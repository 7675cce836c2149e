package scenarios

import (
	"context"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// stopSlow is how long the honest request takes that the stop signal finds under way, ms:
// half of it is left then, which is less than any documented grace.
const stopSlow = 1000

// An operator who stops the server while it serves.
var _ = register(200, Fault{
	Family: bench.Family{
		ID: "graceful-stop", Version: 1, Group: bench.GroupLifecycle,
		Title: "the server is asked to end while requests are under way",
		Why: "Each deploy, each node that is drained and each pod that is moved begins with SIGTERM. The load balancer notices " +
			"a moment later, so requests are under way and others still come. A server that drops what it has turns every deploy into " +
			"a handful of 502s; one that waits out its grace although nobody is there makes it slow; one that does not end is killed.",
		Good: "answers whatever was sent before the signal, closes kept connections, is gone within its documented grace with an exit code " +
			"that a process manager takes for success, and at once if it is idle.",
		Magnitude: "the stop signal of the server file to the first process, beside ordinary requests, half a second after an honest request of 1 s was sent, " +
			"which must get its answer, and with one connection kept open; then a second start, and the signal while it is idle",
		References: []string{"benoitc/gunicorn#2529", "unbit/uwsgi#849", "unbit/uwsgi#1371", "benoitc/gunicorn#1236"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsEnd, Honest: true, MustComplete: true,
			Noun: bench.Words{"stop", "stops"}, Did: bench.Words{"stop signal was sent", "stop signals were sent"},
		},
		Sound: "default", Flaw: "drops-on-stop",
		FlawShows: bench.HonestLost,
	},
	Act: func(p Place) clients.Provoker { return stop{slow: clients.Sleep(stopSlow), ask: p.Stop} },
	Script: Script{App: `time.sleep(1)`, Client: `answers, idle = [], socket.create_connection(("127.0.0.1", PORT))
idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")  # a connection that is kept
start(lambda: answers.append(get("/fault")))
time.sleep(0.5)
stopped.append(time.monotonic())
server.send_signal({stop})
while server.poll() is None and time.monotonic() < stopped[0] + LIMIT: time.sleep(0.05)
over.append(time.monotonic() - stopped[0])
return answers == [b"ok"]`},
	Request: "GET /sleep",
	Exactly: "the signal `stop` of the server file to the server's first process, 0.5 s after a request for `/sleep?ms=1000`, whose answer must be right, " +
		"and beside a connection on which one request for `/victim` was answered; when it has ended, the same command again, and the signal 0.3 s after it answers",
	Searched: []string{"SIGTERM", "graceful shutdown", "rolling update", "deploy", "reset", "502", "connection reset by peer", "ECONNRESET", "bad gateway", "graceful", "lost connection", "upstream prematurely closed connection"},
})

// stop keeps a connection open, sends an honest slow request, and asks the server to end
// while it is under way.
type stop struct {
	slow clients.Provoker
	ask  func(ctx context.Context, nonce string)
}

// Provoke implements clients.Provoker. The sample is the slow request's.
func (s stop) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	stopped := make(chan struct{})
	keeping, release := context.WithCancel(ctx)
	defer release()
	go func() {
		defer close(stopped)
		_ = clients.Keep(keeping, p.Addr, p.Nonce+"-kept") // not every server keeps connections
		if bench.Sleep(ctx, time.Duration(p.Due+int64(inFlight)-p.Clock.Now())); ctx.Err() == nil {
			s.ask(ctx, p.Nonce)
		}
	}()
	sample := s.slow.Provoke(ctx, p)
	<-stopped
	return sample
}
