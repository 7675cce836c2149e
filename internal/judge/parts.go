package judge

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// part is one family of the faults, and what was found of it. A record that is no mix has
// one, which is the whole view.
type part struct {
	*view     // its head says what the faults of the part are, and it has no others
	faults    delivery
	wedges    wedges
	honest    honest
	brokenOff brokenOff
	little    little
}

// split gives each part of a mix a view of its own. Victims, processes and marks are those of
// the whole record.
func (v *view) split() []*view {
	if len(v.head.Parts) == 0 {
		return []*view{v}
	}
	var out []*view
	for _, p := range v.head.Parts {
		own := *v
		own.head.Family, own.head.FamilyVer, own.head.Traits = p.Family, p.FamilyVer, p.Traits
		own.head.Ratio, own.head.Aged, own.head.Parts = p.Ratio, p.Aged, nil
		own.provokers, own.ageing = ofPart(v.provokers, p.Family), ofPart(v.ageing, p.Family)
		out = append(out, &own)
	}
	return out
}

func ofPart(list []bench.Sample, family string) []bench.Sample {
	var out []bench.Sample
	for _, s := range list {
		if s.Part == family {
			out = append(out, s)
		}
	}
	return out
}

// judgeParts finds what became of the faults, of each part and of all of them.
func (f *facts) judgeParts() {
	for _, v := range f.v.split() {
		f.parts = append(f.parts, part{view: v, faults: v.prove(f.bins), wedges: v.reclaim(f.bins), honest: v.honest(f.bins), brokenOff: v.brokenOff(f.bins), little: v.little(f.bins)})
	}
	if !f.mixed() {
		p := f.parts[0]
		f.faults, f.wedges, f.honest, f.broken = p.faults, p.wedges, p.honest, p.brokenOff
		return
	}
	f.faults, f.wedges, f.honest = delivery{first: -1}, wedges{filled: -1}, honest{how: map[string]int{}, refused: map[int]int{}}
	for _, p := range f.parts {
		f.faults.add(p.faults)
		f.wedges.add(p.wedges)
		f.honest.due, f.honest.lost = f.honest.due+p.honest.due, f.honest.lost+p.honest.lost
		for status, n := range p.honest.refused {
			f.honest.refused[status] += n
		}
		f.broken.due, f.broken.whole, f.broken.waiting = f.broken.due+p.brokenOff.due, f.broken.whole+p.brokenOff.whole, f.broken.waiting+p.brokenOff.waiting
	}
	slices.Sort(f.faults.times)
	slices.Sort(f.faults.dues)
	slices.Sort(f.wedges.back)
	slices.Sort(f.wedges.still)
	f.wedges.beside = servedBeside(f.wedges.openings, f.bins)
	if !f.wedges.known {
		f.wedges.mostHeld = mostAtOnce(f.wedges.openings)
		return
	}
	f.wedges.occupancy(f.wedges.held, f.v.head.Target.Probe)
}

func (d *delivery) add(p delivery) {
	d.scheduled, d.least, d.inValid = d.scheduled+p.scheduled, d.least+p.least, d.inValid+p.inValid
	d.checked, d.proved, d.provokers = d.checked+p.checked, d.proved+p.proved, d.provokers+p.provokers
	d.aged, d.agedHit = d.aged+p.aged, d.agedHit+p.agedHit
	d.times, d.dues = append(d.times, p.times...), append(d.dues, p.dues...)
	if p.first >= 0 && (d.first < 0 || p.first < d.first) {
		d.first = p.first
	}
}

func (w *wedges) add(p wedges) {
	w.known = w.known || p.known
	w.total, w.open, w.old = w.total+p.total, w.open+p.open, w.old+p.old
	w.back, w.still = append(w.back, p.back...), append(w.still, p.still...)
	w.held, w.openings = append(w.held, p.held...), append(w.openings, p.openings...)
}

// mixed says that the faults are of several families.
func (f *facts) mixed() bool { return len(f.v.head.Parts) > 0 }

// holding are the parts whose faults hold slots.
func (f *facts) holding() []part {
	return slices.DeleteFunc(slices.Clone(f.parts), func(p part) bool { return !p.head.Traits.HoldsSlot() })
}

// each gives the first reason that a part has, and the part's name in a mix; "" = none has.
func (f *facts) each(words func(part) string) string {
	for _, p := range f.parts {
		if said := words(p); said != "" {
			return f.of(p, said)
		}
	}
	return ""
}

// of adds the name of the part in a mix.
func (f *facts) of(p part, said string) string {
	if !f.mixed() {
		return said
	}
	return said + ", of " + clean(p.head.Family)
}

// undelivered names the missing proof of the first part that lacks some, "" when there is
// enough of each. A phase that was curtailed may have ended before a fault of the part was
// due.
func (f *facts) undelivered() string {
	return f.each(func(p part) string {
		if f.mixed() && f.curtailed() && p.faults.scheduled == 0 {
			return ""
		}
		return p.faults.undelivered(p.head.Traits)
	})
}

// partsWords names what was delivered: "12 wedged requests, 6 faults of segfault".
func (f *facts) partsWords() string {
	var out []string
	for _, p := range f.parts {
		said := bench.Things(len(p.faults.times), p.head.Traits.Noun[0], p.head.Traits.Noun[1])
		if p.head.Traits.Noun == f.v.head.Traits.Noun { // it has no name of its own
			said += " of " + clean(p.head.Family)
		}
		out = append(out, said)
	}
	if n := len(out); n > 1 {
		return strings.Join(out[:n-1], ", ") + " and " + out[n-1]
	}
	return strings.Join(out, "")
}

