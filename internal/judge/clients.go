package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// What a fault's clients may not do to a server, and the server not to them, whatever they
// send.

// harmed is what became of the workers, and of clients that send one of many texts.
type harmed struct {
	deaths  int     // of processes that served, from the fault phase on, that nobody planned
	causes  []cause // of these, most frequent first
	hung    []text  // texts of which every client was left hanging
	crossed int     // clients of the fault that got another's answer
	of      int     // clients of the fault
}

// text is one of those that the fault's clients send, and what became of these.
type text struct {
	name     string
	sent     int
	held     int // of these, still open when the client gave up
	promised bool
	longest  int64 // that one of the held ones waited, ns
}

// The fewest that prove something: one alone may be chance.
const (
	leastDied = 2
	leastHung = 2
)

func (f *facts) harmed() harmed {
	h := harmed{}
	if f.v.fault.empty() {
		return h
	}
	texts := map[string]*text{}
	for _, s := range within(f.v.provokers, f.v.fault) {
		if s.Sent == 0 || s.Outcome == bench.NoConnect || s.Outcome == bench.Unsent {
			continue
		}
		h.of++
		if s.Outcome == bench.Wrong {
			h.crossed++
		}
		if s.Text == "" || s.Done > f.v.end || !validAt(f.bins, s.Due) {
			continue
		}
		x := texts[s.Text]
		if x == nil {
			x = &text{name: s.Text}
			texts[s.Text] = x
		}
		x.sent++
		x.promised = x.promised || s.Promised
		if s.Outcome == bench.HeldOpen {
			x.held++
			x.longest = max(x.longest, s.Done-s.Sent)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if x := texts[name]; !x.promised && x.sent >= leastHung && x.held == x.sent {
			h.hung = append(h.hung, *x)
		}
	}
	// Where a part of a mix ends workers, nobody knows which one did.
	if !slices.ContainsFunc(f.parts, func(p part) bool { return !p.head.Traits.SparesWorkers }) {
		h.deaths, h.causes = f.deathsOf(h.of)
	}
	return h
}

// deathsOf counts the processes that served and ended while so many clients came, or later, and
// for which the clients are the only explanation.
func (f *facts) deathsOf(clients int) (n int, causes []cause) {
	v := f.v
	how := v.ends(span{v.fault.from, v.end}, false, f.waitedTooLong())
	if f.forced(clients) {
		maps.Copy(how, v.ends(v.fault, true, nil))
	}
	for words, of := range how {
		n += of
		causes = append(causes, cause{words, of})
	}
	slices.SortFunc(causes, func(a, b cause) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.words, b.words)) })
	return n, causes
}

// leastForced is how many ends that look planned there must be for each client of the fault.
const leastForced = 0.25

// forced says that more workers ended as if planned in the fault phase than any plan explains:
// more than a quarter as many as there were clients, and more than if every worker had been
// due just after the baseline, and again each time as long after, beside those that ended in it.
func (f *facts) forced(clients int) bool {
	v := f.v
	if v.baseline.empty() {
		return false
	}
	n, before := 0, v.head.Target.Workers
	for _, of := range v.ends(v.fault, true, nil) {
		n += of
	}
	for _, of := range v.ends(v.baseline, true, nil) {
		before += of
	}
	times := 1 + float64(v.fault.to-v.fault.from)/float64(v.baseline.to-v.baseline.from)
	return float64(n) > leastForced*float64(clients) && float64(n) > times*float64(before)
}

// waitedTooLong returns a function that says of the end of a worker whether the documented
// watchdog explains it: a client that had promised more was still there, and had been for more
// than half as long as the watchdog waits. It explains one end for each such client.
func (f *facts) waitedTooLong() func(at int64) bool {
	watchdog := int64(bench.Seconds(f.v.head.Target.Claims.Watchdog))
	used := map[string]bool{}
	return func(at int64) bool {
		if watchdog == 0 {
			return false
		}
		for _, s := range within(f.v.provokers, f.v.fault) {
			if s.Promised && s.Sent > 0 && at-s.Sent > watchdog/2 && s.Done > at-watchdog/10 && !used[s.Nonce] {
				used[s.Nonce] = true
				return true
			}
		}
		return false
	}
}

// ends counts the processes that served and ended within s, by how: those that ended as if
// planned, or the others, without those that are excused (nil = none). A worker that has served
// for as long as it may exits with 0 or the documented code, or the leader asks it to.
func (v *view) ends(s span, asPlanned bool, excused func(at int64) bool) map[string]int {
	served, how := v.served(), map[string]int{}
	for _, e := range v.procs {
		if e.Event != bench.Died || !s.holds(e.T) || e.Exit == nil {
			continue
		}
		if _, ok := served[e.PID]; ok && planned(*e.Exit, v.head.Target.Claims) == asPlanned && (excused == nil || !excused(e.T)) {
			how[causeOf(e.Exit)]++
		}
	}
	return how
}

// plannedSignals are those by which a leader asks a worker to end.
var plannedSignals = []string{"SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1"}

func planned(e bench.ExitStatus, c bench.Claims) bool {
	return e.Signal == "" && (e.Code == 0 || e.Code == c.RetireCode) || slices.Contains(plannedSignals, e.Signal)
}

// diedWords: "workers died: 95 (exit code 1), although all that 130 malformed requests did was
// to send bytes".
func (f *facts) diedWords() string {
	h := f.harm
	if h.deaths < leastDied {
		return ""
	}
	var how []string
	for _, c := range h.causes {
		how = append(how, bench.Grouped(c.n)+" ("+c.words+")")
	}
	return fmt.Sprintf(bench.WorkersDied+": %s, although all that %s did was to send bytes", strings.Join(how, ", "), f.clientsWords())
}

func (f *facts) clientsWords() string {
	if f.mixed() {
		return bench.Things(f.harm.of, "fault", "faults")
	}
	noun := f.v.head.Traits.Noun
	return bench.Things(f.harm.of, noun[0], noun[1])
}

// mostTexts is how many texts a reason names.
const mostTexts = 3

// hungWords: "left hanging: all 4 clients that sent a negative Content-Length: 5.0 s later
// there was neither an answer nor the end of the connection".
func (f *facts) hungWords() string {
	if len(f.harm.hung) == 0 {
		return ""
	}
	var names []string
	n, longest := 0, int64(0)
	for _, x := range f.harm.hung {
		n += x.sent
		longest = max(longest, x.longest)
		if len(names) < mostTexts {
			names = append(names, clean(x.name))
		}
	}
	if more := len(f.harm.hung) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("or one of %s", bench.Things(more, "other text", "other texts")))
	}
	return fmt.Sprintf(bench.LeftHanging+": all %s that sent %s: %.1f s later there was neither an answer nor the end of the connection",
		bench.Things(n, "client", "clients"), strings.Join(names, ", "), seconds(longest))
}

// crossedWords: "12 of 130 malformed requests got another's answer".
func (f *facts) crossedWords() string {
	return fmt.Sprintf("%s of %s got an answer that was meant for another client", bench.Grouped(f.harm.crossed), f.clientsWords())
}
