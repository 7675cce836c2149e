package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/scenarios"
)

// slotStep is one try at filling a pool: n requests that sleep, sent at a rate
// that has them all there before the first one wakes.
type slotStep struct {
	n     int
	rate  int // a second
	sleep time.Duration
}

// sending is how long it takes to send them all.
func (s slotStep) sending() time.Duration {
	return time.Duration(bench.Beat{Rate: s.rate}.Due(uint64(s.n))) //nolint:gosec // a number of requests
}

// slotSteps grow only while everything that was sent was held. The first one
// sleeps less than the shortest watchdog waits (2 s): a worker that is killed
// and replaced meanwhile would be counted twice. The last one ends the
// search: a pool that holds so many counts as unbounded.
var slotSteps = []slotStep{
	{32, 500, 1500 * time.Millisecond},
	{160, 250, 2500 * time.Millisecond},
	{bench.MostSlots, 250, 6500 * time.Millisecond},
}

// probeBoot is how long a target may take to come up for a probe.
const probeBoot = 15 * time.Second

// ProbeTarget measures a target's slots and watchdog, each on a fresh launch.
// ratio is the smallest one that the target will be aged for. A target that
// cannot be probed gets a Probe with a Note: its attempts will show why.
func (l *Lab) ProbeTarget(ctx context.Context, t *Prepared, ratio bench.Ratio, mode bench.Mode, logPath string) (bench.Probe, error) {
	p, err := l.probeSlots(ctx, t, logPath)
	if err != nil || p.Note != "" {
		return p, err
	}
	patience := plan.WatchdogPatience(p.Slots, ratio, mode, t.Profile.Claims)
	took, gone, err := l.timeWatchdog(ctx, t, patience, logPath)
	if err != nil {
		return p, err
	}
	if p.Watchdog, p.WatchdogCensored = took, !gone; took == 0 {
		p.Note = "the wedge left no receipt"
	}
	return p, nil
}

// probeSlots finds out how many requests a target holds at once. Where it
// cannot, the probe's Note says why.
func (l *Lab) probeSlots(ctx context.Context, t *Prepared, logPath string) (p bench.Probe, err error) {
	for _, step := range slotSteps {
		held, err := l.fillSlots(ctx, t, step, logPath)
		if err != nil {
			return p, err
		}
		if held < 0 {
			p.Note = "not ready for a probe"
			return p, nil
		}
		p.Slots, p.Unbounded = held, held >= step.n
		if !p.Unbounded {
			break
		}
	}
	if p.Slots == 0 {
		p.Note = "no request was seen to be held"
	}
	return p, nil
}

// fillSlots returns how many sleeping requests the target held at once, -1
// when it was not ready. A stalled host would make that fewer, or more: the
// sleepers of before and after the stall.
func (l *Lab) fillSlots(ctx context.Context, t *Prepared, step slotStep, logPath string) (held int, err error) {
	err = undisturbed("slots of "+t.Server.Name, func() (misses int, err error) {
		var herr, cerr error
		err = l.onStage(ctx, t, logPath, func(s *stage) {
			misses, cerr = besideControl(ctx, s.clock, func() {
				filling, cancel := context.WithTimeout(ctx, step.sending()+step.sleep+500*time.Millisecond)
				defer cancel()
				_, herr = clients.HoldMany(filling, s.addr, step.n, step.rate, int(step.sleep.Milliseconds()), s.holdNonce)
			})
			held = mostHeld(s.col.snapshot().Receipts)
		}, func() { held = -1 })
		return misses, errors.Join(err, herr, cerr)
	})
	return held, err
}

// holdNonce names sleeper i of a probe.
func (s *stage) holdNonce(i int) string {
	nonce := fmt.Sprintf("hold-%d", i)
	s.asked.add(nonce)
	return nonce
}

