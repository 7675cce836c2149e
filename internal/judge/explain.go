package judge

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// servedWords: "served 61.2 % of 1,200 victims: 400 timeout, 66 refused".
func (f *facts) servedWords() string {
	if f.fault.scheduled == 0 {
		return ""
	}
	s := fmt.Sprintf("served %s of %s", percentOf(f.fault.ok, f.fault.scheduled), bench.Things(f.fault.scheduled, "victim", "victims"))
	if f.fault.missed() > 0 {
		s += ": " + lossWords(f.fault)
	}
	if f.mixed() {
		s += ", under " + f.partsWords()
	}
	if f.curtailed() {
		s += fmt.Sprintf(" (ended after %s, when the losses exceeded the whole budget)", lasting(f.v.fault.seconds()))
	}
	return s
}

// lossWords lists the losses by class: "400 timeout, 66 refused".
func lossWords(t tally) string {
	var parts []string
	for _, o := range bench.VictimLosses {
		if n := t.lost[o]; n > 0 {
			parts = append(parts, bench.Grouped(n)+" "+string(o))
		}
	}
	return strings.Join(parts, ", ")
}

// foretold is what the theory predicts: whether the pool survives the hour that
// an attempt stands for. A watchdog that was not seen counts as none. known is
// false if the theory predicts nothing: no slots are held, not each fault holds one, or the
// pool's end was not found.
// parts are those that hold slots.
func (f *facts) foretold(parts []part) (survives, known bool) {
	p, busy := f.v.head.Target.Probe, 0.0
	for _, one := range parts {
		t, found := tau(one.head)
		if hour := bench.Horizon.Seconds(); !found || t > hour {
			t = hour
		}
		if one.head.Traits.Free > 0 { // how many hold a slot depends on how the server spreads them
			return false, false
		}
		busy += one.head.Traits.AtOnce(one.perSecond() * t)
	}
	if p.Slots <= 0 || p.Unbounded || busy <= 0 {
		return false, false
	}
	return busy < float64(p.Slots), true
}

// againstTheory says that a verdict is not the one that the theory predicts. It
// is no contradiction if a crawling client held no slot: the theory does not
// apply to a server that buffers. Nor is it one if another part of a mix, which holds no
// slot, is why the server failed.
func (f *facts) againstTheory(verdict bench.Verdict) bool {
	holding := f.holding()
	survives, known := f.foretold(holding)
	switch {
	case !known || f.wrong > 0: // a wrong body needs no pool to run out
		return false
	case f.fault.bad < badBinsNeeded && f.spoiledWords() != "": // nor does spoiled proof
		return false
	case verdict == bench.Held:
		survives, known = f.foretold(slices.DeleteFunc(holding, func(p part) bool { return p.head.Traits.CutOff }))
		return known && !survives
	case verdict == bench.Failed || verdict == bench.Degraded:
		return survives && len(holding) == len(f.parts)
	}
	return false
}

