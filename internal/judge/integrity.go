package judge

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"benchrun/internal/bench"
)

// contradiction says what in a record benchrun cannot have written, "" when there
// is nothing. Such a record was damaged or tampered with: nothing in it is proof.
// Receipts are exempt, because the server can write them: a server may lie, and
// an impossible receipt is no proof (see starts).
func contradiction(rec *bench.Record) string {
	for _, find := range []func(*bench.Record) string{
		headContradiction, markContradiction, figureContradiction, sampleContradiction, scheduleContradiction,
	} {
		if said := find(rec); said != "" {
			return said
		}
	}
	return ""
}

func headContradiction(rec *bench.Record) string {
	h := rec.Head
	p := h.Phases
	switch {
	case h.Rate < 1 || h.Rate > int(time.Second):
		return fmt.Sprintf("a rate of %d victims a second", h.Rate)
	case partsContradiction(h) != "":
		return partsContradiction(h)
	case h.Every == 0 && h.Ratio < 1, h.Every != 0 && h.Ratio != 0, h.Ratio > bench.RatioWhole:
		return fmt.Sprintf("a ratio of %d thousandths of a percent", int(h.Ratio))
	case h.SLO < 1 || h.Timeout < h.SLO || h.Timeout > maxTime:
		return fmt.Sprintf("an SLO of %d ns and a timeout of %d ns", h.SLO, h.Timeout)
	case h.Surge != nil && h.Every != bench.Once:
		return "a surge that does not come once"
	case h.Surge != nil && h.Surge.Contradiction() != "":
		return h.Surge.Contradiction()
	case h.Every < 0:
		return fmt.Sprintf("a fault every %s", h.Every)
	case h.Target.Claims.Grace > seconds(maxTime):
		return fmt.Sprintf("a grace of %g s", h.Target.Claims.Grace)
	case traitsContradiction(h.Traits) != "":
		return traitsContradiction(h.Traits)
	case p.Baseline < 1 || p.Fault < 1 || p.FaultCap < p.Fault || p.Recovery < 1 || p.Boot < 0 || p.AgeingMax < 0 || p.StopWindow < 0:
		return fmt.Sprintf("phases of %+v", p)
	case h.Aged < 0 || h.Target.Workers < 0 || h.Target.Probe.Slots < 0:
		return "a count below zero in the head"
	}
	return ""
}

func traitsContradiction(t bench.Traits) string {
	switch {
	case t.Holds < bench.UntilEnded || t.Holds > time.Duration(maxTime):
		return fmt.Sprintf("a fault that holds for %s", t.Holds)
	case badPace(t.Bytes):
		return fmt.Sprintf("a pace of %+v", *t.Bytes)
	case t.Contradiction() != "":
		return t.Contradiction()
	case t.Leaked().Amount < 0 || t.Leaked().Amount > maxLeak:
		return fmt.Sprintf("a leak of %d of %s with each fault", t.Leaked().Amount, t.Leaked().Of)
	}
	return ""
}

