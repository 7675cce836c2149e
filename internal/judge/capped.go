package judge

import (
	"strings"

	"benchrun/internal/bench"
)

// cappedWords says which processes the kernel ended at the memory cap until the shutdown:
// "its first process", "12 processes that served". It is "" if nobody saw which.
func (v *view) cappedWords() string {
	served := v.served()
	leader, serving, other := false, 0, 0
	for _, m := range v.capped {
		_, serves := served[m.PID]
		switch {
		case m.T >= v.end:
		case m.Note == bench.LeaderEnded:
			leader = true
		case serves:
			serving++
		default:
			other++
		}
	}
	var who []string
	if leader {
		who = append(who, "its first process")
	}
	if serving > 0 {
		who = append(who, bench.Things(serving, "process that served", "processes that served"))
	}
	if other > 0 {
		who = append(who, bench.Things(other, "process that had not served", "processes that had not served"))
	}
	return strings.Join(who, " and ")
}
