package judge

import (
	"fmt"

	"benchrun/internal/bench"
)

// refusal is what a server did while the app could not be loaded.
type refusal struct {
	known bool
	ns    int64 // how long that was
	born  int   // processes that were started meanwhile
}

func (v *view) refusal() refusal {
	if v.head.Traits.Expects != bench.ExpectsRefusal || len(v.signals) == 0 {
		return refusal{}
	}
	broken := span{v.signals[0].T, v.first(v.end, bench.MarkRepaired)}
	r := refusal{known: true, ns: max(0, broken.to-broken.from)}
	for _, e := range v.procs {
		if e.Event == bench.Born && broken.holds(e.T) {
			r.born++
		}
	}
	return r
}

// refusalWords: "19 processes were started in the 8.0 s in which the app could not be
// loaded".
func (f *facts) refusalWords() string {
	if !f.refused.known {
		return ""
	}
	return fmt.Sprintf("%s started in the %.1f s in which the app could not be loaded", bench.Things(f.refused.born, "process was", "processes were"), seconds(f.refused.ns))
}

// brokenStartWords says what the server did when it was started with such an app: "started
// with it, it ended with exit code 3 after 0.4 s".
func (f *facts) brokenStartWords() string {
	a := f.v.again
	switch {
	case a == nil || f.v.head.Traits.Expects != bench.ExpectsRefusal:
		return ""
	case a.Ready:
		return "started with it, it serves"
	case a.Exited != nil:
		return fmt.Sprintf("started with it, it ended with %s after %.1f s", causeOf(a.Exited), a.Seconds)
	}
	return fmt.Sprintf("started with it, it was still there after %.0f s: %s", a.Seconds, clean(a.Note))
}
