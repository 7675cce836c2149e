package probe

import (
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func TestMostHeld(t *testing.T) {
	r := func(t int64, nonce string, e bench.ReceiptEvent) bench.Receipt {
		return bench.Receipt{T: t, Nonce: nonce, Event: e}
	}
	s, e, g := bench.ReceiptStart, bench.ReceiptEnd, bench.ReceiptProcessGone
	for _, tt := range []struct {
		name string
		in   []bench.Receipt
		want int
	}{
		{"none", nil, 0},
		{"one after the other", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-0", e), r(2, "hold-1", s), r(3, "hold-1", e)}, 1},
		{"two at once", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-1", s), r(3, "hold-0", e), r(4, "hold-2", s)}, 2},
		{"a dead process frees its slot", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-0", g), r(3, "hold-1", s)}, 1},
		{"others do not count", []bench.Receipt{r(1, "hold-0", s), r(1, "v-1", s)}, 1},
		{"told twice", []bench.Receipt{r(1, "hold-0", s), r(1, "hold-0", s)}, 1},
		{"out of order in the file", []bench.Receipt{r(5, "hold-1", s), r(1, "hold-0", s), r(2, "hold-0", e)}, 1},
	} {
		if got := mostHeld(tt.in); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestYoungestCut(t *testing.T) {
	r := func(t time.Duration, nonce string, e bench.ReceiptEvent) bench.Receipt {
		return bench.Receipt{T: int64(t), Nonce: nonce, Event: e}
	}
	s, e, g := bench.ReceiptStart, bench.ReceiptEnd, bench.ReceiptThreadGone
	for name, tt := range map[string]struct {
		in   []bench.Receipt
		want time.Duration
	}{
		"none":              {nil, 0},
		"all slept":         {[]bench.Receipt{r(1, "hold-0", s), r(time.Second, "hold-0", e), r(time.Second, "hold-0", g)}, 0},
		"still asleep":      {[]bench.Receipt{r(1, "hold-0", s)}, 0},
		"two were cut":      {[]bench.Receipt{r(0, "hold-0", s), r(100, "hold-1", s), r(1000, "hold-0", g), r(1050, "hold-1", g)}, 950},
		"gone when it woke": {[]bench.Receipt{r(0, "hold-0", s), r(2*time.Second, "hold-0", g)}, 0},
		"others":            {[]bench.Receipt{r(0, "v-0", s), r(100, "v-0", g)}, 0},
	} {
		if got := youngestCut(tt.in, 1500*time.Millisecond); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// A step for a shorter watchdog sends all before the first one wakes, or is not made.
func TestStepWithinAWatchdog(t *testing.T) {
	for _, tt := range []struct {
		step int
		age  time.Duration
		ok   bool
	}{
		{0, 1, false}, {0, 50 * time.Millisecond, false}, {0, 200 * time.Millisecond, true}, {0, time.Second, true},
		{1, 400 * time.Millisecond, false}, {1, time.Second, true}, {1, 2 * time.Second, true},
		{2, 2 * time.Second, false}, {2, 4 * time.Second, true}, {2, 6 * time.Second, true},
	} {
		got, ok := slotSteps[tt.step].within(tt.age)
		if ok != tt.ok {
			t.Errorf("step %d, a watchdog of %s: %+v, %v", tt.step, tt.age, got, ok)
		}
		if ok && (got.sending() >= got.sleep || got.sleep > tt.age/2) {
			t.Errorf("step %d, a watchdog of %s: %+v is sent in %s", tt.step, tt.age, got, got.sending())
		}
	}
}

// If a watchdog killed a worker while slots are counted, the worker and its
// successor would count as two, unless they are counted once more.
func TestFirstSlotStepBeatsWatchdogs(t *testing.T) {
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	step := slotSteps[0]
	over := (step.sleep + step.sending()).Seconds()
	for _, name := range reg.Names() {
		s, err := reg.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for p, profile := range s.Profiles {
			if w := profile.Claims.Watchdog; w > 0 && w <= over {
				t.Errorf("%s/%s: the watchdog acts after %g s, the first step takes %g s", name, p, w, over)
			}
		}
	}
}

func TestClaimStep(t *testing.T) {
	for _, tt := range []struct {
		claim int
		probe bench.Probe
		n     int // 0 = no try
	}{
		{3000, bench.Probe{Slots: 1100, Unbounded: true}, 3150},
		{3000, bench.Probe{Slots: 1099}, 3150},
		{3000, bench.Probe{Slots: 600}, 0},
		{1000, bench.Probe{Slots: 1100, Unbounded: true}, 0},
		{5000, bench.Probe{Slots: 1100, Unbounded: true}, 0},
	} {
		step, ok := claimStep(tt.claim, tt.probe)
		if step.n != tt.n || ok != (tt.n > 0) {
			t.Errorf("claim %d, %+v: %+v, %v", tt.claim, tt.probe, step, ok)
		}
		if sending := float64(step.n) / 250; ok && step.sleep.Seconds() <= sending {
			t.Errorf("the first of %d wakes before the last is sent", step.n)
		}
	}
}

// A pool that is larger than the search counts as unbounded, in plan as well.
func TestTheSearchEndsAtMostSlots(t *testing.T) {
	if most := slotSteps[len(slotSteps)-1].n; most != bench.MostSlots {
		t.Errorf("the search ends at %d slots, a pool counts as unbounded from %d on", most, bench.MostSlots)
	}
}
