package judge

import (
	"cmp"
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// MaxInvalid is how many invalid attempts of a cell benchrun repeats by default.
const MaxInvalid = 2

// MostInvalid is how many of these attempts of a cell may be invalid. The first invalid
// one that had company (bench.Attempt.Company) does not count.
func MostInvalid(attempts []bench.Attempt) int {
	if slices.ContainsFunc(attempts, func(a bench.Attempt) bool { return a.Company > 0 && a.Verdict == bench.Invalid }) {
		return MaxInvalid + 1
	}
	return MaxInvalid
}

// Folded is what the attempts of a cell come to.
type Folded struct {
	bench.Judgement     // of the cell
	Published       int // index of the attempt whose measures and reasons these are; -1 = no attempt
}

// Wanted says whether a cell needs another attempt to be confirmed by k of them, and
// by one that no other cells disturbed. judged[i] is the judgement of attempts[i].
func Wanted(attempts []bench.Attempt, judged []bench.Judgement, k int) bool {
	valid, calm := 0, 0
	for i, j := range judged {
		if j.Verdict != bench.Invalid {
			valid++
			if i >= len(attempts) || !attempts[i].Disturbed {
				calm++
			}
		}
	}
	if valid > 0 && calm == 0 {
		k = max(k, 2)
	}
	again, _ := Next(judged, k, MostInvalid(attempts))
	return again
}

// Next says whether a cell needs another attempt after these, and why. A cell
// that held, or cannot be run, is done. One that did not hold needs k attempts in
// all (k < 1 counts as 1) that say so; the first that disagrees ends the cell. An
// invalid attempt confirms nothing and is repeated, at most maxInvalid times for
// each cell. A wrong body needs no confirmation.
func Next(attempts []bench.Judgement, k, maxInvalid int) (again bool, why string) {
	invalid, valid := 0, 0
	for _, a := range attempts {
		switch {
		case a.Verdict == bench.Held || a.Verdict == bench.Unsupported:
			return false, "an attempt says " + a.Verdict.String()
		case decisive(a):
			return false, "a wrong body needs no confirmation"
		case a.Verdict == bench.Invalid:
			invalid++
		default:
			valid++
		}
	}
	k = max(k, 1)
	switch {
	case len(attempts) == 0:
		return true, "the first attempt"
	case valid >= k:
		return false, fmt.Sprintf("confirmed by %d of %d attempts", valid, k)
	case invalid > maxInvalid:
		return false, fmt.Sprintf("%d attempts were invalid", invalid)
	case attempts[len(attempts)-1].Verdict == bench.Invalid:
		return true, "the last attempt was invalid"
	}
	return true, fmt.Sprintf("to confirm %s: %d of %d attempts say so", attempts[len(attempts)-1].Verdict, valid, k)
}

// fold combines the attempts of a cell, in the order in which they were made.
//
// The cell is as good as the best of its valid attempts. So "failed" stands only
// when every attempt says failed: a claim that the next attempt contradicts is
// not confirmed, and must not fail a gate. When attempts disagree, the cell is
// flagged flaky, for every verdict. The exception is a wrong or corrupt body,
// which no noise of the host can produce: one is enough.
//
// If the last attempt is invalid (the retries ran out) and none held, a verdict
// that still needed confirmation does not get it: the cell is invalid and flagged
// unconfirmed. The cell's figures always come from an attempt with the cell's
// verdict: of these, published is the one with the median h (the lower one of
// two). One that other cells may have disturbed is published only if there is no
// other. made[i] says what attempts[i] was; nil = nothing disturbed them.
func fold(attempts []bench.Judgement, made []bench.Attempt) Folded {
	if len(attempts) == 0 {
		return Folded{bench.Judgement{
			Reasons: []string{"no attempt was made"}, Flags: []string{}, Measures: bench.Measures{},
		}, -1}
	}
	verdict, valid := bench.Invalid, []int{}
	disagree, wrong := false, false
	for i, a := range attempts {
		if a.Verdict == bench.Invalid {
			continue
		}
		disagree = disagree || (len(valid) > 0 && a.Verdict != attempts[valid[0]].Verdict)
		wrong = wrong || decisive(a)
		valid = append(valid, i)
		verdict = max(verdict, a.Verdict)
	}
	last := len(attempts) - 1
	if len(valid) == 0 {
		return publish(attempts, last)
	}
	if wrong {
		verdict = bench.Failed
	}
	waiting := attempts[last].Verdict == bench.Invalid && verdict < bench.Held && verdict != bench.Unsupported && !wrong
	f := publish(attempts, medianH(attempts, made, valid, verdict, wrong))
	f.Verdict = verdict
	if disagree {
		f.Flags = append(f.Flags, bench.FlagFlaky)
		f.Reasons = f.because(disagreement(attempts, valid))
	}
	if waiting {
		f.Verdict = bench.Invalid
		f.Flags = append(f.Flags, bench.FlagUnconfirmed)
		f.Reasons = f.because(fmt.Sprintf("%s, but %s after it: not confirmed", verdict,
			bench.Things(len(attempts)-valid[len(valid)-1]-1, "attempt was invalid", "attempts were invalid")))
	}
	return f
}

// because puts a reason first.
func (f Folded) because(reason string) []string {
	out := append([]string{reason}, f.Reasons...)
	return out[:min(len(out), mostReasons)]
}

// publish copies an attempt's judgement, so that adding to it changes nothing
// of the attempt's.
func publish(attempts []bench.Judgement, i int) Folded {
	f := Folded{attempts[i], i}
	f.Reasons = append([]string{}, f.Reasons...)
	f.Flags = append([]string{}, f.Flags...)
	return f
}

// decisive says that a judgement needs no confirmation.
func decisive(a bench.Judgement) bool {
	return a.Verdict == bench.Failed && slices.Contains(a.Flags, bench.FlagWrongBody)
}

// medianH picks, of the valid attempts with the verdict, the one with the
// median h. Attempts without one come first.
func medianH(attempts []bench.Judgement, made []bench.Attempt, valid []int, verdict bench.Verdict, wrong bool) int {
	var at []int
	for _, i := range valid {
		if attempts[i].Verdict == verdict && (!wrong || decisive(attempts[i])) {
			at = append(at, i)
		}
	}
	calm := slices.DeleteFunc(slices.Clone(at), func(i int) bool { return i < len(made) && made[i].Disturbed })
	if len(calm) > 0 {
		at = calm
	}
	h := func(i int) float64 {
		if m := attempts[i].Measures["h"]; m.Value != nil {
			return *m.Value
		}
		return -1
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(h(a), h(b)) })
	return at[(len(at)-1)/2]
}

// disagreement: "attempts disagree: failed, held".
func disagreement(attempts []bench.Judgement, valid []int) string {
	s := "attempts disagree: "
	for n, i := range valid {
		if n > 0 {
			s += ", "
		}
		s += attempts[i].Verdict.String()
	}
	return s + "; what was not confirmed does not count"
}
