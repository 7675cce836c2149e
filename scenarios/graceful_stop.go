package scenarios

import (
	"context"
	"fmt"
	"sync"
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
		ID: "graceful-stop", Version: 2, Group: bench.GroupLifecycle,
		Title: "the server is asked to end while requests are under way",
		Why: "Each deploy, each node that is drained and each pod that is moved begins with SIGTERM. The load balancer notices " +
			"a moment later, so requests are under way and others still come. A server that drops what it has turns every deploy into " +
			"a handful of 502s; one that waits out its grace although nobody is there makes it slow; one that does not end is killed.",
		Good: "answers whatever was sent before the signal, closes kept connections, is gone within its documented grace with an exit code " +
			"that a process manager takes for success, and at once if it is idle.",
		Magnitude: "the stop signal of the server file to the first process, beside ordinary requests, half a second after an honest request of 1 s was sent, " +
			"which must get its answer, with one connection kept open, and right after an endless answer was asked for and twice as many requests of 0.3 s as " +
			"the server has slots; then a second start, and the signal while it is idle",
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
			{Profile: "orphans-workers", Shows: "left behind"},
			{Profile: "fails-on-stop", Shows: bench.NotStopped + ": ended with exit code"},
			{Profile: "waits-out-grace", Shows: bench.NotStopped + ": idle, it took"},
		},
	},
	Act: func(p Place) clients.Provoker {
		return stop{slow: clients.Sleep(stopSlow), ask: p.Stop, beside: &crowd{slots: p.Slots, expect: p.Expect, tell: p.Beside}}
	},
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
		"and beside a connection on which one request for `/victim` was answered; 80 ms before the signal a request for `/stream`, and requests for `/sleep?ms=300`, " +
		"twice as many as the documented slots, but between 8 and 64; when it has ended, the same command again, and the signal 0.3 s after it answers",
	Searched: []string{"SIGTERM", "graceful shutdown", "rolling update", "deploy", "reset", "502", "connection reset by peer", "ECONNRESET", "bad gateway", "graceful", "lost connection", "upstream prematurely closed connection", "shutdown", "shutdown hangs"},
})

// stop keeps a connection open, sends an honest slow request, and asks the server to end
// while it is under way.
type stop struct {
	slow   clients.Provoker
	ask    func(ctx context.Context, nonce string)
	beside *crowd // nil = nothing else comes
}

// Provoke implements clients.Provoker. The sample is the slow request's.
func (s stop) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	stopped := make(chan struct{})
	keeping, release := context.WithCancel(ctx)
	defer release()
	go func() {
		defer close(stopped)
		_ = clients.Keep(keeping, p.Addr, p.Nonce+"-kept") // not every server keeps connections
		until := func(t int64) { bench.Sleep(ctx, time.Duration(t-p.Clock.Now())) }
		signal := p.Due + int64(inFlight)
		over := func(int64) {}
		if until(signal - int64(crowdLead)); s.beside != nil && ctx.Err() == nil {
			over = s.beside.come(ctx, p)
		}
		if until(signal); ctx.Err() == nil {
			asked := p.Clock.Now()
			s.ask(ctx, p.Nonce)
			over(asked)
		}
	}()
	sample := s.slow.Provoke(ctx, p)
	<-stopped
	return sample
}

// crowdLead is how long before the signal the crowd comes: later than every victim that must
// be served, so that it is in nobody's way at a server that serves in turn.
const crowdLead = bench.BeforeSignal - 20*time.Millisecond

// The crowd's requests: in two rounds through the slots they take less than any documented
// grace.
const (
	crowdSleep            = 300 // ms
	crowdLeast, crowdMost = 8, 64
	crowdRate             = 2000 // a second
	crowdTurns            = 2
)

// crowd is an endless answer, and more requests than the server has slots.
type crowd struct {
	slots  int
	expect func(nonce string)
	tell   func(bench.Beside)
}

// come sends them. The caller calls over with the time of the signal when the server has
// ended, or nobody waits for it any more.
func (c *crowd) come(ctx context.Context, p clients.Provocation) (over func(signal int64)) {
	ctx, leave := context.WithCancel(ctx)
	n := min(max(crowdTurns*c.slots, crowdLeast), crowdMost)
	nonce := func(i int) string { return fmt.Sprintf("%s-q%d", p.Nonce, i) }
	for i := range n {
		c.expect(nonce(i))
	}
	var beside bench.Beside
	var streamEnded int64
	var all sync.WaitGroup
	all.Go(func() { beside.Streamed, streamEnded = clients.Stream(ctx, p.Clock, p.Addr, p.Nonce+"-s") })
	all.Go(func() {
		held, _ := clients.HoldMany(ctx, p.Addr, n, crowdRate, crowdSleep, nonce) // these make sense
		beside.Answered, beside.Refused = held.Completed, held.Refused+held.Unsent
	})
	return func(signal int64) {
		leave()
		all.Wait()
		beside.Queued = n
		beside.StreamedFor = max(0, time.Duration(streamEnded-signal).Seconds())
		c.tell(beside)
	}
}
