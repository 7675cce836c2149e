package judge

import (
	"fmt"
	"maps"
	"net/http"
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
	// refused is how many of the others got a whole answer that names a limit of the server, by
	// its status.
	refused map[int]int
}

func (v *view) honest(bins []bench.Bin) honest {
	h := honest{how: map[string]int{}, refused: map[int]int{}}
	if !v.head.Traits.MustComplete {
		return h
	}
	latest := v.end - honestPatience - int64(v.head.Traits.OwnHold())
	for _, s := range within(v.provokers, v.fault) {
		if s.Outcome == bench.Unsent || s.Due > latest || !validAt(bins, s.Due) {
			continue
		}
		h.due++
		switch {
		case v.rightAnswer(s):
		case v.refusedByLimit(s):
			h.refused[s.Status]++
		default:
			h.lost++
			h.how[v.insteadWords(s)]++
		}
	}
	return h
}

// limits are the statuses by which a server says that it does not take such a body: it wants to
// know its length (RFC 9110, section 15.5.12), it is too large for it (15.5.14), or it does not
// know the Expect header (15.5.18).
var limits = []int{http.StatusLengthRequired, http.StatusRequestEntityTooLarge, http.StatusExpectationFailed}

// refusedByLimit says that an honest upload got such an answer, and the whole of it.
func (v *view) refusedByLimit(s bench.Sample) bool {
	return v.head.Traits.Uploads() && s.Outcome == bench.Completed && slices.Contains(limits, s.Status)
}

func (h honest) refusals() int {
	n := 0
	for _, of := range h.refused {
		n += of
	}
	return n
}

// refusedWords: "13 of 13 large uploads got a refusal that names a limit of the server (13 with
// status 413), which decides nothing". It is "" if none did.
func (f *facts) refusedWords() string {
	return f.each(func(p part) string {
		h := p.honest
		if h.refusals() == 0 {
			return ""
		}
		var how []string
		for _, status := range slices.Sorted(maps.Keys(h.refused)) {
			how = append(how, fmt.Sprintf("%s with status %d", bench.Grouped(h.refused[status]), status))
		}
		noun := p.head.Traits.Noun
		return fmt.Sprintf("%s of %s got a refusal that names a limit of the server (%s), which decides nothing",
			bench.Grouped(h.refusals()), bench.Things(h.due, noun[0], noun[1]), strings.Join(how, ", "))
	})
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
