package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"benchrun/internal/bench"
)

// scheduleFormat is raised when the same inputs stop giving the same schedule.
// It is part of every hash and of every key.
const scheduleFormat = bench.NonceFormat

// hashedVictims is how many victim nonces stand in a schedule's hash.
const hashedVictims = 100

// Fault is one misbehaving request of the fault phase.
type Fault struct {
	Index  int           // from 0
	Offset time.Duration // from the start of the fault phase
	Nonce  string        // "f<index>-<8 hex>"
	Part   int           // of the scenario: 0, but in a mix
}

// Schedule says when which fault is due and what every request is called. It
// is a pure function of seed, scenario, rate and mode: the same for every
// target, on every machine, at any time.
//
// Faults are stratified. With the ratio p, stratum i covers the victims
// [i/p, (i+1)/p) of the fault phase, and exactly one fault falls into it, half
// a victim tick after a victim that is drawn evenly from the stratum. Drawing
// each request by itself instead would leave a pool of ten threads unexhausted
// in up to a quarter of all runs. Each part of a mix has strata of its own, and they come
// together in the order of time.
type Schedule struct {
	seed     uint64
	scenario bench.Scenario
	rate     int
	mode     bench.Mode
	nonces   bench.Nonces
	hash     string
}

// NewSchedule makes the schedule of a scenario under rate victims per second.
// A ratio of 0 means no faults. It panics on a rate below 1 or a ratio that is
// no share of a whole: programming errors, for both are checked when they are
// read.
func NewSchedule(seed uint64, scenario bench.Scenario, rate int, mode bench.Mode) Schedule {
	if rate < 1 || scenario.Ratio < 0 || scenario.Ratio > bench.RatioWhole {
		panic(fmt.Sprintf("plan: no schedule for rate %d and ratio %d", rate, scenario.Ratio))
	}
	s := Schedule{seed: seed, scenario: scenario, rate: rate, mode: mode, nonces: bench.NoncesOf(seed, scenario.Name())}
	s.hash = s.digest()
	return s
}

// Seed is what the schedule was drawn from.
func (s Schedule) Seed() uint64 { return s.seed }

// Mode is the mode of the attempts that follow the schedule.
func (s Schedule) Mode() bench.Mode { return s.mode }

// Faults lists the faults with an offset below until, in order. Those that are no
// share of the requests come at their distance, the first one when a second of
// victims has passed; those of a surge when it says. A longer until
// only adds to the end. The positions are drawn from ChaCha8 (math/rand/v2,
// C2SP chacha8rand), one 64-bit word per stratum, scaled to the stratum's width
// by a 128-bit multiplication.
func (s Schedule) Faults(until time.Duration) []Fault {
	if len(s.scenario.Family.Mix) > 0 {
		return s.mixed(until)
	}
	var faults []Fault
	if surge := s.scenario.Family.Cadence.Surge; surge != nil {
		for i, at := range surge.Offsets() {
			if at < until {
				faults = append(faults, Fault{Index: i, Offset: at, Nonce: s.nonces.Of("f", uint64(i))}) //nolint:gosec // counted from 0
			}
		}
		return faults
	}
	if every := s.scenario.Family.Cadence.Every; every > 0 {
		for i, at := 0, s.between(s.rate); at < until; i, at = i+1, at+every {
			faults = append(faults, Fault{Index: i, Offset: at, Nonce: s.nonces.Of("f", uint64(i))})
			if every == bench.Once {
				break
			}
		}
		return faults
	}
	for i, at := range s.offsets(s.scenario.Ratio, s.nonces.Key(), until) {
		faults = append(faults, Fault{Index: i, Offset: at, Nonce: s.nonces.Of("f", uint64(i))})
	}
	return faults
}

// mixed are the faults of all parts.
func (s Schedule) mixed(until time.Duration) []Fault {
	var faults []Fault
	for i, p := range s.scenario.Parts() {
		all := s.nonces.Key()
		key := sha256.Sum256(fmt.Appendf(all[:], "part %s\n", p.Family.ID))
		for _, at := range s.offsets(p.Ratio, key, until) {
			faults = append(faults, Fault{Offset: at, Part: i})
		}
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := range faults {
		faults[i].Index, faults[i].Nonce = i, s.nonces.Of("f", uint64(i))
	}
	return faults
}

// offsets are those of the faults of one family, ascending.
func (s Schedule) offsets(ratio bench.Ratio, key [sha256.Size]byte, until time.Duration) []time.Duration {
	if ratio == 0 {
		return nil
	}
	var out []time.Duration
	source := rand.NewChaCha8(key)
	for i := 0; ; i++ {
		from, to := stratum(ratio, i)
		if s.between(from) >= until {
			return out
		}
		drawn, _ := bits.Mul64(source.Uint64(), uint64(to-from))
		// The last strata may reach past until: their fault is drawn all the
		// same, so that the ones before it do not depend on until.
		if at := s.between(from + int(drawn)); at < until {
			out = append(out, at)
		}
	}
}

// stratum gives the victims [from, to) of stratum i, exactly.
func stratum(share bench.Ratio, i int) (from, to int) {
	whole, ratio := int(bench.RatioWhole), int(share)
	ceil := func(n int) int { return (n*whole + ratio - 1) / ratio }
	return ceil(i), ceil(i + 1)
}

// between is the moment half a tick after a victim of the fault phase, so that
// a fault is never due together with a victim.
func (s Schedule) between(victim int) time.Duration {
	return time.Duration(bench.Beat{Rate: 2 * s.rate}.Due(2*uint64(victim) + 1)) //nolint:gosec // counted from 0
}

// VictimNonce names the victim seq: "v17-9c1e2f03".
func (s Schedule) VictimNonce(seq uint64) string { return s.nonces.Of("v", seq) }

// AgeingNonce names the ageing provoker i, from 0: "a3-1b00c4d7".
func (s Schedule) AgeingNonce(i int) string { return s.nonces.Of("a", uint64(i)) }

// horizon is how much of the fault phase the hash covers.
func (s Schedule) horizon() time.Duration {
	if s.mode == bench.ModeFull {
		return 300 * time.Second
	}
	return 60 * time.Second
}

// Hash names the schedule: 32 hex digits of a SHA-256 over its inputs, its
// faults of the first 60 s (quick) or 300 s (full) and its first victims'
// nonces. Two attempts with the same hash were under the same load.
func (s Schedule) Hash() string { return s.hash }

func (s Schedule) digest() string {
	text := fmt.Appendf(nil, "%s\nseed %d\nscenario %s\nfamily-version %d\nrate %d\nhorizon %d\n",
		scheduleFormat, s.seed, s.scenario.Name(), s.scenario.Family.Version, s.rate, s.horizon())
	parts := s.scenario.Parts()
	for _, f := range s.Faults(s.horizon()) {
		text = fmt.Appendf(text, "fault %d %d %s\n", f.Index, f.Offset, f.Nonce)
		if len(parts) > 1 {
			text = fmt.Appendf(text, "of %s\n", parts[f.Part].Family.ID)
		}
	}
	for seq := range uint64(hashedVictims) {
		text = fmt.Appendf(text, "victim %s\n", s.VictimNonce(seq))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
