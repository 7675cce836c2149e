package judge

import (
	"fmt"
	"net/http"

	"benchrun/internal/bench"
)

// brokenOff is what became of the answers that the app broke off in the middle, until the
// shutdown: how a server stops is not part of the verdict.
type brokenOff struct {
	due      int // delivered in valid seconds, early enough to have ended, and not still stuck
	whole    int // of these, looked whole to their clients
	waiting  int // left their clients waiting, although nothing holds them
	unclosed int // of which the app was never told that they had ended
}

func (v *view) brokenOff(bins []bench.Bin) brokenOff {
	var b brokenOff
	t := v.head.Traits
	if !t.BreaksOff {
		return b
	}
	starts, died, closed := v.starts(), v.deathTimes(), v.ended()
	for _, s := range within(v.provokers, v.fault) {
		if _, ok := v.proof(s, starts, died); !ok || s.Due > v.end-honestPatience || !validAt(bins, s.Due) {
			continue
		}
		open := s.Outcome == bench.HeldOpen || s.Done >= v.end
		if open && t.HoldsSlot() { // nothing has broken off
			continue
		}
		b.due++
		switch {
		case open:
			b.waiting++
		case s.Outcome == bench.Completed && http.StatusOK <= s.Status && s.Status < http.StatusMultipleChoices:
			b.whole++
		}
		if t.Closes && !closed[s.Nonce] {
			b.unclosed++
		}
	}
	return b
}

// ended are the nonces of the faults whose end the app has told before the shutdown.
func (v *view) ended() map[string]bool {
	m := map[string]bool{}
	for _, r := range v.receipts {
		if r.Event == bench.ReceiptEnd && r.Fault == v.head.Traits.Receipt && r.T < v.end {
			m[r.Nonce] = true
		}
	}
	return m
}

// cutHiddenWords: "truncation hidden: 13 of 13 broken answers (13 looked whole)". It
// is "" when no more than one, or no more than 5 %, were hidden.
func (f *facts) cutHiddenWords() string {
	return f.each(func(p part) string { return p.brokenOff.hiddenWords() })
}

func (b brokenOff) hiddenWords() string {
	if !shortOf(b.due, b.due-b.whole-b.waiting) {
		return ""
	}
	how := bench.Grouped(b.whole) + " looked whole"
	switch {
	case b.whole == 0:
		how = bench.Grouped(b.waiting) + " left waiting"
	case b.waiting > 0:
		how += ", " + bench.Grouped(b.waiting) + " left waiting"
	}
	return fmt.Sprintf(bench.CutHidden+": %s of %s (%s)", bench.Grouped(b.whole+b.waiting), bench.Things(b.due, "broken answer", "broken answers"), how)
}

// notClosedWords: "close() not called: for 13 of 13 broken answers".
func (f *facts) notClosedWords() string {
	return f.each(func(p part) string { return p.brokenOff.unclosedWords() })
}

func (b brokenOff) unclosedWords() string {
	if !shortOf(b.due, b.due-b.unclosed) {
		return ""
	}
	return fmt.Sprintf(bench.NotClosed+": for %s of %s", bench.Grouped(b.unclosed), bench.Things(b.due, "broken answer", "broken answers"))
}

// brokenKept: "none of 13 broken answers looked whole".
func (f *facts) brokenKept() string {
	b := f.broken
	looked := "none"
	if n := b.whole + b.waiting; n > 0 {
		looked = bench.Grouped(n)
	}
	return looked + " of " + bench.Things(b.due, "broken answer", "broken answers") + " looked whole"
}
