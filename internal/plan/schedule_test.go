package plan

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func scheduled(seed uint64, ratio bench.Ratio, rate int) Schedule {
	s := bench.Scenario{Family: bench.Family{ID: "wedge", Version: 1}, Ratio: ratio}
	return NewSchedule(seed, s, rate, bench.ModeQuick)
}

// Every ladder ratio, and ratios whose inverse is no whole number, put exactly
// one fault into each stratum [i/p, (i+1)/p), however the seed falls.
func TestOneFaultPerStratum(t *testing.T) {
	ratios := append(slices.Clone(bench.RatioLadder), 300, 7000, 30_000, 99_999, bench.RatioWhole)
	for _, ratio := range ratios {
		for _, rate := range []int{1, 30, 100, 333, 1000} {
			for seed := range uint64(20) {
				tick := float64(time.Second) / float64(rate)
				victims := (20*int(bench.RatioWhole) + int(ratio) - 1) / int(ratio) // 20 whole strata
				until := time.Duration(float64(victims) * tick)
				faults := scheduled(seed, ratio, rate).Faults(until)
				if len(faults) != 20 {
					t.Fatalf("ratio %s rate %d seed %d: %d faults in %d victims, want 20", ratio, rate, seed, len(faults), victims)
				}
				for i, f := range faults {
					// v is the victim before the fault: i/p ≤ v < (i+1)/p,
					// multiplied out to stay exact.
					v := int(float64(f.Offset) / tick)
					if lo, hi := i*int(bench.RatioWhole), (i+1)*int(bench.RatioWhole); v*int(ratio) < lo || v*int(ratio) >= hi {
						t.Errorf("ratio %s rate %d seed %d: fault %d follows victim %d, outside its stratum", ratio, rate, seed, i, v)
					}
					if part := float64(f.Offset)/tick - float64(v); part < 0.49 || part > 0.51 {
						t.Errorf("ratio %s rate %d: fault %d is %.3f of a tick after its victim, want 0.5", ratio, rate, i, part)
					}
					if f.Index != i {
						t.Errorf("fault %d has index %d", i, f.Index)
					}
				}
			}
		}
	}
}

func TestOnePercentIsOneFaultASecond(t *testing.T) {
	faults := scheduled(1, 1000, 100).Faults(60 * time.Second)
	if len(faults) != 60 {
		t.Fatalf("%d faults in 60 s, want 60", len(faults))
	}
	places := map[time.Duration]bool{}
	for i, f := range faults {
		if f.Offset/time.Second != time.Duration(i) {
			t.Errorf("fault %d is due at %v", i, f.Offset)
		}
		places[f.Offset%time.Second] = true
	}
	if len(places) < 25 { // 60 draws out of 100 places hit 45 of them on average
		t.Errorf("only %d different places within the second: not drawn", len(places))
	}
}

func TestLongerListOnlyAdds(t *testing.T) {
	s := scheduled(7, 200, 100)
	long := s.Faults(100 * time.Second)
	for until := time.Duration(0); until <= 100*time.Second; until += 700 * time.Millisecond {
		short := s.Faults(until)
		if !slices.Equal(short, long[:len(short)]) {
			t.Fatalf("faults until %v are no prefix of those until 100 s", until)
		}
		if len(short) < len(long) && long[len(short)].Offset < until {
			t.Fatalf("faults until %v leave out the one at %v", until, long[len(short)].Offset)
		}
	}
}

func TestNoRatioNoFaults(t *testing.T) {
	if f := scheduled(1, 0, 100).Faults(time.Minute); len(f) != 0 {
		t.Errorf("%d faults at ratio 0", len(f))
	}
}

// Faults that are no share of the requests come at their distance, or once.
func TestFaultsAtADistance(t *testing.T) {
	for every, want := range map[time.Duration][]float64{5 * time.Second: {1, 6, 11}, bench.Once: {1}} {
		faults := NewSchedule(7, bench.Family{ID: "f", Cadence: bench.Cadence{Every: every}}.Scenario(), 100, bench.ModeQuick).Faults(15 * time.Second)
		var at []float64
		for _, f := range faults {
			at = append(at, f.Offset.Truncate(time.Second).Seconds())
		}
		if !slices.Equal(at, want) {
			t.Errorf("every %s: faults in seconds %v, want %v", every, at, want)
		}
	}
}

