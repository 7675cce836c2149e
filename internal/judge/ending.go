package judge

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// ending is what the signal that ends the server cost.
type ending struct {
	known    bool
	inFlight int // victims sent well before it, and not served
	queued   int // later ones that were connected, and not served, and those of the queue
	reset    int // later ones that were connected, and reset
}

// ending counts the victims of valid seconds around the stop signal. To be refused after
// it is no loss: whoever is refused can ask somebody else.
func (f *facts) ending() ending {
	v := f.v
	if v.head.Traits.Expects != bench.ExpectsEnd || len(v.signals) == 0 || v.fault.empty() {
		return ending{}
	}
	e := ending{known: true}
	recovery := v.bins(v.recovery.from, v.recovery.to)
	for _, s := range within(v.victims, span{v.fault.from, v.recovery.to}) {
		switch {
		case !validAt(f.bins, s.Due) && !validAt(recovery, s.Due), s.Outcome == bench.OK, s.Outcome == bench.Unsent:
		case s.Due < v.spared.from:
			e.inFlight++
		case s.Outcome == bench.Reset:
			e.reset++
		case s.Outcome != bench.Refused:
			e.queued++
		}
	}
	if v.beside != nil {
		e.queued += max(0, v.beside.Lost())
	}
	return e
}

// rateEnding says whether a server ended as it should.
func (f *facts) rateEnding() (bench.Verdict, string) {
	v := f.v
	switch v.head.Traits.Expects {
	case bench.ExpectsEnd:
		wrong := f.stopWords()
		switch {
		case v.stop == nil:
			return bench.Invalid, "interrupted: the record breaks off before it is known whether the server ended"
		case wrong != "":
			return bench.Failed, wrong
		case f.honest.due == 0 && v.head.Traits.MustComplete:
			return bench.Invalid, "what the signal cost was not measured: the second before it does not count"
		case !v.stop.AlreadyGone && (v.again == nil || !v.again.Ready || v.again.Idle == nil):
			return bench.Invalid, "how an idle server ends was not measured" + f.notAgainWords(": a second start ")
		}
	case bench.ExpectsTakeover:
		switch wrong := f.takeoverWords(); {
		case v.again == nil:
			return bench.Invalid, "interrupted: the record breaks off before it is known whether the server serves again"
		case wrong != "":
			return bench.Failed, wrong
		}
	}
	return bench.Held, ""
}

// stopWords: "not stopped in order: 12 victims that were sent 0.1 s or more before the signal
// got no right answer; ended with exit code 1, a failure to a process manager".
func (f *facts) stopWords() string {
	s := f.v.stop
	if s == nil || s.AlreadyGone {
		return ""
	}
	var wrong []string
	say := func(is bool, words string) {
		if is {
			wrong = append(wrong, words)
		}
	}
	say(f.end.inFlight > 1, bench.Things(f.end.inFlight, "victim", "victims")+" sent 0.1 s or more before the signal got no right answer")
	say(s.NeededSIGKILL, fmt.Sprintf("still there %.0f s after the signal", s.Seconds)+f.stillOpenWords()+f.stopLimitWords(", "))
	say(s.Survivors > 0 && !s.NeededSIGKILL, bench.Things(s.Survivors, "process", "processes")+" left behind")
	say(!s.PortFreed && !s.NeededSIGKILL, "its port could not be bound again")
	say(s.Exit != nil && !inOrder(*s.Exit), "ended with "+causeOf(s.Exit)+", which a process manager takes for a failure")
	if a := f.v.again; a != nil && a.Idle != nil {
		grace := f.v.head.Target.Claims.Grace
		switch {
		case a.Idle.NeededSIGKILL:
			say(true, fmt.Sprintf("idle, it was still there %.0f s after the signal", a.Idle.Seconds))
		case grace >= bench.LeastGrace && a.Idle.Seconds >= grace*bench.WaitedOut:
			say(true, fmt.Sprintf("idle, it took %.1f s to end, its whole grace of %s s", a.Idle.Seconds, figure(grace, 1)))
		case grace < bench.LeastGrace && a.Idle.Seconds >= bench.StopExtra.Seconds():
			say(true, fmt.Sprintf("idle, it took %.1f s to end; the limit is %s s, because no grace of %s s or more is documented",
				a.Idle.Seconds, figure(bench.StopExtra.Seconds(), 1), figure(bench.LeastGrace, 1)))
		}
	}
	if len(wrong) == 0 {
		return ""
	}
	return bench.NotStopped + ": " + strings.Join(wrong, "; ")
}

// stopLimitWords: "; the limit is 8 s, the documented grace of 3 s and 5 s more". It is "" of a
// record from before that limit.
func (f *facts) stopLimitWords(between string) string {
	c, s := f.v.head.Target.Claims, f.v.stop
	limit, grace := bench.StopLimit(c), "the documented grace of "+figure(c.Grace, 1)+" s"
	if c.Grace <= 0 {
		grace = "for no grace is documented " + figure(bench.NominalGrace, 1) + " s"
	}
	if s == nil || s.NeededSIGKILL && s.Seconds < limit.Seconds()-1 {
		return ""
	}
	return fmt.Sprintf("%sthe limit is %s s, %s and %s s more", between, figure(limit.Seconds(), 1), grace, figure(bench.StopExtra.Seconds(), 1))
}

