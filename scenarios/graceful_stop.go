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
		ID: "graceful-stop", Version: 3, Group: bench.GroupLifecycle,
		Title: "the server is asked to end while requests are under way",
		Why: "Each deploy, each node that is drained and each pod that is moved begins with SIGTERM. The load balancer notices " +
			"a moment later, so requests are under way and others still come. A server that drops what it has turns every deploy into " +
			"a handful of 502s; one that waits out its grace although nobody is there, or for a client who has got its answer to hang up, makes it slow; one that does not end is killed.",
		Good: "answers whatever was sent before the signal, closes kept connections, is gone within its documented grace with an exit code " +
			"that a process manager takes for success, and at once if it is idle.",
		Magnitude: "sends the server's stop signal to its first process. At that moment the server has an honest request of 1 s, an idle kept connection, " +
			"an endless answer, and a queue of twice as many requests of 0.3 s as it has slots. The honest request must get its answer; its connection stays open for the server to close. " +
			"benchrun then starts the server again, and sends the signal while it is idle",
		References: []string{"benoitc/gunicorn#2529", "unbit/uwsgi#849", "unbit/uwsgi#1371", "benoitc/gunicorn#1236"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, Expects: bench.ExpectsEnd, Honest: true, MustComplete: true,
			Noun: bench.Words{"stop", "stops"}, Did: bench.Words{"stop signal was sent", "stop signals were sent"},
		},
		Sound: "default", Flaw: "drops-on-stop",
		FlawShows: bench.HonestLost,
		Flaws: []bench.Planted{
			{Profile: "drops-queue", Shows: "sent 0.1 s or more before the signal got no right answer"},
			{Profile: "waits-for-streams", Shows: bench.NotStopped + ": still there 9 s after the signal"},
			{Profile: "waits-for-clients", Shows: "with a connection open whose request it had answered"},
			{Profile: "orphans-workers", Shows: "left behind"},
			{Profile: "fails-on-stop", Shows: bench.NotStopped + ": ended with exit code"},
			{Profile: "waits-out-grace", Shows: bench.NotStopped + ": idle, it took"},
		},
	},
	Act: func(p Place) clients.Provoker {
		return stop{slow: clients.SleepKept(stopSlow), ask: p.Stop, beside: crowdAtStop(p)}
	},
	Script: Script{App: `time.sleep(1)`, Client: `idle, busy = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(2)]  # both are kept open
idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
busy.sendall(b"GET /fault HTTP/1.1\r\nHost: localhost\r\n\r\n")
time.sleep(0.5)
stopped.append(time.monotonic())
server.send_signal({stop})
while server.poll() is None and time.monotonic() < stopped[0] + LIMIT: time.sleep(0.05)
over.append(time.monotonic() - stopped[0])
return busy.recv(9999).endswith(b"\r\n\r\nok")`},
	Request: "GET /sleep",
	Exactly: "the signal `stop` of the server file to the server's first process, 0.5 s after a request for `/sleep?ms=1000`, whose answer must be right, and which asks to keep its connection, " +
		"and beside a connection on which one request for `/victim` was answered; the client closes neither; 80 ms before the signal a request for `/stream`, and requests for `/sleep?ms=300`, " +
		"twice as many as the documented slots, but between 8 and 64; when it has ended, the same command again, and the signal 0.3 s after it answers",
	Searched: []string{"SIGTERM", "graceful shutdown", "rolling update", "deploy", "reset", "502", "connection reset by peer", "ECONNRESET", "bad gateway", "graceful", "lost connection", "upstream prematurely closed connection", "shutdown", "shutdown hangs"},
})

// stop keeps a connection open, sends an honest slow request, and asks the server to end
// while it is under way. Until it has ended, nobody closes the connection of either.
type stop struct {
	slow   clients.Provoker
	ask    func(ctx context.Context, nonce string)
	beside *crowd // nil = nothing else comes
}

// Provoke implements clients.Provoker. The sample is the slow request's.
func (s stop) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	stopped := make(chan struct{})
	keeping, release := context.WithCancel(ctx)
	go func() {
		defer close(stopped)
		defer release()
		_ = clients.Keep(keeping, p.Addr, p.Nonce+"-kept") // not every server keeps connections
		until := func(t int64) { bench.Sleep(ctx, time.Duration(t-p.Clock.Now())) }
		signal := p.Due + int64(inFlight)
		over := func(int64, time.Duration) {}
		if until(signal - int64(crowdLead)); s.beside != nil && ctx.Err() == nil {
			over = s.beside.come(ctx, p)
		}
		if until(signal); ctx.Err() == nil {
			asked := p.Clock.Now()
			s.ask(ctx, p.Nonce)
			over(asked, 0)
		}
	}()
	sample := s.slow.Provoke(keeping, p)
	<-stopped
	return sample
}
