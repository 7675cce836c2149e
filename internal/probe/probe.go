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

// slotStep is one try at filling a pool: n requests that sleep, sent fast enough
// that all are there before the first one wakes.
type slotStep struct {
	n     int
	rate  int // a second
	sleep time.Duration
}

// sending is how long it takes to send all n.
func (s slotStep) sending() time.Duration {
	return time.Duration(bench.Beat{Rate: s.rate}.Due(uint64(s.n))) //nolint:gosec // a number of requests
}

// within is the same step for a server whose watchdog ends sleepers at this age: they
// sleep for half of it, and all are sent before the first one wakes. ok is false if no
// request could be sent fast enough.
func (s slotStep) within(age time.Duration) (shorter slotStep, ok bool) {
	s.sleep = age / 2
	if s.sending() > s.sleep*2/3 {
		s.rate = mostRate
	}
	return s, s.sending() <= s.sleep*2/3
}

// mostRate is how many sleepers a second are sent to a server that ends them early.
const mostRate = 1000

// slotSteps are tried in turn until a pool does not hold everything that was sent.
// The first step sleeps for less than most watchdogs wait. A pool that holds all of the
// last step counts as unbounded.
var slotSteps = []slotStep{
	{32, 500, 1500 * time.Millisecond},
	{160, 250, 2500 * time.Millisecond},
	{bench.MostSlots, 250, 6500 * time.Millisecond},
}

// Measure measures a target's slots and watchdog, each on a fresh launch. patience
// says how long to wait for the watchdog of a pool with so many slots. A target
// that cannot be probed gets a Probe with a Note; its attempts will show why.
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

// Slots measures how many requests a target holds at once. If it cannot, the
// probe's Note says why.
func Slots(ctx context.Context, h *place.Host, t *place.Target, logPath string) (p bench.Probe, err error) {
	for _, step := range slotSteps {
		held, err := fillUncut(ctx, h, t, step, logPath)
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

// SlotsUpTo is like Slots. If the target claims more slots than Slots sends
// requests, it makes one more try, with enough requests to reach the claim.
func SlotsUpTo(ctx context.Context, h *place.Host, t *place.Target, claim int, logPath string) (bench.Probe, error) {
	p, err := Slots(ctx, h, t, logPath)
	if err != nil {
		return p, err
	}
	step, ok := claimStep(claim, p)
	if !ok {
		return p, nil
	}
	held, err := fillUncut(ctx, h, t, step, logPath)
	if held > p.Slots {
		p.Slots, p.Unbounded = held, held >= step.n
	}
	return p, err
}

// mostClaimed is the largest claim of slots that benchrun tries.
const mostClaimed = 3500

// claimStep is that one more try, with a twentieth more requests than claimed. ok is
// false if the claim needs none. A twentieth of the search's requests may have come
// too late to be held at once with the others.
func claimStep(claim int, p bench.Probe) (step slotStep, ok bool) {
	if most := slotSteps[len(slotSteps)-1].n; p.Slots < most-most/20 || claim <= p.Slots || claim > mostClaimed {
		return step, false
	}
	step = slotStep{n: claim + claim/20, rate: 250}
	step.sleep = step.sending() + 2*time.Second
	return step, true
}

// fillUncut is fill, made once more with shorter sleeps if a watchdog ended sleepers: the
// end of one is seen a little later than the next one begins in its place, so both would
// count. The smaller number is right.
func fillUncut(ctx context.Context, h *place.Host, t *place.Target, step slotStep, logPath string) (held int, err error) {
	held, cut, err := fill(ctx, h, t, step, logPath)
	if err != nil || cut == 0 {
		return held, err
	}
	shorter, ok := step.within(cut)
	if !ok {
		return held, nil
	}
	again, _, err := fill(ctx, h, t, shorter, logPath)
	return min(held, again), err
}

// fill returns how many sleeping requests the target held at once, -1 if it was not
// ready. cut is the age of the youngest sleeper that the target ended before its time, 0 if
// there was none. A host that stalls would falsify the number in either direction: it may
// mix the sleepers from before and after the stall.
func fill(ctx context.Context, h *place.Host, t *place.Target, step slotStep, logPath string) (held int, cut time.Duration, err error) {
	err = undisturbed("slots of "+t.Server.Name, func() (misses int, err error) {
		var herr, cerr error
		err = h.Use(ctx, t, logPath, func(p *place.Place) {
			misses, cerr = besideControl(ctx, p.Clock(), func() {
				filling, cancel := context.WithTimeout(ctx, step.sending()+step.sleep+500*time.Millisecond)
				defer cancel()
				_, herr = clients.HoldMany(filling, p.Addr(), step.n, step.rate, int(step.sleep.Milliseconds()), func(i int) string { return holdNonce(p, i) })
			})
			receipts := p.Record().Receipts
			held, cut = mostHeld(receipts), youngestCut(receipts, step.sleep)
		}, func() { held, cut = -1, 0 })
		return misses, errors.Join(err, herr, cerr)
	})
	return held, cut, err
}

// youngestCut is the age of the youngest of the probe's sleepers that lost its process or
// thread before it had slept, 0 if none did.
func youngestCut(receipts []bench.Receipt, sleep time.Duration) (youngest time.Duration) {
	began := map[string]int64{}
	for _, r := range receipts {
		if !strings.HasPrefix(r.Nonce, "hold-") {
			continue
		}
		since, open := began[r.Nonce]
		if r.Event == bench.ReceiptStart {
			if !open {
				began[r.Nonce] = r.T
			}
			continue
		}
		age := time.Duration(r.T - since)
		if open && r.Event != bench.ReceiptEnd && age < sleep && (youngest == 0 || age < youngest) {
			youngest = max(age, 1)
		}
		delete(began, r.Nonce)
	}
	return youngest
}

// holdNonce names sleeper i of a probe.
func holdNonce(p *place.Place, i int) string {
	nonce := fmt.Sprintf("hold-%d", i)
	p.Expect(nonce)
	return nonce
}

// mostHeld is the largest number of the probe's sleepers that were under way at
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

// Watchdog wedges one request and waits for its slot to become free. It returns the
// seconds from the receipt on (or patience, if that never happened); 0 if there was
// no receipt to count from.
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
		if !gone { // a lower bound stays valid if the host stalls for a moment
			misses = 0
		}
		return misses, errors.Join(err, cerr)
	})
	return took, gone, err
}

// wedgeOne wedges one request. It returns the seconds until its slot became free
// and true, or for how long the slot was held at least and false; 0 if there was no
// receipt.
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
	if start > 0 { // the receipt came late: the host or the server took its time
		return min(p.Since(start), patience.Seconds()), false
	}
	return 0, false
}