// partsSlotWords: "4 of 4 slots held by wedged requests 4.1 s after the first fault, beside 5
// slow uploads; none of 12 wedged requests gave its slot back: the documented watchdog is 30 s,
// the measured one > 10 s". It is slotWords of a mix: receipts prove which slots are held, and
// without any nobody knows.
func (f *facts) partsSlotWords() string {
	w, p := f.wedges, f.v.head.Target.Probe
	if w.mostHeld == 0 {
		return ""
	}
	var nouns, beside, back []string
	for _, one := range f.holding() {
		noun := one.head.Traits.Noun
		if one.wedges.known == w.known {
			nouns = append(nouns, noun[1])
		} else if n := one.wedges.mostHeld; n > 0 {
			beside = append(beside, bench.Things(n, noun[0], noun[1]))
		}
		switch of := one.wedges; {
		case !of.known || of.total == 0:
		case of.open == 1 && of.total == 1:
			back = append(back, "the one "+noun[0]+" did not give its slot back")
		case of.open == of.total:
			back = append(back, "none of "+bench.Things(of.total, noun[0], noun[1])+" gave its slot back")
		default:
			back = append(back, bench.Grouped(of.total-of.open)+" of "+bench.Things(of.total, noun[0], noun[1])+" gave their slots back")
		}
	}
	who, s := strings.Join(nouns, " and "), ""
	switch {
	case !w.known && w.mostHeld == 1:
		return "1 of the " + who + " was open at once"
	case !w.known:
		return bench.Grouped(w.mostHeld) + " " + who + " were open at once"
	case w.filled >= 0:
		s = fmt.Sprintf("%s of %s held by %s", bench.Grouped(min(w.fillCount, p.Slots)), bench.Things(p.Slots, "slot", "slots"), who)
		if f.faults.first >= 0 && f.v.head.Aged == 0 {
			s += fmt.Sprintf(" %.1f s after the first fault", seconds(max(0, w.filled-f.faults.first)))
		}
	case p.Slots > 0:
		s = fmt.Sprintf("at most %s of %s%s held by %s at once", bench.Grouped(w.mostHeld), atLeast(p), bench.Things(p.Slots, "slot", "slots"), who)
	default:
		s = fmt.Sprintf("%s %s held at once", bench.Grouped(w.mostHeld), who)
	}
	if len(beside) > 0 {
		s += ", beside " + strings.Join(beside, " and ")
	}
	if len(back) == 0 {
		return s
	}
	return s + "; " + strings.Join(back, ", ") + ": " + f.watchdogWords()
}

// theory is the theory's figure, R·p·τ, over the parts that hold slots.
type theory struct {
	holds   bool    // some do
	busy    float64 // slots, of the parts whose τ is known
	rp      float64 // faults a second of the others
	patient float64 // for how long no watchdog was seen, of the others
	parts   []string
}

func (f *facts) theory() theory {
	t := theory{}
	for _, p := range f.holding() {
		rp := p.perSecond()
		s, known := tau(p.head)
		t.holds = true
		if !known {
			t.rp, t.patient = t.rp+rp, s
			continue
		}
		t.busy += rp * s
		t.parts = append(t.parts, fmt.Sprintf("%s of %s, τ = %s s", figure(rp*s, 1), p.head.Traits.Noun[1], figure(s, 1)))
	}
	return t
}

// unproven says that no receipts tell of some parts whether they hold slots.
func (f *facts) unproven() bool {
	return slices.ContainsFunc(f.holding(), func(p part) bool { return !p.wedges.known })
}

// partsTheoryWords is theoryWords of a mix.
func (f *facts) partsTheoryWords(verdict bench.Verdict) string {
	p, t := f.v.head.Target.Probe, f.theory()
	if !t.holds || p.Slots <= 0 || p.Unbounded {
		return ""
	}
	const law = "theory: survives while the sum of R·p·τ"
	slots, parts := float64(p.Slots), strings.Join(t.parts, "; ")
	refuted := f.unproven() && f.wedges.beside > p.Slots
	switch {
	case verdict != bench.Held && refuted:
		return fmt.Sprintf("not all of them held a slot: victims were served while %s were open, and there are %s",
			bench.Grouped(f.wedges.beside), bench.Things(p.Slots, "slot", "slots"))
	case t.rp > 0:
		return fmt.Sprintf("%s < slots; no watchdog was seen within %s s, so %s last %s at this ratio",
			law, figure(t.patient, 1), bench.Things(p.Slots, "slot", "slots"), lasting(max(0, slots-t.busy)/t.rp))
	case f.unproven() && (verdict != bench.Held || t.busy >= slots):
		is := "< slots = " + bench.Grouped(p.Slots) + " would not end the pool"
		if t.busy >= slots {
			is = "≥ slots = " + bench.Grouped(p.Slots) + " would end the pool"
		}
		s := fmt.Sprintf("theory: if each fault held a slot, the sum of R·p·τ = %s %s (%s)", figure(t.busy, 1), is, parts)
		if verdict == bench.Held && refuted {
			s += "; here they do not"
		}
		return s
	case t.busy < slots:
		return fmt.Sprintf("%s = %s < slots = %s (%s)", law, figure(t.busy, 1), bench.Grouped(p.Slots), parts)
	case verdict == bench.Held:
		return fmt.Sprintf("theory: if each fault held a slot, the sum of R·p·τ = %s ≥ slots = %s would end the pool (%s); here they do not",
			figure(t.busy, 1), bench.Grouped(p.Slots), parts)
	}
	return fmt.Sprintf("%s < slots, but %s ≥ %s (%s)", law, figure(t.busy, 1), bench.Grouped(p.Slots), parts)
}
