package place

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/targets"
)

// restartWatch is how long it is looked who answers when a second start serves.
const restartWatch = 2 * time.Second

// KillLeader kills the leader, starts the same command again as soon as it is gone, or leaves
// that to the target's supervisor, and says how that fared. The mark of the signal has the nonce.
func (p *Place) KillLeader(ctx context.Context, nonce string) (bench.Again, error) {
	if p.supervisor != nil {
		return p.killSupervised(ctx, nonce)
	}
	at := p.clock.Now()
	if err := p.Signal(unix.SIGKILL); err != nil {
		return bench.Again{}, err
	}
	p.journal.Mark(at, bench.MarkSignal, nonce)
	select {
	case <-p.group.Done():
	case <-ctx.Done():
		return bench.Again{}, context.Cause(ctx)
	}
	a, err := p.Restart(ctx)
	if err == nil && a.Ready {
		p.whoAnswers(ctx, &a)
	}
	return a, err
}

// Restart starts the target's command once more, among what the first start has left, and
// waits until the new one serves. Its app answers with another token than before, so that
// who answers is known. The leader must have ended.
func (p *Place) Restart(ctx context.Context) (bench.Again, error) {
	if err := p.writeApp(); err != nil {
		return bench.Again{}, err
	}
	return p.restart(ctx, bench.RestartLimit)
}

// RestartBroken starts the target's command once more with an app that cannot be loaded,
// and looks for a while what it does and what it uses.
func (p *Place) RestartBroken(ctx context.Context, limit time.Duration) (bench.Again, error) {
	if err := targets.BreakAttempt(p.scratch.App); err != nil {
		return bench.Again{}, err
	}
	before := p.used()
	a, err := p.restart(ctx, limit)
	used := p.usedSince(before)
	a.Used = &used
	return a, err
}

func (p *Place) restart(ctx context.Context, limit time.Duration) (a bench.Again, err error) {
	a.T = p.clock.Now()
	starts := p.countStarts()
	defer func() { a.Starts = starts() }()
	if err := p.group.Again(ctx); err != nil {
		return a, err
	}
	a.Ready, _, a.Note = p.untilFresh(ctx, limit, "a process of the first start answered", func() bool {
		a.Exited = p.group.Exit()
		return a.Exited != nil
	})
	if a.Seconds = p.Since(a.T); a.Ready {
		return a, nil
	}
	return a, ctx.Err()
}

// fresh asks once, and says whether the app that was written last answers.
func (p *Place) fresh(ctx context.Context) (bool, error) {
	pinging, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	answer, err := clients.Ping(pinging, p.addr)
	if err != nil {
		return false, fmt.Errorf("it did not answer: %w", err)
	}
	return answer.Token == p.token, nil
}

// whoAnswers counts for a while who answers: the second start, or processes of the first.
func (p *Place) whoAnswers(ctx context.Context, a *bench.Again) {
	for deadline := time.Now().Add(restartWatch); time.Now().Before(deadline) && ctx.Err() == nil; bench.Sleep(ctx, pingPause) {
		a.Asked++
		switch fresh, err := p.fresh(ctx); {
		case err != nil:
			a.Lost++
		case !fresh:
			a.Old++
		}
	}
}
