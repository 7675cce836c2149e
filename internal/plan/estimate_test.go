package plan

import (
	"math"
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// took is what quick attempts of a target took in real runs, in seconds: the
// median of its valid first attempts of each family at its own ratio, and its
// probe. Claims are those of its server file then.
type took struct {
	target   string
	claims   bench.Claims
	probe    float64
	families map[string]float64
}

// measured comes from runs of November 2026 on two cores, which other programs
// used too. The fault phase began 0.5 s after the last slot was taken then; see today.
var measured = []took{
	{"wsgiref/default", bench.Claims{Slots: 1}, 8, map[string]float64{"wedge": 16.8, "segfault": 12.8, "slow-upload": 14.8, "wedge-native": 16.8, "wedge-gil": 16.8, "slow-download": 14.8, "slow": 14.3, "legit-slow": 15.1, "leak": 22.9, "big-response": 22.8, "wedge-spin": 16.8, "cpu": 13.8, "io": 14.8, "cpu-io": 14.9, "large-upload": 22.9}},
	{"wsgiref/hardened", bench.Claims{}, 52, map[string]float64{"wedge": 25.9, "segfault": 12.7, "slow-upload": 41.7, "wedge-native": 28.9, "wedge-gil": 19.8, "slow-download": 41.8, "slow": 22.8, "legit-slow": 22.9, "leak": 23.0, "big-response": 22.8, "wedge-spin": 26.8}},
	{"gunicorn/default", bench.Claims{Slots: 1, Watchdog: 30, Grace: 30}, 8, map[string]float64{"wedge": 22.4, "segfault": 23.3, "slow-upload": 15.1, "wedge-native": 22.1, "slow-download": 19.3, "slow": 17.4, "legit-slow": 17.2, "leak": 25.4, "big-response": 23.2, "wedge-gil": 21.9}},
	{"gunicorn/hardened", bench.Claims{Slots: 8, Watchdog: 3, Grace: 3}, 8, map[string]float64{"wedge": 23.8, "segfault": 23.9, "slow-upload": 42.5, "wedge-native": 28.1, "wedge-gil": 24.0, "slow-download": 42.9, "slow": 25.7, "legit-slow": 23.7, "leak": 28.0, "big-response": 24.1}},
	{"gunicorn/gevent", bench.Claims{Slots: 1000, Grace: 30}, 55, map[string]float64{"wedge": 35.5, "segfault": 23.8, "slow-upload": 42.8}},
	{"gunicorn/gthread", bench.Claims{Slots: 8, Grace: 3}, 13, map[string]float64{"wedge": 20.7, "segfault": 23.1, "slow-upload": 19.6}},
	{"waitress/default", bench.Claims{Slots: 4}, 8, map[string]float64{"wedge": 19.8, "segfault": 12.7, "slow-upload": 40.8, "wedge-native": 19.8, "wedge-gil": 16.8, "slow-download": 40.9, "slow": 22.8, "legit-slow": 22.8, "leak": 22.9, "big-response": 22.8}},
	{"waitress/hardened", bench.Claims{Slots: 64}, 42, map[string]float64{"wedge": 20.9, "segfault": 12.8, "slow-upload": 41.7, "wedge-native": 20.9, "wedge-gil": 18.0, "slow-download": 31.1, "slow": 22.8, "legit-slow": 22.9, "leak": 22.9, "big-response": 22.9}},
	{"mod_wsgi/default", bench.Claims{Slots: 5, Watchdog: 162, Grace: 5}, 10, map[string]float64{"wedge": 27.5, "segfault": 19.5, "slow-upload": 18.5, "wedge-native": 25.6, "wedge-gil": 22.5, "slow-download": 18.5, "slow": 23.0, "legit-slow": 23.2, "leak": 23.2, "big-response": 23.1}},
	{"mod_wsgi/hardened", bench.Claims{Slots: 8, Watchdog: 4, Grace: 1}, 10, map[string]float64{"wedge": 26.5, "segfault": 23.4, "slow-upload": 32.0, "wedge-native": 26.8, "wedge-gil": 26.6, "slow-download": 31.3, "slow": 23.6, "legit-slow": 23.7, "leak": 23.7, "big-response": 24.0}},
	{"uwsgi/default", bench.Claims{Slots: 1}, 8, map[string]float64{"wedge": 16.8, "wedge-native": 16.8, "wedge-gil": 16.8, "segfault": 12.7, "slow-upload": 14.8, "slow-download": 14.8, "slow": 18.8, "legit-slow": 14.8, "leak": 23.1, "big-response": 22.9}},
	{"uwsgi/hardened", bench.Claims{Slots: 8, Watchdog: 3}, 6, map[string]float64{"wedge": 23.8, "wedge-native": 23.9, "wedge-gil": 23.8, "segfault": 23.8, "slow-upload": 42.4, "slow-download": 42.5, "slow": 24.1, "legit-slow": 23.8, "leak": 23.8, "big-response": 23.9}},
	{"granian/default", bench.Claims{Slots: 512}, 53, map[string]float64{"wedge": 30.6, "wedge-native": 30.6, "segfault": 13.0, "slow-upload": 42.0, "slow-download": 42.0, "slow": 27.0, "legit-slow": 26.9, "leak": 23.4, "big-response": 23.1}},
	{"granian/hardened", bench.Claims{Grace: 1}, 53, map[string]float64{"wedge": 27.3, "wedge-native": 27.2, "wedge-gil": 33.0, "segfault": 17.2, "slow-upload": 48.3, "slow-download": 44.8, "slow": 23.2, "legit-slow": 23.1, "leak": 23.2, "big-response": 23.1}},
	{"reference/default", bench.Claims{Slots: 4, Watchdog: 2, Grace: 4}, 5, map[string]float64{"wedge": 22.8, "wedge-native": 22.8, "wedge-gil": 22.9, "segfault": 22.8, "slow-upload": 40.9, "slow-download": 40.9, "slow": 22.8, "legit-slow": 22.8, "leak": 22.8, "big-response": 22.8}},
	{"reference/hardened", bench.Claims{Slots: 8, Watchdog: 3, Grace: 4}, 5, map[string]float64{"wedge": 22.8, "wedge-native": 22.8, "wedge-gil": 22.8, "segfault": 22.9, "slow-upload": 41.5, "slow-download": 41.5, "slow": 22.8, "legit-slow": 22.8, "leak": 22.8, "big-response": 22.8}},
}

// cells are a target's, as they would be selected.
func (m took) cells(t *testing.T) []Cell {
	t.Helper()
	server := &targets.Server{Name: m.target, Profiles: map[string]targets.Profile{"p": {Claims: m.claims}}}
	var out []Cell
	for id := range m.families {
		f := family(t, id)
		out = append(out, Cell{Server: server, Profile: "p", Scenario: f.Scenario()})
	}
	return WithPatience(out, bench.ModeQuick)
}

// today is what a cell took, with as long between ageing and the fault phase as today.
func (m took) today(c Cell) float64 {
	s := m.families[c.Scenario.Family.ID]
	if expectedTiming(c, Knowledge{Mode: bench.ModeQuick}).Aged > 0 {
		s += (AgeingSettle - 500*time.Millisecond).Seconds()
	}
	return s
}

func (m took) sum(cells []Cell) float64 {
	sum := m.probe
	for _, c := range cells {
		sum += m.today(c)
	}
	return sum
}

// The estimate is right within a fifth for each target, within a twentieth for
// all of them, and within a fifth for five cells of six.
func TestEstimateAgainstWhatRunsTook(t *testing.T) {
	k := Knowledge{Mode: bench.ModeQuick}
	var all, foreseen float64
	var cells, off int
	for _, m := range measured {
		of := m.cells(t)
		guess, sum := Estimate(of, k).Seconds(), m.sum(of)
		if ratio := guess / sum; math.Abs(ratio-1) > 0.2 {
			t.Errorf("%s: estimated %.0f s, took %.0f s: %.2f of it", m.target, guess, sum, ratio)
		}
		all, foreseen = all+sum, foreseen+guess
		for _, c := range of {
			cells++
			if ratio := CellEstimate(c, k).Seconds() / m.today(c); math.Abs(ratio-1) > 0.2 {
				off++
				t.Logf("%s: %.2f of what it took", c.Name(), ratio)
			}
		}
	}
	if math.Abs(foreseen/all-1) > 0.05 || cells < 100 || off*6 > cells {
		t.Errorf("%d cells: estimated %.0f s, took %.0f s; %d cells are a fifth off", cells, foreseen, all, off)
	}
}

// A server that replaces its workers does so soon after the signal: its recovery lasts
// no longer than its least, although it may. These are medians of valid quick attempts
// that held, on a busy machine of two cores.
func TestEstimateOfRenewals(t *testing.T) {
	for _, m := range []took{
		{target: "gunicorn/default", claims: bench.Claims{Slots: 1, Watchdog: 30, Grace: 30}, families: map[string]float64{"reload": 23.3}},
		{target: "granian/default", claims: bench.Claims{Slots: 512}, families: map[string]float64{"reload": 23.0}},
		{target: "granian/hardened", claims: bench.Claims{Slots: 3072, Watchdog: 61, Grace: 1}, families: map[string]float64{"reload": 23.5}},
	} {
		c := m.cells(t)[0]
		if got := CellEstimate(c, Knowledge{Mode: bench.ModeQuick}).Seconds(); math.Abs(got/m.sum(m.cells(t))-1) > 0.2 {
			t.Errorf("%s: estimated %.1f s, took %.1f s", c.Name(), got, m.sum(m.cells(t)))
		}
	}
}

// A probe that was made is not counted, and what it found is believed rather
// than what is claimed.
func TestEstimateKnowsTheProbe(t *testing.T) {
	m := took{target: "a", claims: bench.Claims{Slots: 8, Watchdog: 3}, families: map[string]float64{"wedge": 0}}
	cells := m.cells(t)
	estimate := func(p ...bench.Probe) time.Duration {
		k := Knowledge{Mode: bench.ModeQuick, Probes: map[string]bench.Probe{}}
		for _, p := range p {
			k.Probes[cells[0].Target()] = p
		}
		return Estimate(cells, k)
	}
	claimed := estimate()
	asClaimed := estimate(bench.Probe{Slots: 8, Watchdog: 3})
	noWatchdog := estimate(bench.Probe{Slots: 4, Watchdog: 5, WatchdogCensored: true})
	if claimed <= asClaimed || noWatchdog >= asClaimed {
		t.Errorf("unprobed %v, probed as claimed %v, without a watchdog %v", claimed, asClaimed, noWatchdog)
	}
	if once := CellEstimate(cells[0], Knowledge{Mode: bench.ModeQuick}); once != asClaimed {
		t.Errorf("an attempt takes %v, or with its probe known %v", once, asClaimed)
	}
}

// The probe counts wherever in the order the cell stands that needs it.
func TestEstimateCountsTheProbeInAnyOrder(t *testing.T) {
	m := took{target: "a", claims: bench.Claims{Slots: 8, Watchdog: 3}, families: map[string]float64{"wedge": 0, "big-response": 0}}
	cells, k := m.cells(t), Knowledge{Mode: bench.ModeQuick}
	one := Estimate(cells, k)
	slices.Reverse(cells)
	if other := Estimate(cells, k); other != one {
		t.Errorf("%s, or %s in the other order", one, other)
	}
}

// One probe of a launch does for all cells: it waits as long as the one that needs most,
// wherever in the order that stands, and so long is expected.
func TestOneProbeDoesForAllCells(t *testing.T) {
	m := took{target: "a", claims: bench.Claims{Slots: 64}, families: map[string]float64{"wedge": 0}}
	rare := m.cells(t)[0]
	often := rare
	often.Scenario.Ratio *= 5
	often = WithPatience([]Cell{often}, bench.ModeQuick)[0]
	k := Knowledge{Mode: bench.ModeQuick}
	if Probing(often, k) >= Probing(rare, k) {
		t.Fatalf("%s is probed for %s, at a fifth of the ratio for %s", often.Name(), Probing(often, k), Probing(rare, k))
	}
	for _, cells := range [][]Cell{{often, rare}, {rare, often}} {
		if got, want := Probings(cells, k)[rare.Launch()], Probing(rare, k); got != want {
			t.Errorf("%s is expected to be probed for %s, want %s", rare.Launch(), got, want)
		}
		if got, want := Estimate(cells, k), Probing(rare, k)+CellEstimate(rare, k)+CellEstimate(often, k); got != want {
			t.Errorf("%s in all, want %s", got, want)
		}
		waited := LongestPatience(cells[0], cells)(64)
		found := bench.Probe{Slots: 64, Watchdog: waited.Seconds(), WatchdogCensored: true}
		for _, c := range cells {
			if c.NeedsProbe(found) {
				t.Errorf("%s needs a second probe after %s", c.Name(), waited)
			}
		}
	}
	other := rare
	other.Profile = "q"
	if got, want := LongestPatience(often, []Cell{often, other})(64), often.Patience(64); got != want {
		t.Errorf("for another launch it waits %s, want %s", got, want)
	}
}

// Only cells that are expected not to hold are tried again.
func TestEstimateCountsConfirmations(t *testing.T) {
	m := took{target: "a", claims: bench.Claims{Slots: 1}, families: map[string]float64{"segfault": 0, "big-response": 0}}
	cells := m.cells(t)
	slices.SortFunc(cells, func(a, b Cell) int { return int(a.Scenario.Ratio - b.Scenario.Ratio) }) // segfault first
	crash, big := cells[:1], cells[1:]
	one, three := Knowledge{Mode: bench.ModeQuick, Attempts: 1}, Knowledge{Mode: bench.ModeQuick, Attempts: 3}
	if got, want := Estimate(crash, three), 3*Estimate(crash, one); got != want {
		t.Errorf("three attempts at a crash: %v, want %v", got, want)
	}
	if got, want := Estimate(big, three), Estimate(big, one); got != want {
		t.Errorf("what holds: %v, want %v", got, want)
	}
	if got, want := Estimate(cells, three), Estimate(crash, three)+Estimate(big, three); got != want {
		t.Errorf("both: %v, want %v", got, want)
	}
	cells[0].Unsupported = "no such profile"
	if got, want := Estimate(cells, one), Estimate(big, one); got != want {
		t.Errorf("what cannot be run takes %v", got-want)
	}
}

func TestEstimateOfFullCells(t *testing.T) {
	m := took{target: "a", claims: bench.Claims{Slots: 8, Watchdog: 3}, families: map[string]float64{"wedge": 0}}
	p := bench.PhasesFor(bench.ModeFull, 3*time.Second, 0)
	least := p.Baseline + p.Fault + p.Recovery
	if got := CellEstimate(m.cells(t)[0], Knowledge{Mode: bench.ModeFull}); got < least || got > least+10*time.Second {
		t.Errorf("%v for phases of %v", got, least)
	}
}