// partsContradiction is what cannot be true of the parts of a mix.
func partsContradiction(h bench.Head) string {
	if (len(h.Parts) > 0) != (h.Traits.Proof == bench.ProofParts) {
		return fmt.Sprintf("a proof by %q with %d parts", h.Traits.Proof, len(h.Parts))
	}
	total, aged, leaks := bench.Ratio(0), 0, 0
	seen := map[string]bool{}
	for _, p := range h.Parts {
		switch {
		case p.Family == "" || seen[p.Family]:
			return fmt.Sprintf("two parts of %q", clean(p.Family))
		case p.Ratio < 1 || p.Ratio > bench.RatioWhole || p.Aged < 0 || p.Aged > h.Aged:
			return fmt.Sprintf("a part with a ratio of %d thousandths of a percent and %d aged slots", int(p.Ratio), p.Aged)
		case p.Traits.Proof == bench.ProofParts || p.Traits.Proof == bench.ProofSignal || p.Traits.Proof == bench.ProofSent || p.Traits.Reuses != "" || p.Traits.Fills || p.Traits.AtCap || p.Traits.Spares || p.Traits.Expects == bench.ExpectsTurnover:
			return "a mix with " + clean(p.Family) + ", which no mix can have"
		case traitsContradiction(p.Traits) != "":
			return traitsContradiction(p.Traits)
		}
		seen[p.Family] = true
		total, aged = total+p.Ratio, aged+p.Aged
		if p.Traits.Leaked().Amount > 0 {
			leaks++
		}
	}
	if leaks > 1 {
		return "a mix with two parts that leak"
	}
	if len(h.Parts) > 0 && (total != h.Ratio || aged != h.Aged) {
		return fmt.Sprintf("parts of %d thousandths of a percent and %d aged slots in a mix of %d and %d", int(total), aged, int(h.Ratio), h.Aged)
	}
	return ""
}

// maxLeak bounds what one fault leaks (1 TiB), so that no sum of leaks overflows.
const maxLeak = 1 << 40

// badPace says that a pace has a figure that would prove every fault, or none.
func badPace(p *bench.Pace) bool {
	return p != nil && (min(p.Least, p.Piece, p.Most, int64(p.Every)) < 0 || int64(p.Every) > maxTime)
}

// phaseMarks in the order in which they are reached.
var phaseMarks = [...]bench.MarkName{bench.MarkBoot, bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault,
	bench.MarkCurtailed, bench.MarkRecovery, bench.MarkShutdown, bench.MarkEnd}

func markContradiction(rec *bench.Record) string {
	at := map[bench.MarkName]int64{}
	for _, m := range rec.Marks {
		if !slices.Contains(phaseMarks[:], m.Name) {
			continue
		}
		if _, again := at[m.Name]; again {
			return "two marks " + string(m.Name)
		}
		if at[m.Name] = m.T; m.T < 0 || m.T > maxTime {
			return fmt.Sprintf("the mark %s at %d ns", m.Name, m.T)
		}
	}
	before, last := bench.MarkName(""), int64(0)
	for _, name := range phaseMarks {
		t, ok := at[name]
		if ok && t < last {
			return fmt.Sprintf("the mark %s before %s", name, before)
		}
		if ok {
			before, last = name, t
		}
	}
	if _, served := at[bench.MarkBaseline]; served && !rec.Boot.Ready {
		return "a baseline of a server that was never ready"
	}
	return ""
}

// figureContradiction looks for impossible figures.
func figureContradiction(rec *bench.Record) string {
	h := rec.Head
	figures := []float64{h.Target.Claims.Watchdog, h.Target.Claims.Grace, h.Target.Probe.Watchdog, rec.Boot.Seconds}
	stops := []*bench.Stop{rec.Stop}
	if a := rec.Again; a != nil {
		figures = append(figures, a.Seconds, float64(a.T), float64(min(a.Asked, a.Old, a.Lost)))
		stops = append(stops, a.Idle)
	}
	if r := rec.Repaired; r != nil {
		figures = append(figures, r.Seconds, float64(r.T))
	}
	if b := rec.Beside; b != nil {
		figures = append(figures, b.StreamedFor, float64(min(b.Queued, b.Answered, b.Refused, b.Lost())), float64(b.Streamed))
	}
	for _, stop := range stops {
		if stop != nil {
			figures = append(figures, stop.Seconds, float64(stop.Survivors), float64(stop.Term))
		}
	}
	for _, x := range rec.Vitals {
		figures = append(figures, float64(x.T), x.CPU, float64(x.Memory)+1, // -1 = not sampled
			float64(min(x.Procs, x.Threads, x.FDs, x.Zombies, x.CloseWait, x.Files)))
	}
	for _, x := range figures {
		if !(x >= 0) || math.IsInf(x, 0) { // a NaN is not
			return fmt.Sprintf("a figure of %v", x)
		}
	}
	return ""
}