// stillOpenWords: ", with an endless answer under way", ", with a connection open whose
// request it had answered".
func (f *facts) stillOpenWords() string {
	var open []string
	s := f.v.stop
	if b := f.v.beside; b != nil && b.Streamed > 0 && b.StreamedFor >= s.Seconds-0.5 {
		open = append(open, "an endless answer under way")
	}
	waited := func(p bench.Sample) bool { // the connection of the request that was under way at the signal
		return p.Idle > 0 && p.Done > s.Term && seconds(p.Done+p.Idle-s.Term) >= s.Seconds-0.5
	}
	if slices.ContainsFunc(f.v.provokers, waited) {
		open = append(open, "a connection open whose request it had answered")
	}
	if len(open) == 0 {
		return ""
	}
	return ", with " + strings.Join(open, " and ")
}

// besideWords: "; 8 of 8 requests that waited were answered, and an endless answer broke off
// after 3.0 s".
func (f *facts) besideWords() string {
	b := f.v.beside
	if b == nil {
		return ""
	}
	s := fmt.Sprintf("; %s of %s in the queue were answered", bench.Grouped(b.Answered), bench.Things(b.Queued, "request", "requests"))
	if f.v.head.Traits.Expects != bench.ExpectsEnd { // there was no endless answer
		return s
	}
	if b.Streamed == 0 {
		return s + ", and an endless answer did not begin"
	}
	return s + fmt.Sprintf(", and an endless answer broke off after %.1f s", b.StreamedFor)
}

// inOrder says that a process manager takes an end after the stop signal for what was
// asked for: systemd's list, and the shell's number for SIGTERM.
func inOrder(e bench.ExitStatus) bool {
	if e.Signal != "" {
		return slices.Contains([]string{"SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE", "SIGQUIT"}, e.Signal)
	}
	return e.Code == 0 || e.Code == 128+15
}

// takeoverWords: "not taken over: started again at once, it ended with exit code 1".
func (f *facts) takeoverWords() string {
	a := f.v.again
	switch {
	case a == nil:
		return ""
	case !a.Ready && f.v.head.Target.Supervisor != nil:
		return bench.NotTakenOver + f.notAgainWords(": under its supervisor it ") + f.keptDownWords()
	case !a.Ready:
		return bench.NotTakenOver + f.notAgainWords(": the same command, started again at once, ")
	case a.Old > 0:
		return fmt.Sprintf(bench.NotTakenOver+": when the second start served, %s of %s went to processes of the first one", bench.Grouped(a.Old), bench.Things(a.Asked, "request", "requests"))
	case a.Lost > 1:
		return fmt.Sprintf(bench.NotTakenOver+": when the second start served, %s of %s got no answer", bench.Grouped(a.Lost), bench.Things(a.Asked, "request", "requests"))
	}
	return ""
}

// notAgainWords says how a second start failed; "" = it did not.
func (f *facts) notAgainWords(before string) string {
	a := f.v.again
	switch {
	case a == nil || a.Ready:
		return ""
	case a.Exited != nil:
		return fmt.Sprintf("%sended with %s after %.1f s", before, causeOf(a.Exited), a.Seconds)
	}
	return fmt.Sprintf("%sdid not answer within %.0f s: %s", before, a.Seconds, clean(a.Note))
}

// endedWords says how a server ended, or came back, that did so in order.
func (f *facts) endedWords() string {
	switch s, a := f.v.stop, f.v.again; {
	case f.v.head.Traits.Expects == bench.ExpectsTakeover && a != nil && f.v.head.Target.Supervisor != nil:
		return fmt.Sprintf("; its supervisor started it again, and it answered after %.1f s", a.Seconds) + f.keptDownWords()
	case f.v.head.Traits.Expects == bench.ExpectsTakeover && a != nil:
		return fmt.Sprintf("; started again, it answered after %.1f s", a.Seconds)
	case f.v.head.Traits.Expects == bench.ExpectsEnd && s != nil && a != nil && a.Idle != nil:
		return fmt.Sprintf("; it was gone after %.1f s with %s, idle after %.1f s", s.Seconds, causeOf(s.Exit), a.Idle.Seconds) + f.besideWords() + f.stopLimitWords("; ")
	case f.v.head.Traits.Expects == bench.ExpectsRenewal:
		return f.besideWords()
	}
	return ""
}

func (f *facts) endingMeasures(s sheet) {
	if e := f.end; e.known {
		s.set("inflight_lost", float64(e.inFlight), 1)
		s.set("queued_lost", float64(e.queued), 1)
		s.set("backlog_reset", float64(e.reset), 1)
	}
	if v := f.v; v.beside != nil && v.head.Traits.Spares {
		s.set("queued_lost", float64(max(0, v.beside.Lost())), 1)
	}
	f.refusalMeasures(s)
	f.supervisedMeasures(s)
	a := f.v.again
	if a == nil {
		return
	}
	if a.Idle != nil && a.Idle.NeededSIGKILL {
		s.above("idle_stop_time", a.Idle.Seconds, 1)
	} else if a.Idle != nil {
		s.set("idle_stop_time", a.Idle.Seconds, 1)
	}
	if f.v.head.Traits.Expects == bench.ExpectsTakeover {
		if a.Ready {
			s.set("time_to_serve_again", a.Seconds, 1)
		} else {
			s.above("time_to_serve_again", a.Seconds, 1)
		}
	}
}
