package scenarios

import (
	"context"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A log that nobody reads any more.
var _ = register(250, Fault{
	Family: bench.Family{
		ID: "log-blocked", Version: 1, Group: bench.GroupResources,
		Title: "nobody reads the server's output any more",
		Why: "A server in a container writes its log into a pipe. Whoever reads it may stop: a log driver that waits for a server elsewhere, " +
			"a supervisor that hangs, a terminal that somebody has paused. Then the pipe is full, and whoever writes to " +
			"it waits. A server that writes a line for each request and waits for it serves nobody, although nothing in it is wrong.",
		Good:       "serves on, and drops lines or keeps them until somebody reads again.",
		Magnitude:  "stdout and stderr are a pipe of 4,096 bytes; from a second into the fault phase until the recovery nobody reads it",
		References: []string{"php/php-src#11447", "clice-io/clice#514", "Netflix/atlas-docs#72", "nodejs/node-v0.x-archive#23949"},
		Cadence:    bench.Cadence{Every: bench.Once},
		Needs:      bench.Needs{PipedLog: true},
		Traits: bench.Traits{
			Proof: bench.ProofSignal, CutOff: true,
			Noun: bench.Words{"blocked log", "blocked logs"}, Did: bench.Words{"log was blocked", "logs were blocked"},
		},
		Sound: "default", Flaw: "blocks-on-log",
	},
	Act:      func(p Place) clients.Provoker { return blockedLog{ask: clients.Sleep(stopSlow), block: p.BlockLog} },
	Request:  "GET /sleep",
	Exactly:  "stdout and stderr are a pipe of 4,096 bytes (F_SETPIPE_SZ) that benchrun empties into the log; 0.5 s after a request for `/sleep?ms=1000` was sent, until the recovery, it reads no more",
	Script:   Script{Client: `blocked.append(True)  # nobody reads the log from now on`},
	Searched: []string{"blocked stdout", "stderr pipe full", "log driver", "hang", "hanging", "freeze"},
})

// blockedLog sends an honest slow request, and leaves the log unread from then on.
type blockedLog struct {
	ask   clients.Provoker
	block func(nonce string) (release func(), err error)
}

// Provoke implements clients.Provoker. The sample is that of the request which is under
// way when the log is blocked.
func (b blockedLog) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	over := make(chan struct{})
	go func() {
		defer close(over)
		if bench.Sleep(ctx, inFlight); ctx.Err() != nil {
			return
		}
		release, err := b.block(p.Nonce)
		if err != nil { // without its mark there was no fault
			return
		}
		<-ctx.Done() // the recovery cuts it off
		release()
	}()
	s := b.ask.Provoke(ctx, p)
	<-over
	return s
}
