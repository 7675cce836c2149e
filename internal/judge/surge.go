package judge

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// followedPercent of a second's requests must get a right answer in time where the answers
// follow the load.
const followedPercent = 90

// surge is what became of load beyond the ordinary one.
type surge struct {
	due   int // requests
	late  int // of these, sent late or never: the generator was the bottleneck
	climb int // valid seconds up to the highest load

	knee      int // requests of the busiest of these seconds that the answers followed; 0 = of none
	followed  bool
	best, top int // right answers in time in the best second, and in that of the highest load; top -1 = not known
	peak      int // requests of that second

	begun  int       // by the app
	stale  int       // of these, after their client had given up
	waited []float64 // from due to begun, seconds, ascending
}

// inTime says that a request of a surge got a right answer within the SLO.
func (v *view) inTime(s bench.Sample) bool {
	return v.rightAnswer(s) && s.Done > 0 && s.Done-s.Due <= v.head.SLO
}

// addSurge counts the requests of a surge that were due in each bin, and the right answers
// in time that came in it.
func (v *view) addSurge(g grid, bins []bench.Bin) {
	if v.head.Surge == nil {
		return
	}
	all := span{bins[0].From, bins[len(bins)-1].To}
	began := v.surgeBegan()
	waits := make([][]float64, len(bins))
	for _, s := range v.provokers {
		if all.holds(s.Due) {
			i := g.slot(s.Due) - 1
			bins[i].Offered++
			if t, ok := began.of(s); ok {
				waits[i] = append(waits[i], seconds(max(0, t-s.Due)))
			}
		}
		if v.inTime(s) && all.holds(s.Done) {
			bins[g.slot(s.Done)-1].Good++
		}
	}
	for i, w := range waits {
		if slices.Sort(w); len(w) > 0 {
			bins[i].Waited = w[len(w)/2]
		}
	}
}

// begun is when the app began requests, by nonce.
type begun map[string]int64

// surgeBegan looks for the first receipt of each request of a surge.
func (v *view) surgeBegan() begun {
	began := begun{}
	for _, r := range v.receipts { // ascending
		if _, again := began[r.Nonce]; r.Event == bench.ReceiptStart && r.Fault == v.head.Surge.Work && r.T <= v.end && !again {
			began[r.Nonce] = r.T
		}
	}
	return began
}

// of is when the app began a request. A receipt from before the request was sent is not its
// own.
func (b begun) of(s bench.Sample) (t int64, ok bool) {
	t, ok = b[s.Nonce]
	return t, ok && s.Sent != 0 && t >= s.Sent-receiptSlack
}

// surge looks at the fault phase, whose bins are given, for the knee: where right answers
// stop following a load that rises.
func (v *view) surge(bins []bench.Bin) surge {
	s := surge{top: -1}
	if v.head.Surge == nil || len(bins) == 0 {
		return s
	}
	requests := within(v.provokers, v.fault)
	answered := make([]int, len(bins)) // right and in time, by when the request was due
	for _, r := range requests {
		s.due++
		if generatorFault(r) != "" {
			s.late++
		}
		if i := (r.Due - bins[0].From) / second; i < int64(len(bins)) && v.inTime(r) {
			answered[i]++
		}
	}
	peak := 0
	for i, b := range bins {
		if b.Offered > bins[peak].Offered {
			peak = i
		}
		if b.Valid {
			s.best = max(s.best, b.Good)
		}
	}
	s.peak = bins[peak].Offered
	if bins[peak].Valid {
		s.top = bins[peak].Good
	}
	for i, b := range bins[:peak+1] {
		if !b.Valid || b.Offered == 0 {
			continue
		}
		s.climb++
		if answered[i]*100 >= followedPercent*b.Offered && b.Offered > s.knee {
			s.knee, s.followed = b.Offered, i == peak
		}
	}
	v.surgeWork(&s, requests)
	return s
}

// surgeWork looks at what the app began of a surge, and when.
func (v *view) surgeWork(s *surge, requests []bench.Sample) {
	began := v.surgeBegan()
	for _, r := range requests {
		t, ok := began.of(r)
		if !ok {
			continue
		}
		s.begun++
		s.waited = append(s.waited, seconds(max(0, t-r.Due)))
		if r.Outcome != bench.Completed && r.Done > 0 && t > r.Done {
			s.stale++
		}
	}
	slices.Sort(s.waited)
}

// queueing is the 99th percentile of the wait.
func (s surge) queueing() float64 { return s.waited[(len(s.waited)*99+99)/100-1] }

func (s surge) measure(m sheet) {
	if s.due == 0 {
		return
	}
	switch {
	case s.climb < 2 || s.knee == 0: // it did not rise, or the knee is below its beginning
	case s.followed:
		m.above("knee", float64(s.knee), s.climb)
	default:
		m.set("knee", float64(s.knee), s.climb)
	}
	m.set("goodput_best", float64(s.best), s.due)
	if s.top >= 0 {
		m.set("goodput_top", float64(s.top), s.peak)
	}
	if s.begun > 0 {
		m.set("queueing", s.queueing(), s.begun)
		m.set("stale_work", 100*float64(s.stale)/float64(s.begun), s.begun)
	}
}

// words: "right answers in time followed the load up to 25 a second; at the highest, 400 a
// second, 20 came, and 22 in the best second; the app began 312 of 1,284 requests, 0 of them
// after their clients had given up".
func (s surge) words() string {
	var parts []string
	switch {
	case s.due == 0:
		return ""
	case s.climb < 2:
	case s.knee == 0:
		parts = append(parts, "right answers in time never followed the load")
	case s.followed:
		parts = append(parts, "right answers in time followed the load to its highest, "+bench.Grouped(s.knee)+" a second")
	default:
		parts = append(parts, "right answers in time followed the load up to "+bench.Grouped(s.knee)+" a second")
	}
	if s.top >= 0 && !s.followed {
		parts = append(parts, fmt.Sprintf("in the second of the highest load, %s, %s came, and %s in the best second",
			bench.Things(s.peak, "request", "requests"), bench.Grouped(s.top), bench.Grouped(s.best)))
	}
	return strings.Join(append(parts, fmt.Sprintf("the app began %s of %s, %s of them after their clients had given up",
		bench.Grouped(s.begun), bench.Things(s.due, "request", "requests"), bench.Grouped(s.stale))), "; ")
}

// lateWords: "the load was not sent as it was due: 312 of 1,284 requests were late".
func (s surge) lateWords() string {
	return fmt.Sprintf("the load was not sent as it was due: %s of %s were late", bench.Grouped(s.late), bench.Things(s.due, "request", "requests"))
}
