package judge

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// race is what became of requests on kept connections whose idle timeout was ending.
type race struct {
	tried  int       // pairs of connections
	kept   int       // of these, kept for a while
	idle   []float64 // how long the server kept one before it closed it, seconds, ascending
	open   int64     // the longest that one stayed idle and open, ns
	reused int       // requests sent on the other one of a pair
	right  int       // of these, got their right answer
	cut    int       // of these, begun by the app, and without a right answer
}

// race looks at the requests that were decided while the target was watched. The app's
// start receipt tells a request that was cut in flight from one that met the end of an
// idle connection, which HTTP/1.1 cannot prevent.
func (v *view) race() race {
	r := race{}
	if v.head.Traits.Reuses == "" {
		return r
	}
	begun := map[string]bool{}
	for _, x := range v.receipts {
		if x.Event == bench.ReceiptStart && x.Fault == v.head.Traits.Reuses && x.T <= v.end {
			begun[x.Nonce] = true
		}
	}
	for _, s := range within(v.provokers, v.fault) {
		if s.Sent == 0 || s.Outcome == bench.NoConnect {
			continue
		}
		r.tried++
		if s.Idle == 0 {
			continue
		}
		r.kept++
		if s.Done > v.end || s.Outcome == bench.HeldOpen && s.Bytes == 0 { // nothing was decided while the target was watched
			r.open = max(r.open, min(s.Idle, max(0, v.end-s.Sent)))
			continue
		}
		r.idle = append(r.idle, seconds(s.Idle))
		if s.Bytes == 0 {
			continue
		}
		r.reused++
		switch {
		case v.rightAnswer(s):
			r.right++
		case begun[s.Nonce]:
			r.cut++
		}
	}
	slices.Sort(r.idle)
	return r
}

func (r race) late() int { return r.reused - r.right - r.cut }

// cutWords: "cut in flight: 12 of 20 requests on a kept connection, 2.0 s after its last
// answer, although the app had begun them". A single one is reported and decides nothing.
func (r race) cutWords() string {
	if r.cut < 2 {
		return ""
	}
	return fmt.Sprintf(bench.CutInFlight+": %s of %s on kept connections, about %s s after the last answer, although the app had begun them",
		bench.Grouped(r.cut), bench.Things(r.reused, "request", "requests"), figure(r.timeout(), 1))
}

func (r race) timeout() float64 {
	if len(r.idle) == 0 {
		return 0
	}
	return r.idle[len(r.idle)/2]
}

// words: "the server closes idle connections after 2 s; of 14 requests sent just
// then, 12 got the right answer and 2 met the end of the idle connection; 6 connections were
// closed before a request was sent".
func (r race) words() string {
	switch {
	case r.tried == 0:
		return ""
	case r.kept == 0:
		return "the server kept no connection, so none could be reused"
	case len(r.idle) == 0:
		return fmt.Sprintf("the server closed no idle connection within %s s, so none was reused at its idle timeout", figure(seconds(r.open), 1))
	}
	s := fmt.Sprintf("the server closes idle connections after %s s", figure(r.timeout(), 1))
	if r.reused == 0 {
		return s + "; each was closed before a request was sent on it"
	}
	s += fmt.Sprintf("; of %s sent just then, %s got the right answer and %s met the end of the idle connection",
		bench.Things(r.reused, "request", "requests"), bench.Grouped(r.right), bench.Grouped(r.late()))
	if before := len(r.idle) - r.reused; before > 0 {
		s += "; " + bench.Things(before, "connection was", "connections were") + " closed before a request was sent"
	}
	if r.cut > 0 {
		s += "; " + bench.Things(r.cut, "request was", "requests were") + " cut in flight"
	}
	return s
}

func (r race) measure(m sheet) {
	switch {
	case len(r.idle) > 0:
		m.set("idle_timeout", r.timeout(), len(r.idle))
	case r.open > 0:
		m.above("idle_timeout", seconds(r.open), r.kept)
	}
	if r.tried > 0 {
		m.set("reused", float64(r.reused), r.tried)
		m.set("reused_late", float64(r.late()), r.reused)
		m.set("reused_cut", float64(r.cut), r.reused)
	}
}