func sampleContradiction(rec *bench.Record) string {
	type id struct {
		role bench.Role
		seq  uint64
	}
	seen, parts := map[id]bool{}, map[string]bool{}
	for _, p := range rec.Head.Parts {
		parts[p.Family] = true
	}
	for _, s := range rec.Samples {
		if fault := s.Role == bench.RoleProvoker || s.Role == bench.RoleAgeing; (s.Part != "" || fault && len(parts) > 0) && (!fault || !parts[s.Part]) {
			return sampleWords(s) + " is of a part that the record does not have"
		}
		if seen[id{s.Role, s.Seq}] {
			return sampleWords(s) + " is there twice"
		}
		seen[id{s.Role, s.Seq}] = true
		if said := timeContradiction(rec.Head, s); said != "" {
			return sampleWords(s) + " " + said
		}
	}
	return ""
}

func sampleWords(s bench.Sample) string { return fmt.Sprintf("%s %d", clean(string(s.Role)), s.Seq) }

// timeContradiction is what is impossible about one sample.
func timeContradiction(h bench.Head, s bench.Sample) string {
	slo := h.SLO
	if s.Role == bench.RoleControl {
		slo = int64(bench.ControlSLO)
	}
	switch {
	case min(s.Due, s.Sent, s.Done) < 0 || max(s.Due, s.Sent, s.Done) > maxTime:
		return "has an impossible time"
	case s.Sent != 0 && s.Sent < s.Due:
		return "was sent before it was due"
	case s.Done != 0 && s.Done < max(s.Sent, s.Due):
		return "was done before it was sent"
	case s.Outcome == bench.OK && (s.Sent == 0 || s.Done == 0 || s.Done-s.Due > slo):
		return "is ok, but not within the SLO"
	case s.Outcome == bench.OK && (s.Status < http.StatusOK || s.Status >= http.StatusMultipleChoices):
		return fmt.Sprintf("is ok with status %d", s.Status)
	case s.Outcome == bench.Late && s.Done-s.Due <= slo:
		return "is late, but within the SLO"
	case s.Idle < 0 || s.Idle > maxTime:
		return "has an impossible idle time"
	case s.Bytes < 0:
		return "has a count of bytes below zero"
	}
	return ""
}

// scheduleContradiction looks for samples that no schedule has: outside of their
// role's phase, or, where a role has a rate, off its beat. In a record that
// breaks off, phases have no end to check.
func scheduleContradiction(rec *bench.Record) string {
	v := newView(rec)
	for _, role := range []struct {
		list     []bench.Sample
		rate     int // a second; 0 = not on a beat
		from, to bench.MarkName
	}{
		{v.victims, rec.Head.Rate, bench.MarkBaseline, bench.MarkShutdown},
		{v.controls, bench.ControlRate(rec.Head.Rate), bench.MarkBoot, ""}, // it is ended last, after the mark
		{v.provokers, 0, bench.MarkFault, bench.MarkRecovery},
		{v.ageing, 0, bench.MarkAgeing, bench.MarkFault},
	} {
		from, begun := v.marks[role.from]
		if !begun || len(role.list) == 0 { // without its phase a role counts nowhere
			continue
		}
		to := v.first(maxTime, role.to)
		first := role.list[0]
		beat := bench.Beat{Rate: role.rate}
		beat.Start = first.Due - beat.Due(first.Seq)
		for _, s := range role.list {
			if s.Due < from || s.Due > to {
				return fmt.Sprintf("%s was due outside of its phase", sampleWords(s))
			}
			if role.rate > 0 && s.Due != beat.Due(s.Seq) {
				return fmt.Sprintf("%s was due off the beat of %d a second", sampleWords(s), role.rate)
			}
		}
	}
	return ""
}
