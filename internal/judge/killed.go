package judge

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// killedBack is how long before a worker's end every second must be valid to blame the server
// for it: a stall of the host can make a watchdog take a worker for dead.
const killedBack = 3 * second

// killed are the workers that ended because of honest requests.
type killed struct {
	n    int            // that did not end as planned
	how  map[string]int // these by what ended them
	lost int            // others, whose end took an honest request with it
}

// killedWorkers looks at the processes that served and ended from the first fault to the end
// of the watch.
func (f *facts) killedWorkers() killed {
	v := f.v
	k := killed{how: map[string]int{}}
	if v.fault.empty() || !v.head.Any(killsNobody) || v.head.Any(mayKill) {
		return k
	}
	held := map[int][]bench.Receipt{} // start receipts of honest requests that got no right answer
	for _, p := range f.parts {
		if !killsNobody(p.head.Traits) {
			continue
		}
		starts := p.starts()
		for _, s := range within(p.provokers, v.fault) {
			if s.Outcome == bench.Unsent || p.rightAnswer(s) {
				continue
			}
			for _, r := range starts[s.Nonce] {
				held[r.PID] = append(held[r.PID], r)
			}
		}
	}
	bins := slices.Concat(f.bins, v.bins(v.recovery.from, v.recovery.to))
	served := v.served()
	for _, e := range v.procs {
		from, ok := served[e.PID]
		if e.Event != bench.Died || !ok || e.T < from || e.T < v.fault.from || e.T >= v.end || !validThrough(bins, span{max(v.fault.from, e.T-killedBack), e.T}) {
			continue
		}
		switch took := slices.ContainsFunc(held[e.PID], func(r bench.Receipt) bool { return r.T <= e.T }); {
		case e.Exit != nil && !planned(*e.Exit, v.head.Target.Claims):
			k.n++
			k.how[causeOf(e.Exit)]++
		case took:
			k.lost++
		}
	}
	return k
}

func killsNobody(t bench.Traits) bool { return t.KillsNobody }

// mayKill says that a part of a mix has faults for which a server may end a worker, or that end
// one themselves: nobody knows then what has ended it.
func mayKill(t bench.Traits) bool {
	return !t.KillsNobody && !t.SparesWorkers && (!t.MustComplete || t.Expects != "")
}

// validThrough says that every second of s that a bin covers is valid, and that one does.
func validThrough(bins []bench.Bin, s span) bool {
	covered := false
	for _, b := range bins {
		if b.From <= s.to && s.from < b.To {
			if !b.Valid {
				return false
			}
			covered = true
		}
	}
	return covered
}

// killedWords: "workers killed: 2 (2 SIGKILL) although every request was honest".
func (f *facts) killedWords() string {
	k := f.killedWorkers()
	if k.n+k.lost == 0 {
		return ""
	}
	var how []string
	for cause, n := range k.how {
		how = append(how, bench.Grouped(n)+" of "+cause)
	}
	slices.Sort(how)
	if k.lost > 0 {
		how = append(how, bench.Grouped(k.lost)+" ended with the request that it served")
	}
	return fmt.Sprintf(bench.WorkersKilled+": %s (%s), although every request was honest", bench.Grouped(k.n+k.lost), strings.Join(how, ", "))
}
