package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/place"
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

// Measure measures a target's slots and watchdog, each on a fresh launch.
// patience is that of a cell. A target that
// cannot be probed gets a Probe with a Note: its attempts will show why.
func Measure(ctx context.Context, h *place.Host, t *place.Target, patience plan.Patience, logPath string) (bench.Probe, error) {
	p, err := Slots(ctx, h, t, logPath)
	if err != nil || p.Note != "" {
		return p, err
	}
	took, gone, err := Watchdog(ctx, h, t, patience(p.Slots), logPath)
	if err != nil {
		return p, err
	}
	if p.Watchdog, p.WatchdogCensored = took, !gone; took == 0 {
		p.Note = "the wedge left no receipt"
	}
	return p, nil
}

// Slots finds out how many requests a target holds at once. Where it
// cannot, the probe's Note says why.
func Slots(ctx context.Context, h *place.Host, t *place.Target, logPath string) (p bench.Probe, err error) {
	for _, step := range slotSteps {
		held, err := fill(ctx, h, t, step, logPath)
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

// SlotsUpTo is Slots, and one more try with as many requests as claim, where that
// is more than Slots sends.
func SlotsUpTo(ctx context.Context, h *place.Host, t *place.Target, claim int, logPath string) (bench.Probe, error) {
	p, err := Slots(ctx, h, t, logPath)
	if err != nil {
		return p, err
	}
	step, ok := claimStep(claim, p)
	if !ok {
		return p, nil
	}
	held, err := fill(ctx, h, t, step, logPath)
	if held > p.Slots {
		p.Slots, p.Unbounded = held, held >= step.n
	}
	return p, err
}

// mostClaimed is the largest claim of slots that is tried.
const mostClaimed = 3500

// claimStep is one more try at filling a pool, where more slots are claimed
// than the search sends requests. One of those may have come too late.
func claimStep(claim int, p bench.Probe) (step slotStep, ok bool) {
	if most := slotSteps[len(slotSteps)-1].n; p.Slots < most-most/20 || claim <= p.Slots || claim > mostClaimed {
		return step, false
	}
	step = slotStep{n: claim + claim/20, rate: 250}
	step.sleep = step.sending() + 2*time.Second
	return step, true
}

// fill returns how many sleeping requests the target held at once, -1
// when it was not ready. A stalled host would make that fewer, or more: the
// sleepers of before and after the stall.
func fill(ctx context.Context, h *place.Host, t *place.Target, step slotStep, logPath string) (held int, err error) {
	err = undisturbed("slots of "+t.Server.Name, func() (misses int, err error) {
		var herr, cerr error
		err = h.Use(ctx, t, logPath, func(p *place.Place) {
			misses, cerr = besideControl(ctx, p.Clock(), func() {
				filling, cancel := context.WithTimeout(ctx, step.sending()+step.sleep+500*time.Millisecond)
				defer cancel()
				_, herr = clients.HoldMany(filling, p.Addr(), step.n, step.rate, int(step.sleep.Milliseconds()), func(i int) string { return holdNonce(p, i) })
			})
			held = mostHeld(p.Record().Receipts)
		}, func() { held = -1 })
		return misses, errors.Join(err, herr, cerr)
	})
	return held, err
}

// holdNonce names sleeper i of a probe.
func holdNonce(p *place.Place, i int) string {
	nonce := fmt.Sprintf("hold-%d", i)
	p.Expect(nonce)
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

// Watchdog wedges one request and waits for its slot to come back. It
// returns the seconds from the receipt, or the patience when it never did; 0 when
// there was no receipt, so that nothing was timed.
func Watchdog(ctx context.Context, h *place.Host, t *place.Target, patience time.Duration, logPath string) (took float64, gone bool, err error) {
	provoker := scenarios.Watchdog().Act(scenarios.Place{})
	err = undisturbed("watchdog of "+t.Server.Name, func() (misses int, err error) {
		took, gone = 0, false
		var cerr error
		err = h.Use(ctx, t, logPath, func(p *place.Place) {
			misses, cerr = besideControl(ctx, p.Clock(), func() {
				took, gone = wedgeOne(ctx, p, provoker, patience)
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
func wedgeOne(ctx context.Context, p *place.Place, provoker clients.Provoker, patience time.Duration) (took float64, gone bool) {
	const nonce = "probe-wedge"
	p.Expect(nonce)
	var faults clients.Crew
	defer faults.End()
	faults.Start(ctx, func(ctx context.Context) {
		provoker.Provoke(ctx, clients.Provocation{
			Clock: p.Clock(), Addr: p.Addr(), Nonce: nonce, Due: p.Clock().Now(), Role: bench.RoleProvoker,
		})
	})
	deadline := time.Now().Add(patience + time.Second)
	var start int64
	for ctx.Err() == nil && time.Now().Before(deadline) {
		for _, r := range p.Record().Receipts {
			switch {
			case r.Nonce != nonce:
			case r.Event == bench.ReceiptStart:
				start = r.T
			case start > 0:
				return time.Duration(r.T - start).Seconds(), true
			}
		}
		if start > 0 && p.Since(start) > patience.Seconds() {
			return patience.Seconds(), false
		}
		bench.Sleep(ctx, 20*time.Millisecond)
	}
	if start > 0 { // it came late: the host or the server took its time
		return min(p.Since(start), patience.Seconds()), false
	}
	return 0, false
}
