package judge

import (
	"cmp"
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// Pair is one attempt of each side of a duel, made one right after the other
// under the same schedule.
type Pair struct {
	A, B bench.Judgement
	// Losses are the differences of the fault phase's seconds, of those that are
	// valid on both sides: B's loss less A's, in percent of a second's victims.
	Losses []float64
}

// Judged is an attempt's record with what Judge says of it.
type Judged struct {
	Record    *bench.Record
	Judgement bench.Judgement
}

// NewPair sets the seconds of two attempts side by side.
func NewPair(a, b Judged) Pair {
	p := Pair{A: a.Judgement, B: b.Judgement}
	binsA, binsB := faultBins(a.Record), faultBins(b.Record)
	for i := range min(len(binsA), len(binsB)) {
		if x, y := binsA[i], binsB[i]; x.Valid && y.Valid {
			p.Losses = append(p.Losses, loss(y)-loss(x))
		}
	}
	return p
}

func faultBins(rec *bench.Record) []bench.Bin {
	v := newView(rec)
	return v.bins(v.fault.from, v.fault.to)
}

// loss is the share of a second's victims that were not served, in percent.
func loss(b bench.Bin) float64 {
	if b.Scheduled == 0 {
		return 0
	}
	return 100 * float64(b.Missed()) / float64(b.Scheduled)
}

// Loss is the median of the pair's differences: positive where B lost more. The
// median ignores bursts, which is what a busy host's losses come in.
func (p Pair) Loss() float64 {
	n := len(p.Losses)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(p.Losses))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// DuelMargin is the smallest paired loss that is claimed, in percent of the
// victims: the smallest loss that a single attempt claims.
const DuelMargin = claimPercent

// Answer is what one pair says by itself.
func (p Pair) Answer() bench.Answer {
	heldA, heldB := p.A.Verdict == bench.Held, p.B.Verdict == bench.Held
	switch {
	case p.A.Verdict == bench.Invalid || p.B.Verdict == bench.Invalid,
		p.A.Verdict == bench.Unsupported || p.B.Verdict == bench.Unsupported:
		return bench.DuelInvalid
	case !heldA && !heldB: // B proves nothing if the host or the scenario does the same to A
		return bench.DuelInvalid
	case heldA && !heldB:
		return bench.DuelWorse
	case !heldA:
		return bench.DuelBetter
	case p.Loss() > DuelMargin:
		return bench.DuelWorse
	case p.Loss() < -DuelMargin:
		return bench.DuelBetter
	}
	return bench.DuelSame
}

// Duel is what the pairs of a scenario come to.
type Duel struct {
	Answer  bench.Answer
	Reasons []string
	Flaky   bool    // a difference was seen that did not repeat
	Loss    float64 // median of all pairs' differences, percent
}

// maxInvalidPairs is how many pairs that say nothing are made again.
const maxInvalidPairs = 1

// NextPair says whether a duel needs another pair after these. A difference must
// repeat: it stands when need pairs (at least 2) in a row give the same answer,
// and falls with the first that does not. One pair without a difference is
// enough.
func NextPair(pairs []Pair, need int) bool {
	need = max(need, 2)
	said, invalid := said(pairs)
	switch {
	case invalid > maxInvalidPairs:
		return false
	case len(said) == 0:
		return true
	case said[len(said)-1] == bench.DuelSame || !uniform(said):
		return false
	}
	return len(said) < need
}

// said lists the answers of the valid pairs, and counts the invalid ones.
func said(pairs []Pair) (answers []bench.Answer, invalid int) {
	for _, p := range pairs {
		if a := p.Answer(); a != bench.DuelInvalid {
			answers = append(answers, a)
		} else {
			invalid++
		}
	}
	return answers, invalid
}

func uniform(list []bench.Answer) bool { return len(slices.Compact(slices.Clone(list))) <= 1 }

// Decide returns the result of the pairs, given in the order in which they were
// made. a and b name the sides in the reasons.
func Decide(pairs []Pair, need int, a, b string) Duel {
	need = max(need, 2)
	answers, _ := said(pairs)
	d := Duel{Answer: bench.DuelInvalid, Reasons: []string{}}
	var all []float64
	var telling []Pair
	for _, p := range pairs {
		if p.Answer() != bench.DuelInvalid {
			all = append(all, p.Losses...)
			telling = append(telling, p)
		}
	}
	d.Loss = Pair{Losses: all}.Loss()
	switch {
	case len(answers) == 0:
		d.Reasons = append(d.Reasons, invalidWords(pairs, a, b))
	case answers[len(answers)-1] != bench.DuelSame && uniform(answers) && len(answers) < need:
		d.Reasons = append(d.Reasons, fmt.Sprintf("%s was seen %s, and could not be tried again: %s",
			answers[0], bench.Things(len(answers), "time", "times"), invalidWords(pairs, a, b)))
	case uniform(answers):
		d.Answer = answers[0]
	default:
		d.Answer, d.Flaky = bench.DuelSame, true
		d.Reasons = append(d.Reasons, "pairs disagree: "+answerWords(answers)+"; what does not repeat does not count")
	}
	if d.Answer == bench.DuelWorse || d.Answer == bench.DuelBetter {
		d.Reasons = append(d.Reasons, d.differenceWords(telling, a, b)...)
	}
	return d
}

// invalidWords says why pairs say nothing, by the last that does not.
func invalidWords(pairs []Pair, a, b string) string {
	for i := len(pairs) - 1; i >= 0; i-- {
		p := pairs[i]
		switch {
		case p.Answer() != bench.DuelInvalid:
		case p.A.Verdict == bench.Invalid || p.A.Verdict == bench.Unsupported:
			return fmt.Sprintf("%s is %s: %s", a, p.A.Verdict, firstReason(p.A))
		case p.B.Verdict == bench.Invalid || p.B.Verdict == bench.Unsupported:
			return fmt.Sprintf("%s is %s: %s", b, p.B.Verdict, firstReason(p.B))
		default:
			return fmt.Sprintf("the baseline misbehaves too: %s %s (%s), %s %s (%s)",
				a, p.A.Verdict, firstReason(p.A), b, p.B.Verdict, firstReason(p.B))
		}
	}
	if len(pairs) > 0 {
		return "no other pair was made"
	}
	return "no pair was made"
}

func (d Duel) differenceWords(pairs []Pair, a, b string) []string {
	worst := slices.MaxFunc(pairs, func(x, y Pair) int {
		return cmp.Compare(abs(int(x.A.Verdict)-int(x.B.Verdict)), abs(int(y.A.Verdict)-int(y.B.Verdict)))
	})
	if worst.A.Verdict == worst.B.Verdict {
		return []string{fmt.Sprintf("%s loses %s points of a second's victims %s than %s, in the median of all seconds",
			b, figure(max(d.Loss, -d.Loss), 1), map[bool]string{true: "more", false: "less"}[d.Answer == bench.DuelWorse], a)}
	}
	out := []string{fmt.Sprintf("%s %s, %s %s, in %s", a, worst.A.Verdict, b, worst.B.Verdict, bench.Things(len(pairs), "pair", "pairs"))}
	side, name := worst.B, b
	if d.Answer == bench.DuelBetter {
		side, name = worst.A, a
	}
	for _, r := range side.Reasons {
		out = append(out, name+": "+r)
	}
	return out[:min(len(out), mostReasons)]
}

func abs(n int) int { return max(n, -n) }

func firstReason(j bench.Judgement) string {
	if len(j.Reasons) == 0 {
		return "no reason is given"
	}
	return j.Reasons[0]
}

func answerWords(answers []bench.Answer) string {
	s := ""
	for i, a := range answers {
		if i > 0 {
			s += ", "
		}
		s += string(a)
	}
	return s
}