// theoryWords sets the theory beside the result: a pool survives while the
// slots that are held at any time, R·p·τ, are fewer than it has. Where no receipt
// tells that a fault holds one, the theory is an assumption. If the record refutes
// that, the sentence about a loss says so instead.
func (f *facts) theoryWords(verdict bench.Verdict) string {
	if f.mixed() {
		return f.partsTheoryWords(verdict)
	}
	h := f.v.head
	slots := h.Target.Probe.Slots
	rp := f.v.perSecond()
	t, known := tau(h)
	if !h.Traits.HoldsSlot() || h.Traits.Free > 0 || slots <= 0 || h.Target.Probe.Unbounded || rp <= 0 {
		return ""
	}
	if verdict != bench.Held && f.holdNone() {
		return fmt.Sprintf("not all of them held a slot: victims were served while %s were open, and there are %s",
			bench.Grouped(f.wedges.beside), bench.Things(slots, "slot", "slots"))
	}
	if h.Traits.Fewer(slots) {
		return fmt.Sprintf("theory: survives, because what the faults wait for takes at most %s of them at once, which is less than slots = %s",
			bench.Grouped(h.Traits.AtMost), bench.Grouped(slots))
	}
	const law = "theory: survives while R·p·τ"
	if !known {
		return fmt.Sprintf("%s < slots; no watchdog was seen within %s s, so %s last %s at this ratio",
			law, figure(t, 1), bench.Things(slots, "slot", "slots"), lasting(float64(slots)/rp))
	}
	whose := "τ = " + figure(t, 1) + " s"
	if p := h.Target.Probe; h.Traits.OwnHold() == 0 && (p.Watchdog <= 0 || p.WatchdogCensored) {
		whose += ", as documented"
	}
	early := f.endedEarlyWords()
	if verdict != bench.Held || !f.wedges.known {
		whose += early
	}
	held := rp * t
	if !f.wedges.known && (verdict != bench.Held || held >= float64(slots)) {
		is := "< slots = " + bench.Grouped(slots) + " would not end the pool"
		if held >= float64(slots) {
			is = "≥ slots = " + bench.Grouped(slots) + " would end the pool"
		}
		s := fmt.Sprintf("theory: if each fault held a slot, R·p·τ = %s %s (%s)", figure(held, 1), is, whose)
		if verdict == bench.Held && f.holdNone() {
			s += "; here they do not"
		}
		return s
	}
	if held < float64(slots) {
		return fmt.Sprintf("%s = %s < slots = %s (%s)", law, figure(held, 1), bench.Grouped(slots), whose)
	}
	if verdict == bench.Held {
		return fmt.Sprintf("theory: if each fault held a slot, R·p·τ = %s ≥ slots = %s would end the pool (%s); here they do not",
			figure(held, 1), bench.Grouped(slots), whose)
	}
	return fmt.Sprintf("%s < slots, but %s ≥ %s (%s)", law, figure(held, 1), bench.Grouped(slots), whose)
}

// endedEarlyWords says that the server ended faults that would have held a slot longer
// by themselves: their own hold is not what decides then.
func (f *facts) endedEarlyWords() string {
	own := int64(f.v.head.Traits.OwnHold())
	if own == 0 {
		return ""
	}
	var after []float64
	n := 0
	for _, s := range slices.Concat(f.v.ageing, f.v.provokers) {
		if s.Sent == 0 || s.Sent >= f.v.fault.to {
			continue
		}
		n++
		if s.Done > 0 && s.Done < min(s.Sent+own, f.v.fault.to)-staySlack {
			after = append(after, seconds(s.Done-s.Sent))
		}
	}
	if len(after) == 0 {
		return ""
	}
	long := figure(slices.Min(after), 1)
	if most := figure(slices.Max(after), 1); most != long {
		long += " to " + most
	}
	return fmt.Sprintf(", the client's; the server ended %s of %s after %s s", bench.Grouped(len(after)), bench.Grouped(n), long)
}

// unboundedWords says what each stuck request costs a pool that has no end.
func (f *facts) unboundedWords() string {
	p := f.v.head.Target.Probe
	if !p.Unbounded || len(f.holding()) == 0 {
		return ""
	}
	s := "no end of the pool was found: it held all of " + bench.Things(p.Slots, "request", "requests")
	stuck := f.wedges.open
	before, ok1 := f.v.lastVital(f.v.baseline)
	after, ok2 := f.v.lastVital(f.v.fault)
	if stuck == 0 || !ok1 || !ok2 {
		return s
	}
	s += fmt.Sprintf("; each stuck request costs %.1f threads", max(0, float64(after.Threads-before.Threads)/float64(stuck)))
	m0, ok1 := f.v.lastMemory(f.v.baseline)
	m1, ok2 := f.v.lastMemory(f.v.fault)
	if ok1 && ok2 {
		s += fmt.Sprintf(" and %.2f MiB", max(0, (mib(m1)-mib(m0))/float64(stuck)))
	}
	return s
}

// honestCut counts honest requests of the fault phase that the server ended
// without a right answer, in families where they need not complete. Those that
// benchrun ended do not count. corrupt of them got a wrong 200: the digest is not
// that of what was sent, or the body is not whole.
func (v *view) honestCut() (lost, corrupt, of int) {
	if t := v.head.Traits; !t.Honest || t.MustComplete {
		return 0, 0, 0
	}
	for _, s := range within(v.provokers, v.fault) {
		of++
		if v.rightAnswer(s) || s.Outcome == bench.HeldOpen || s.Outcome == bench.Unsent {
			continue
		}
		lost++
		if s.Outcome == bench.Completed && s.Status == http.StatusOK {
			corrupt++
		}
	}
	return lost, corrupt, of
}