// Those of a surge come when it says, and none after the end.
func TestFaultsOfASurge(t *testing.T) {
	surge := &bench.Surge{Step: time.Second, Counts: []int{1, 0, 2}, Work: "sleep"}
	s := NewSchedule(7, bench.Family{ID: "f", Cadence: bench.Cadence{Every: bench.Once, Surge: surge}}.Scenario(), 100, bench.ModeQuick)
	for until, want := range map[time.Duration][]time.Duration{
		time.Minute:             {500 * time.Millisecond, 2250 * time.Millisecond, 2750 * time.Millisecond},
		2500 * time.Millisecond: {500 * time.Millisecond, 2250 * time.Millisecond},
	} {
		var at []time.Duration
		for i, f := range s.Faults(until) {
			at = append(at, f.Offset)
			if f.Index != i || f.Nonce != s.nonces.Of("f", uint64(i)) {
				t.Errorf("fault %d is %+v", i, f)
			}
		}
		if !slices.Equal(at, want) {
			t.Errorf("until %s: at %v, want %v", until, at, want)
		}
	}
}

func TestNonces(t *testing.T) {
	s := scheduled(1, 1000, 100)
	legal := regexp.MustCompile(`^[vaf]\d+-[0-9a-f]{8}$`)
	seen := map[string]bool{}
	add := func(nonce string) {
		if !legal.MatchString(nonce) || seen[nonce] {
			t.Errorf("nonce %q is malformed or not unique", nonce)
		}
		seen[nonce] = true
	}
	for i := range 1000 {
		add(s.VictimNonce(uint64(i)))
		add(s.AgeingNonce(i))
	}
	for _, f := range s.Faults(60 * time.Second) {
		add(f.Nonce)
	}
	if other := scheduled(2, 1000, 100); other.VictimNonce(17) == s.VictimNonce(17) {
		t.Error("two seeds give victim 17 the same nonce")
	}
}

func TestHashCoversItsInputs(t *testing.T) {
	base := bench.Scenario{Family: bench.Family{ID: "wedge", Version: 1}, Ratio: 1000}
	versioned, renamed, ratio := base, base, base
	versioned.Family.Version = 2
	renamed.Family.ID = "segfault"
	ratio.Ratio = 2000
	described := base
	described.Family.Title = "said otherwise"

	hash := NewSchedule(1, base, 100, bench.ModeQuick).Hash()
	for name, s := range map[string]Schedule{
		"again":     NewSchedule(1, base, 100, bench.ModeQuick),
		"described": NewSchedule(1, described, 100, bench.ModeQuick),
	} {
		if s.Hash() != hash {
			t.Errorf("%s: hash %s differs from %s", name, s.Hash(), hash)
		}
	}
	for name, s := range map[string]Schedule{
		"seed":    NewSchedule(2, base, 100, bench.ModeQuick),
		"version": NewSchedule(1, versioned, 100, bench.ModeQuick),
		"family":  NewSchedule(1, renamed, 100, bench.ModeQuick),
		"ratio":   NewSchedule(1, ratio, 100, bench.ModeQuick),
		"rate":    NewSchedule(1, base, 200, bench.ModeQuick),
		"mode":    NewSchedule(1, base, 100, bench.ModeFull),
	} {
		if s.Hash() == hash {
			t.Errorf("another %s gives the same hash", name)
		}
	}
}

// The hash must not drift: results of different versions of benchrun are
// compared by it. When it has to change, raise scheduleFormat.
func TestGoldenSchedule(t *testing.T) {
	s := scheduled(1, 1000, 100)
	if got, want := s.Hash(), "d8648e40d9092956ed5d6b611ee0a18c"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
	f := s.Faults(3 * time.Second)
	if got, want := f[2], (Fault{Index: 2, Offset: 2425 * time.Millisecond, Nonce: "f2-a8d0ecd7"}); got != want {
		t.Errorf("fault 2 is %+v, want %+v", got, want)
	}
}

func TestImpossibleSchedulesPanic(t *testing.T) {
	for _, c := range []struct {
		ratio bench.Ratio
		rate  int
	}{{1000, 0}, {-1, 100}, {bench.RatioWhole + 1, 100}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("ratio %d at rate %d did not panic", c.ratio, c.rate)
				}
			}()
			scheduled(1, c.ratio, c.rate)
		}()
	}
}
