package judge

import (
	"fmt"

	"benchrun/internal/bench"
)

// crashed is what became of the workers where faults kill some of them.
type crashed struct {
	died    int // since the faults began, and not as planned
	missing int // of these: nobody is there in their place, although they died long enough ago
	young   int // died so late that nobody need be there yet
	left    int // workers at the end of the watch
	before  int // when the faults began
	fewer   int // are left than that
}

// kills says that a fault is to end the process that serves it.
func kills(t bench.Traits) bool { return t.Expects == bench.ExpectsDeath }

// crashed compares how many workers there are at the end of the watch with how many there were
// when the faults began. Workers that have left as planned need no successor: a server may
// have as many as it likes. Nor is one needed where as many are left as the profile should have.
func (v *view) crashed() crashed {
	first := v.fault.from
	if !v.head.Any(kills) || v.fault.empty() {
		return crashed{}
	}
	c, asPlanned := crashed{}, 0
	all := v.turnover(v.members(), first)
	for _, m := range all.workers {
		if m.from <= first && m.to > first {
			c.before++
		}
		if m.to == never {
			c.left++
		}
		switch e, ended := v.endOf(m); {
		case !ended || m.to <= first:
		case !v.crash(e):
			asPlanned += oneOf(m.served < never)
		default:
			c.died++
			c.young += oneOf(m.to > v.end-int64(bench.RespawnLimit))
		}
	}
	c.fewer = max(0, c.before-c.left)
	if c.left < all.need {
		c.missing = min(c.died, max(0, c.fewer-asPlanned))
	}
	c.young = min(c.young, c.missing)
	c.missing -= c.young
	return c
}

// endOf is the event of a worker's end.
func (v *view) endOf(m member) (e bench.ProcEvent, ended bool) {
	for _, e := range v.procs {
		if e.Event == bench.Died && e.PID == m.pid && e.T == m.to {
			return e, true
		}
	}
	return e, false
}

// crash says that a worker did not end as planned. If nobody could learn how it ended, only
// a request of the fault that it had begun says so.
func (v *view) crash(e bench.ProcEvent) bool {
	if e.Exit != nil {
		return !planned(*e.Exit, v.head.Target.Claims)
	}
	for _, r := range v.receipts {
		if r.PID == e.PID && r.Event == bench.ReceiptStart && r.T <= e.T {
			return true
		}
	}
	return false
}

// respawned says that every worker that crashed has a successor, or will have none.
func (v *view) respawned() bool {
	c := v.crashed()
	return c.young == 0 || c.missing > 0
}

// notRespawnedWords: "workers not replaced: 12 of 12 that died, 10 s later: 12 more and nobody
// serves".
func (f *facts) notRespawnedWords() string {
	c := f.crashed
	if c.missing == 0 {
		return ""
	}
	return fmt.Sprintf(bench.NotReplaced+": %s of %s that died, %s s later: %s more and nobody serves", bench.Grouped(c.missing), bench.Grouped(c.died),
		figure(bench.RespawnLimit.Seconds(), 1), bench.Grouped(c.left))
}

func oneOf(is bool) int {
	if is {
		return 1
	}
	return 0
}