// honestCutWords: "the price: 28 of 31 slow uploads, honest ones, got an
// error or were cut off; 2 of them got a wrong answer".
func (f *facts) honestCutWords() string {
	var all []string
	for _, p := range f.parts {
		lost, corrupt, of := p.honestCut()
		if lost == 0 {
			continue
		}
		noun := p.head.Traits.Noun
		said := fmt.Sprintf("%s of %s, honest ones, got an error or were cut off", bench.Grouped(lost), bench.Things(of, noun[0], noun[1]))
		if corrupt > 0 {
			said += "; " + bench.Grouped(corrupt) + " of them got a wrong answer"
		}
		all = append(all, said)
	}
	if len(all) == 0 {
		return ""
	}
	return "the price: " + strings.Join(all, "; ")
}

// oneBadSecondWords reports an outage that decides nothing because it was
// confined to one second.
func (f *facts) oneBadSecondWords() string {
	if f.fault.bad != 1 {
		return ""
	}
	for _, b := range f.bins {
		if b.Valid && bad(b) {
			return fmt.Sprintf("lost %s within one second, %.1f s into the fault phase; that decides only if it repeats",
				bench.Things(b.Missed(), "victim", "victims"), seconds(b.From-f.v.fault.from))
		}
	}
	return ""
}

// maskedWords says how much of the fault phase does not count, and why.
func (f *facts) maskedWords() string {
	if f.fault.bins == f.fault.valid {
		return ""
	}
	return maskedOf(f.fault, f.bins)
}

// maskedOf: "3 of 15 seconds not counted: the control missed its SLO".
func maskedOf(t tally, bins []bench.Bin) string {
	return fmt.Sprintf("%s of %s not counted: %s", bench.Grouped(t.bins-t.valid), bench.Things(t.bins, "second", "seconds"), whyMasked(bins))
}

func (f *facts) shortWords() string {
	return validWords(f.fault.valid, f.v.head.Phases.Fault.Seconds()) + " of the fault phase" + f.maskedBecause(f.bins)
}

func (f *facts) maskedBecause(bins []bench.Bin) string {
	if why := whyMasked(bins); why != "" {
		return ": " + why
	}
	return ": the phase ended too early"
}

func validWords(valid int, expected float64) string {
	return fmt.Sprintf("only %s of %s valid seconds", bench.Grouped(valid), figure(expected, 1))
}

func (f *facts) wrongWords() string {
	return fmt.Sprintf("%s a wrong or corrupt body, the first %.1f s after the baseline began",
		bench.Things(f.wrong, "victim got", "victims got"), seconds(max(0, f.firstWrong-f.v.baseline.from)))
}

// bootWords says how a boot failed, with the server's own last line.
func (f *facts) bootWords() string {
	b := f.v.boot
	var s string
	switch {
	case b.Exited != nil && b.Exited.Signal != "":
		s = fmt.Sprintf("died of %s %.1f s after launch, before it was ready", clean(b.Exited.Signal), b.Seconds)
	case b.Exited != nil:
		s = fmt.Sprintf("exited with code %d %.1f s after launch, before it was ready", b.Exited.Code, b.Seconds)
	default:
		if s = clean(b.Note); s == "" {
			s = fmt.Sprintf("not ready %.1f s after launch", b.Seconds)
		}
	}
	if line := lastLine(b.LogTail); line != "" {
		s += ": " + line
	}
	return s
}

func doubtWords(d bench.Doubt) string {
	s := clean(d.Cause)
	if note := clean(d.Note); note != "" {
		s += " (" + note + ")"
	}
	return s
}

// memoryCapWords says that the target reached its memory cap, which can explain
// deaths that nothing else explains.
func (f *facts) memoryCapWords() string {
	if _, capped := f.v.marks[bench.MarkMemoryCap]; !capped {
		return ""
	}
	s := fmt.Sprintf("used all of its %.0f MiB of memory: the kernel ended ", mib(f.v.head.Limits.MemoryBytes))
	if who := f.v.cappedWords(); who != "" {
		return s + who
	}
	return s + "processes of it"
}
