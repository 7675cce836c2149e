package guide

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// decision is a rule of docs/method.md in short, and the section of that page that has it.
type decision struct{ text, section string }

// deciding says in short which rules decide cells of a family.
func deciding(f bench.Family) string {
	var rules []string
	for _, d := range decisions(f) {
		rules = append(rules, d.text)
	}
	return strings.Join(rules, "; ") + ". docs/method.md has every rule."
}

// decisions are the rules that decide cells of a family.
func decisions(f bench.Family) []decision {
	const verdict = "verdict-of-an-attempt"
	if len(f.Mix) > 0 {
		return []decision{
			{"held: at least 98 % of the ordinary requests are served right and in time while all the faults come", verdict},
			{"what each family demands of its own requests, and what else it says that decides, holds for its part (benchrun explain FAMILY)", "mixes"},
			{"what clients leave behind counts only where it can be told from what the other parts hold", "left-behind"},
		}
	}
	t, once := f.Traits, f.Cadence.Every == bench.Once
	rules := []decision{{"held: at least 98 % of the ordinary requests are served right and in time while faults come", verdict}}
	if t.Fills {
		rules = []decision{{"held: at least 98 % of the ordinary requests are served right and in time at the end of the recovery; what is lost while faults come does not count", "not-back"}}
	}
	if t.Fills && t.Expects == bench.ExpectsReplacement {
		rules = []decision{{"held: at least 98 % of the ordinary requests are served right and in time at the end of the recovery, and while faults come too, if the server has another worker", "a-resource-that-is-taken-away"}}
	}
	add := func(applies bool, section, rule string) {
		if applies {
			rules = append(rules, decision{rule, section})
		}
	}
	add(t.Returns, "the-app-s-database", "at the end of the recovery, when what the faults wait for is there again, at least 98 % of the ordinary requests must be served")
	add(t.MustComplete && once, "honest-requests-lost", "the fault's own request is honest: if it gets no right answer, the cell is failed")
	add(t.MustComplete && !once, "honest-requests-lost", "the fault's own requests are honest: more than one of them, and more than 5 %, without a right answer is failed")
	add(t.Uploads(), "honest-requests-lost", "a whole answer with status 411, 413 or 417 refuses them by a limit of the server, and decides nothing")
	add(t.BreaksOff, "truncation-hidden", "more than one of the broken answers, and more than 5 %, that look whole to their clients is failed")
	add(t.Closes, "close-not-called", "the app must learn of the end of each broken answer (in WSGI by close()): more than one, and more than 5 %, of which it does not is failed")
	add(t.Spares, "requests-lost-to-a-planned-fault", "the fault is planned: more than one request lost to it, ordinary or its own, is failed")
	add(t.Expects == bench.ExpectsDeath, "crashed-workers-not-replaced", fmt.Sprintf("a worker that died %g s before the end of the recovery, or earlier, must have a successor, unless as many as there should be are left", bench.RespawnLimit.Seconds()))
	add(t.Expects == bench.ExpectsRenewal, "workers-not-replaced", "every worker must be replaced within the documented grace and 10 s")
	add(t.Expects == bench.ExpectsRenewal, "resources-piled-up", "memory, descriptors and threads must not pile up")
	add(t.Expects == bench.ExpectsReplacement, "a-worker-not-replaced", fmt.Sprintf("each worker that got the signal must be gone and replaced within %g s, or %g times a documented watchdog longer", bench.ReplacementLimit(bench.Claims{}).Seconds(), bench.RefutedAfter(1)-bench.RefutedAfter(0)))
	add(t.Expects == bench.ExpectsTurnover, "requests-lost-to-a-planned-fault", "workers must have ended by themselves, or there was no fault")
	add(t.Expects == bench.ExpectsEnd, "not-stopped-in-order", "what was sent 0.1 s or more before the signal must be answered, but not what comes later; the server must be gone 5 s after its documented grace at the latest, "+
		"with nothing left and an exit code that is no failure, and an idle one must not wait its grace out")
	add(t.KillsNobody, "workers-killed", "a process that serves must not be killed or fail, nor end with a request of the fault")
	add(t.Refuses, "a-broken-app", fmt.Sprintf("a start with the broken app must end within %g s, with a code that is not 0; the repaired app must be served within 10 s and the documented grace of the next reload", bench.RestartLimit.Seconds()))
	add(t.Expects == bench.ExpectsTakeover, "not-taken-over", fmt.Sprintf("the second start must answer within %g s, and alone; what is lost in between does not count", bench.RestartLimit.Seconds()))
	add(t.Vanishes, "left-behind", "once its clients are gone, the server must not keep descriptors, threads, memory or files for them, nor a busy loop")
	add(t.Rests, "busy-while-full", "while it is full, a server that burns a CPU (0.8 CPUs more than before) or floods its log (1 MB a second more) is failed, because it has nothing to do")
	add(t.SparesWorkers, "workers-died", "the clients only send bytes: if two or more processes that serve end of it, even if they are replaced, the cell is failed")
	add(t.Reuses != "", "cut-in-flight", "more than one request that the app had begun, and whose kept connection the server then closed, is failed; a request that met the end of an idle connection is no loss")
	add(t.LeakBytes > 0, "memory-kept", "leaked memory that is not given back is failed")
	add(t.Leaks.Amount > 0, "leak-kept", "if half of what the faults left behind, or of what there is room for, is still there at the end of the recovery, the cell is failed")
	add(known(f).Script.Kinds > 0, "left-hanging", "a text to which none of its clients gets an answer or the end of the connection is failed, unless it promises more than it has")
	return rules
}