// mostHeld is the largest number of probe sleepers that were under way at
// once, by their receipts.
func mostHeld(receipts []bench.Receipt) int {
	type step struct {
		t int64
		d int
	}
	var steps []step
	open := map[string]bool{}
	for _, r := range receipts {
		if !strings.HasPrefix(r.Nonce, "hold-") {
			continue
		}
		switch {
		case r.Event == bench.ReceiptStart && !open[r.Nonce]:
			open[r.Nonce] = true
			steps = append(steps, step{r.T, 1})
		case r.Event != bench.ReceiptStart && open[r.Nonce]:
			delete(open, r.Nonce)
			steps = append(steps, step{r.T, -1})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		if a.t != b.t {
			return int(min(max(a.t-b.t, -1), 1))
		}
		return a.d - b.d // an end makes room before a start takes it
	})
	most, now := 0, 0
	for _, s := range steps {
		now += s.d
		most = max(most, now)
	}
	return most
}

// timeWatchdog wedges one request and waits for its slot to come back. It
// returns the seconds from the receipt, or the patience when it never did; 0 when
// there was no receipt, so that nothing was timed.
func (l *Lab) timeWatchdog(ctx context.Context, t *Prepared, patience time.Duration, logPath string) (took float64, gone bool, err error) {
	provoker := scenarios.Watchdog().Act(scenarios.Place{})
	err = undisturbed("watchdog of "+t.Server.Name, func() (misses int, err error) {
		took, gone = 0, false
		var cerr error
		err = l.onStage(ctx, t, logPath, func(s *stage) {
			misses, cerr = besideControl(ctx, s.clock, func() {
				took, gone = wedgeOne(ctx, s, provoker, patience)
			})
		}, func() { took, gone = 0, false })
		if !gone { // a bound stays one on a host that stalls for a moment
			misses = 0
		}
		return misses, errors.Join(err, cerr)
	})
	return took, gone, err
}

// wedgeOne wedges one request and says for how many seconds its slot was held; with
// false, was held at least: 0 where there was no receipt.
func wedgeOne(ctx context.Context, s *stage, provoker clients.Provoker, patience time.Duration) (took float64, gone bool) {
	const nonce = "probe-wedge"
	s.asked.add(nonce)
	var faults crew
	defer faults.end()
	faults.start(ctx, func(ctx context.Context) {
		provoker.Provoke(ctx, clients.Provocation{
			Clock: s.clock, Addr: s.addr, Nonce: nonce, Due: s.clock.Now(), Role: bench.RoleProvoker,
		})
	})
	deadline := time.Now().Add(patience + time.Second)
	var start int64
	for ctx.Err() == nil && time.Now().Before(deadline) {
		for _, r := range s.col.snapshot().Receipts {
			switch {
			case r.Nonce != nonce:
			case r.Event == bench.ReceiptStart:
				start = r.T
			case start > 0:
				return time.Duration(r.T - start).Seconds(), true
			}
		}
		if start > 0 && s.since(start) > patience.Seconds() {
			return patience.Seconds(), false
		}
		sleep(ctx, 20*time.Millisecond)
	}
	if start > 0 { // it came late: the host or the server took its time
		return min(s.since(start), patience.Seconds()), false
	}
	return 0, false
}

// onStage launches the target, waits until it is ready, does the work and
// clears everything away. notReady runs instead where it never was.
func (l *Lab) onStage(ctx context.Context, t *Prepared, logPath string, work func(*stage), notReady func()) error {
	return l.elsewhere(func() error { return l.onStageOnce(ctx, t, logPath, work, notReady) })
}

func (l *Lab) onStageOnce(ctx context.Context, t *Prepared, logPath string, work func(*stage), notReady func()) (err error) {
	s, err := newStage(ctx, l, t, bench.NewClock(), &collector{}, 0, logPath)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := s.close(ctx); cerr != nil && err == nil {
			err = fmt.Errorf("cleaning up after %s: %w", t.Server.Name, cerr)
		}
	}()
	boot, err := s.ready(ctx, probeBoot)
	if err != nil {
		return err
	}
	if !boot.Ready {
		notReady()
		return nil
	}
	if work(s); s.ended.Load() { // what was seen then is benchrun's doing
		notReady()
	}
	return ctx.Err()
}
