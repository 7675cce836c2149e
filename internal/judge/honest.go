package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// honestPatience is how long an honest request of the fault may take beyond the
// family's hold, in ns: longer than any victim.
const honestPatience = 5 * second

// honest is what became of provokers that are honest requests themselves.
type honest struct {
	due  int            // in valid seconds, and early enough to have ended
	lost int            // of these, without a right answer
	how  map[string]int // the lost ones by what came instead
}

func (v *view) honest(bins []bench.Bin) honest {
	h := honest{how: map[string]int{}}
	if !v.head.Traits.MustComplete {
		return h
	}
	latest := v.end - honestPatience - int64(v.head.Traits.OwnHold())
	for _, s := range within(v.provokers, v.fault) {
		if s.Outcome == bench.Unsent || s.Due > latest || !validAt(bins, s.Due) {
			continue
		}
		h.due++
		if !v.rightAnswer(s) {
			h.lost++
			h.how[v.insteadWords(s)]++
		}
	}
	return h
}

// rightAnswer says that a provoker got its own answer: clients set Error if a 200
// was meant for another request.
func (v *view) rightAnswer(s bench.Sample) bool {
	return s.Outcome == bench.Completed && s.Status == v.head.Traits.RightStatus() && s.Error == ""
}

// insteadWords says what came instead of a right answer.
func (v *view) insteadWords(s bench.Sample) string {
	switch {
	case s.Outcome == bench.Completed && s.Status != v.head.Traits.RightStatus():
		return fmt.Sprintf("answered with status %d", s.Status)
	case s.Outcome == bench.Completed:
		return "answered wrongly"
	case s.Outcome == bench.NoConnect:
		return "refused a connection"
	case s.Outcome == bench.Cut:
		return "cut off"
	}
	return "not answered"
}

// honestWords: "honest requests lost: 11 of 12 (9 answered with status 413, 2 cut
// off)". It is "" when no more than one, or no more than 5 %, were lost. The request
// of a fault that comes once is the only one.
func (f *facts) honestWords() string {
	return f.each(func(p part) string {
		h := p.honest
		if only := f.v.head.Every == bench.Once && h.lost > 0; !only && !shortOf(h.due, h.due-h.lost) {
			return ""
		}
		var how []string
		for _, what := range slices.Sorted(maps.Keys(h.how)) {
			how = append(how, bench.Grouped(h.how[what])+" "+what)
		}
		return fmt.Sprintf(bench.HonestLost+": %s of %s (%s)", bench.Grouped(h.lost), bench.Grouped(h.due), strings.Join(how, ", "))
	})
}
