package judge

import (
	"cmp"
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// mostReasons is how many sentences a judgement carries.
const mostReasons = 4

// reasons are sentences for people, the most telling one first. rule is the
// deciding rule's own reason; "" = it has none.
func (f *facts) reasons(verdict bench.Verdict, rule string) []string {
	out := []string{}
	add := func(s string) {
		if s != "" && len(out) < mostReasons {
			out = append(out, s)
		}
	}
	if verdict == bench.Invalid { // what the server did is not why
		add(rule)
		add(f.diskWords())
		add(f.memoryCapWords())
		return out
	}
	add(f.diskWords())
	add(f.memoryCapWords())
	add(rule)
	switch verdict {
	case bench.Unsupported, bench.Broken:
		return out
	case bench.Held:
		add(f.heldWords())
		add(f.refusedWords())
		add(f.surge.words())
		add(f.race.words())
		add(f.v.shortage().words())
		add(f.unboundedWords())
		add(f.honestCutWords())
		add(f.oneStrayWords())
		add(f.oneBadSecondWords())
		add(f.theoryWords(verdict))
		add(f.refusalWords())
		add(f.brokenStartWords())
		add(f.littleWords())
		add(f.maskedWords())
		return out
	}
	if rule != "" && rule == f.spoiledWords() { // it lost nobody
		add(f.servedWords())
		add(f.littleWords())
		add(f.maskedWords())
		return out
	}
	if len(f.holding()) > 0 {
		empty, later := f.emptyWords(), f.workers.emptyFrom >= f.v.fault.to
		if empty != "" && !later { // nobody is there to hold a slot
			add(empty)
		} else {
			add(f.slotWords())
		}
		add(f.collapseWords())
		add(f.servedWords())
		if later {
			add(empty)
		}
		if w := f.workers; 0 < w.final && w.final < w.start || f.mixed() && w.deaths > 0 && w.final > 0 {
			add(f.deathWords())
		}
		add(f.theoryWords(verdict))
	} else {
		add(f.surge.words())
		add(f.race.words())
		if f.busyWords() == "" || rule != f.busyWords() { // it says that
			add(f.v.shortage().words())
		}
		add(f.emptyWords())
		add(f.crashWords())
		add(f.servedWords())
		add(f.othersWords())
		add(f.refusalWords())
		if !strings.HasPrefix(rule, bench.NotRefused) { // it says that
			add(f.brokenStartWords())
		}
	}
	add(f.refusedWords())
	if missing := f.undelivered(); missing != "" {
		add(missing + ", which hides no loss")
	}
	add(f.littleWords())
	add(f.maskedWords())
	return out
}

// heldWords: "served 1,199 of 1,200 victims while 12 requests wedged; …".
func (f *facts) heldWords() string {
	var what string
	switch n, h := len(f.faults.times), f.v.head.Traits; {
	case f.mixed():
		what = f.partsWords() + " came"
		if f.workers.deaths > 0 {
			what += ", and " + f.deathWords()
		}
		if f.honest.due > 0 {
			what += "; " + f.honestKept()
		}
	case h.Expects == bench.ExpectsDeath:
		what = f.deathWords()
	case h.Expects == bench.ExpectsTurnover:
		what = f.deathWords() + ", and " + f.honestKept()
	case h.Did != bench.Words{}:
		what = bench.Things(n, h.Did[0], h.Did[1])
		if h.MustComplete {
			what += ", and " + f.honestKept()
		}
	case h.Leaked().Amount > 0:
		what = bench.Things(n, "fault", "faults") + " leaked " + amountWords(f.leaked())
	case h.MustComplete:
		what = f.honestKept()
	default:
		what = bench.Things(n, "fault was delivered", "faults were delivered")
	}
	if f.broken.due > 0 {
		what += ", and " + f.brokenKept()
	}
	s := fmt.Sprintf("served %s of %s victims while %s", bench.Grouped(f.fault.ok), bench.Grouped(f.fault.scheduled), what)
	if f.v.head.Traits.Fills {
		s = fmt.Sprintf("served %s of %s victims after %s, and %s meanwhile",
			bench.Grouped(f.back.ok), bench.Grouped(f.back.scheduled), what, percentOf(f.fault.ok, f.fault.scheduled))
	}
	if f.faults.agedHit > 0 {
		s += ", " + bench.Grouped(f.faults.agedHit) + " before them"
	}
	return s + f.backWords() + f.endedWords() + f.v.unreadWords()
}

// honestKept: "3 of 3 requests of the fault got their answer too"; "0 of 13 requests of the fault
// got their answer, and 13 a refusal".
func (f *facts) honestKept() string {
	h := f.honest
	s := bench.Grouped(h.due-h.lost-h.refusals()) + " of " + bench.Grouped(h.due) + " requests of the fault got their answer"
	if n := h.refusals(); n > 0 {
		return s + ", and " + bench.Grouped(n) + " a refusal"
	}
	return s + " too"
}

// backWords: "; 12 of 12 slots came back after 3.1 s (median)", of the wedges
// that are old enough to tell.
func (f *facts) backWords() string {
	w := f.wedges
	if !w.known || w.total == 0 {
		return ""
	}
	switch {
	case w.old == 0:
		return "; none was old enough to tell whether its slot comes back"
	case len(w.back) == 0:
		return fmt.Sprintf("; none of %s came back within %.1f s", bench.Things(w.old, "slot", "slots"), w.still[len(w.still)-1])
	}
	s, bound := w.median()
	above := ""
	if bound {
		above = "more than "
	}
	return fmt.Sprintf("; %s of %s came back after %s%.1f s (median)", bench.Grouped(len(w.back)), bench.Things(w.old, "slot", "slots"), above, s)
}

// slotWords: "4 of 4 slots held by wedged requests 4.1 s after the first fault
// and none came back: the documented watchdog is 30 s, the measured one > 10 s".
// Without receipts nobody knows how many slots are held.
func (f *facts) slotWords() string {
	if f.mixed() {
		return f.partsSlotWords()
	}
	w, p, noun := f.wedges, f.v.head.Target.Probe, f.v.head.Traits.Noun
	if w.mostHeld == 0 {
		return ""
	}
	if !w.known {
		return bench.Things(w.mostHeld, noun[0]+" was", noun[1]+" were") + " open at once"
	}
	var s string
	switch {
	case w.filled >= 0:
		s = fmt.Sprintf("%s of %s held by %s", bench.Grouped(min(w.fillCount, p.Slots)), bench.Things(p.Slots, "slot", "slots"), noun[1])
		if f.faults.first >= 0 && f.v.head.Aged == 0 {
			s += fmt.Sprintf(" %.1f s after the first fault", seconds(max(0, w.filled-f.faults.first)))
		}
	case p.Slots > 0:
		s = fmt.Sprintf("at most %s of %s%s held by %s at once", bench.Grouped(w.mostHeld), atLeast(p), bench.Things(p.Slots, "slot", "slots"), noun[1])
	default:
		s = fmt.Sprintf("%s held at once", bench.Things(w.mostHeld, noun[0], noun[1]))
	}
	if w.open == w.total {
		s += " and none came back"
	} else {
		s += fmt.Sprintf(" and %s of %s came back", bench.Grouped(w.total-w.open), bench.Grouped(w.total))
	}
	return s + ": " + f.watchdogWords()
}

func atLeast(p bench.Probe) string {
	if p.Unbounded {
		return "at least "
	}
	return ""
}

// watchdogWords sets what the documentation says beside what was measured.
func (f *facts) watchdogWords() string {
	p, c := f.v.head.Target.Probe, f.v.head.Target.Claims
	said, got := "no watchdog is documented", "none was measured"
	if c.Watchdog > 0 {
		said = "the documented watchdog is " + figure(c.Watchdog, 1) + " s"
	}
	switch {
	case p.Watchdog > 0 && p.WatchdogCensored:
		got = "the measured one > " + figure(p.Watchdog, 1) + " s"
		if c.Watchdog <= 0 {
			got = "none was seen within " + figure(p.Watchdog, 1) + " s"
		}
	case p.Watchdog > 0:
		got = "the measured one " + figure(p.Watchdog, 1) + " s"
	}
	return said + ", " + got
}

// collapseWords: "collapses after 512 wedged requests: 8.5 minutes at this ratio".
func (f *facts) collapseWords() string {
	if !f.collapse.found {
		return ""
	}
	noun := bench.Words{"fault", "faults"}
	if f.v.head.Traits.HoldsSlot() {
		noun = f.v.head.Traits.Noun
	}
	s := "collapses after " + bench.Things(f.collapse.faults, noun[0], noun[1])
	if t, ok := f.collapseTime(); ok {
		s += ": " + lasting(t) + " at this ratio"
	}
	return s
}

// emptyWords: "no worker left from 5.0 s on: 1 of 1 died of SIGSEGV and was not
// replaced". Where an app cannot be loaded, there may be processes that do not serve.
func (f *facts) emptyWords() string {
	w := f.workers
	if w.emptyFrom < 0 || w.deaths == 0 || f.v.head.Traits.Expects.TakesAway() {
		return ""
	}
	how := "died"
	if len(w.causes) == 1 {
		how += " of " + w.causes[0].words
	}
	were := "were"
	if w.deaths == 1 {
		were = "was"
	}
	s := fmt.Sprintf("no worker left from %.1f s on: %s of %s %s and %s not replaced",
		seconds(max(0, w.emptyFrom-f.v.fault.from)), bench.Grouped(w.deaths), bench.Grouped(w.total), how, were)
	if f.v.head.Traits.Expects == bench.ExpectsRefusal {
		s += " by one that serves"
	}
	return s
}

// crashWords: "each crash lost 3.1 ordinary requests beside itself; 12 workers
// died of SIGSEGV, all replaced". What does not kill has the name that its traits
// give it.
func (f *facts) crashWords() string {
	if f.emptyWords() != "" { // the victims were lost to the end of the server, not to each crash
		return ""
	}
	var parts []string
	kills := f.v.head.Traits.Expects == bench.ExpectsDeath
	if r, ok := f.blastRadius(); ok && (kills || r > 0) {
		each := cmp.Or(f.v.head.Traits.Noun[0], "fault")
		if kills {
			each = "crash"
		}
		lost := figure(r, 1) + " ordinary requests"
		if lost == "1 ordinary requests" {
			lost = "1 ordinary request"
		}
		parts = append(parts, "each "+each+" lost "+lost+" beside itself")
	}
	if f.workers.deaths > 0 && f.v.head.Traits.Expects != bench.ExpectsRenewal && !f.v.head.Traits.Expects.TakesAway() { // they are meant to end
		parts = append(parts, f.deathWords())
	}
	return strings.Join(parts, "; ")
}

// deathWords: "12 workers died of SIGSEGV, all replaced".
func (f *facts) deathWords() string {
	w := f.workers
	if w.deaths == 0 {
		return "no worker died"
	}
	var how []string
	for _, c := range w.causes {
		if len(w.causes) == 1 {
			how = append(how, c.words)
		} else {
			how = append(how, bench.Grouped(c.n)+" of "+c.words)
		}
	}
	s := bench.Things(w.deaths, "worker", "workers") + " died"
	if len(w.causes) == 1 {
		s += " of " + how[0]
	} else {
		s += " (" + strings.Join(how, ", ") + ")"
	}
	lost := w.start - w.final
	if f.crashed.before >= w.start { // a successor need not have served
		lost = min(lost, f.crashed.fewer)
	}
	switch {
	case lost <= 0 && w.deaths == 1:
		return s + ", and was replaced"
	case lost <= 0:
		return s + ", all replaced"
	default:
		return s + ", " + bench.Grouped(lost) + " not replaced"
	}
}
