package judge

import (
	"fmt"

	"benchrun/internal/bench"
)

// The last seconds of the recovery that say whether a server is back that was full, or
// whose app lacked something.
const (
	backBins       = 3
	backBinsNeeded = 2 // of these, valid
)

// mustBeBack says that the end of the recovery decides too.
func (v *view) mustBeBack() bool { return v.head.Traits.Fills || v.head.Traits.Returns }

// backAgain is how the victims of the last seconds of the recovery fared.
func (v *view) backAgain() tally {
	if !v.mustBeBack() || v.recovery.empty() {
		return tally{}
	}
	bins := v.bins(v.recovery.from, v.recovery.to)
	return sum(bins[max(0, len(bins)-backBins):])
}

// isBack says that the server has served all victims of these seconds, or that they decide
// nothing.
func (v *view) isBack() bool {
	b := v.backAgain()
	return !v.mustBeBack() || b.valid >= backBinsNeeded && b.bad == 0
}

// notBackWords: "not back: served 0 % of 300 victims 30 s after the last of 1,500
// connections had gone". It is "" if the server is back.
func (f *facts) notBackWords() string {
	if !f.v.mustBeBack() || f.back.bad < badBinsNeeded || !f.back.below(heldPercent) {
		return ""
	}
	since := "into the recovery"
	switch {
	case f.v.head.Traits.Vanishes:
		since = "after all of " + bench.Things(f.left.n, "client", "clients") + " had gone"
	case f.v.head.Traits.Returns:
		since = "after what the faults wait for was there again"
	}
	return fmt.Sprintf(bench.NotBack+": served %s of %s %s %s: %s", percentOf(f.back.ok, f.back.scheduled),
		bench.Things(f.back.scheduled, "victim", "victims"), lasting(f.v.recovery.seconds()-float64(f.back.bins)), since, lossWords(f.back))
}
