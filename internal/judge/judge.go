package judge

import (
	"benchrun/internal/bench"
)

// Judge says what a record amounts to. It is a pure function: the same record, in
// whatever order its entries were written, gives the same judgement. The measures
// always carry every name of bench.MeasureTable; reasons and flags are never nil.
// It never returns an error: a record that proves nothing is invalid.
func Judge(rec *bench.Record) bench.Judgement {
	if rec == nil {
		rec = &bench.Record{}
	}
	f := factsOf(newView(rec))
	if f.doubted() == "" { // an interruption may leave things half done
		if said := contradiction(rec); said != "" {
			flags := []string{}
			if rec.Head.Sabotage != "" { // the sabotage is all that such a record can show
				flags = append(flags, bench.FlagSabotaged)
			}
			return bench.Judgement{
				Reasons: []string{"the record contradicts itself: " + said}, Flags: flags, Measures: noMeasures(),
			}
		}
	}
	return f.judgement()
}

// judgement applies the rules to what was found.
func (f *facts) judgement() bench.Judgement {
	verdict, rule := f.rate()
	if hidden := f.hiddenWords(verdict); hidden != "" {
		verdict, rule = bench.Invalid, hidden
	}
	return bench.Judgement{
		Verdict:  verdict,
		Reasons:  f.reasons(verdict, rule),
		Flags:    f.flags(verdict),
		Measures: f.measures(),
	}
}

// facts are all that was seen in a record, before anything is concluded.
type facts struct {
	v        *view
	bins     []bench.Bin // of the fault phase
	base     tally
	baseBins []bench.Bin
	fault    tally
	parts    []part // of the faults; one, but in a mix
	faults   delivery
	wedges   wedges
	workers  workers
	crashed  crashed
	collapse collapse
	outage   outage
	recovery recovered
	honest   honest
	broken   brokenOff
	renewal  renewal
	others   int // workers that the shortage has left
	strays   strays
	grown    growth
	end      ending
	refused  refusal
	left     left
	harm     harmed
	surge    surge
	race     race
	back     tally // the end of the recovery, where it decides too

	wrong      int   // victims with a wrong or corrupt body, in any second
	firstWrong int64 // the first one's intended send

	asked, misses int // control requests between baseline and shutdown
}

func factsOf(v *view) *facts {
	f := &facts{v: v}
	f.baseBins = v.bins(v.baseline.from, v.baseline.to)
	f.base = sum(f.baseBins)
	f.bins = v.bins(v.fault.from, v.fault.to)
	f.fault = sum(f.bins)
	f.judgeParts()
	f.workers = v.workers(f.faults.first)
	f.crashed = v.crashed()
	f.collapse = v.collapse(f.bins, f.faults)
	f.outage = v.longestOutage(f.bins)
	f.recovery = v.recoverTime()
	f.renewal = v.renewal()
	f.others = v.others()
	f.strays = f.strayLosses()
	f.grown = f.growth()
	f.end = f.ending()
	f.refused = v.refusal()
	f.left = f.whatIsLeft()
	f.harm = f.harmed()
	f.surge = v.surge(f.bins)
	f.race = v.race()
	f.back = v.backAgain()
	for _, s := range within(v.victims, f.watched()) {
		if s.Outcome == bench.Wrong {
			if f.wrong == 0 {
				f.firstWrong = s.Due
			}
			f.wrong++
		}
	}
	f.asked, f.misses = v.controlIn(f.watched())
	return f
}

// controlIn counts the control requests due in s, and those that missed their SLO.
func (v *view) controlIn(s span) (asked, misses int) {
	for _, s := range within(v.controls, s) {
		asked++
		if missed(s) {
			misses++
		}
	}
	return asked, misses
}

// watched is from the baseline to the shutdown.
func (f *facts) watched() span {
	if _, ok := f.v.marks[bench.MarkBaseline]; !ok {
		return span{}
	}
	return span{f.v.baseline.from, f.v.end}
}

// curtailed says that the fault phase ended early because the losses exceeded
// the whole budget, and that the record bears it out.
func (f *facts) curtailed() bool {
	_, marked := f.v.marks[bench.MarkCurtailed]
	return marked && f.short() && overBudget(f.v.head, f.fault.missed(), f.fault.bad)
}

// short says that fewer valid seconds are in than the fault phase needs.
func (f *facts) short() bool {
	return f.fault.valid == 0 || float64(f.fault.valid) < f.v.head.Phases.Fault.Seconds()
}

// rate applies the rules in their order; docs/method.md lists them. The second
// result is the rule's own reason.
func (f *facts) rate() (bench.Verdict, string) {
	v := f.v
	if doubt := f.doubted(); doubt != "" {
		return bench.Invalid, doubt
	}
	if f.endedAtCap() && f.leakedToCap() {
		return f.rateKept()
	}
	if !v.boot.Ready {
		return f.rateBoot()
	}
	if f.filledDisk() {
		return bench.Failed, ""
	}
	if f.wrong > 0 { // host noise changes no body
		return bench.Failed, f.wrongWords()
	}
	if f.harm.crossed > 0 {
		return bench.Failed, f.crossedWords()
	}
	if verdict, rule := f.rateBaseline(); verdict != bench.Held {
		return verdict, rule
	}
	turnover := f.turnoverWords()
	switch {
	case v.fault.empty():
		return bench.Invalid, "interrupted: the record breaks off before the recovery phase"
	case turnover != "":
		return bench.Failed, turnover
	case f.faults.provokers == 0 && f.faults.agedHit == 0:
		return bench.Invalid, "no fault was scheduled"
	case f.curtailed():
		return bench.Failed, ""
	case f.short():
		return bench.Invalid, f.shortWords()
	case shortOf(f.surge.due, f.surge.due-f.surge.late):
		return bench.Invalid, f.surge.lateWords()
	case v.head.Traits.Fills && f.back.valid < backBinsNeeded:
		return bench.Invalid, "whether the server came back was not measured"
	case v.head.Traits.Fills:
	case f.fault.bad >= badBinsNeeded && f.fault.below(degradedPercent):
		return bench.Failed, ""
	}
	leak, kept := f.rateKept()
	if leak == bench.Failed {
		return leak, kept
	}
	for _, rule := range []string{f.strayWords(), f.honestWords(), f.killedWords(), f.cutHiddenWords(), f.notClosedWords(), f.race.cutWords(), f.notReplacedWords(), f.notRespawnedWords(), f.growthWords(), f.notBackWords(), f.busyWords(), f.diedWords(), f.hungWords(), f.leftWords()} {
		if rule != "" {
			return bench.Failed, rule
		}
	}
	for _, rate := range []func() (bench.Verdict, string){f.rateEnding, f.rateRefusal} {
		if ended, how := rate(); ended == bench.Failed {
			return ended, how
		}
	}
	if f.others > 0 && f.fault.bad >= badBinsNeeded && f.fault.below(degradedPercent) { // where it has ended for good, that says more
		return bench.Failed, ""
	}
	if (!v.head.Traits.Fills || f.others > 0) && f.fault.bad >= badBinsNeeded && f.fault.below(heldPercent) {
		return bench.Degraded, ""
	}
	if spoiled := f.spoiledWords(); spoiled != "" {
		return bench.Failed, spoiled
	}
	if missing := f.undelivered(); missing != "" {
		return bench.Invalid, missing
	}
	if v.head.Traits.AtCap && len(v.capped) == 0 {
		return bench.Invalid, "faults not delivered: the kernel ended no process at the memory cap"
	}
	for _, rate := range []func() (bench.Verdict, string){f.rateEnding, f.rateRefusal} {
		if ended, how := rate(); ended == bench.Invalid {
			return ended, how
		}
	}
	if f.renewal.young > 0 {
		return bench.Invalid, "interrupted: the record breaks off before it is known whether every worker was replaced"
	}
	if v.head.Traits.Expects == bench.ExpectsTurnover && f.workers.deaths < leastTurnover {
		return bench.Invalid, "faults not delivered: " + bench.Things(f.workers.deaths, "worker", "workers") + " ended, where many should have served as many requests as they may"
	}
	if v.head.Traits.Expects == bench.ExpectsRenewal && !f.grown.known {
		return bench.Invalid, "what piled up with the faults was not measured"
	}
	if v.head.Traits.Returns && f.back.valid < backBinsNeeded {
		return bench.Invalid, "whether the server came back was not measured"
	}
	if f.left.due && !f.left.known {
		return bench.Invalid, "what stays of the clients was not measured"
	}
	if f.base.below(heldPercent) { // workers ended in it, and cost nobody anything later
		return f.rateLost()
	}
	return leak, kept
}

// leastTurnover is how many workers must have ended where they are to end all the time.
const leastTurnover = 4

// hiddenWords says that a server beside other cells of the run held only because
// seconds are masked; "" = it did not. A server that takes much CPU just when it
// loses victims makes its company take the last of the CPU in these very seconds.
func (f *facts) hiddenWords(verdict bench.Verdict) string {
	if verdict != bench.Held || f.v.head.Company == 0 || f.v.whole {
		return ""
	}
	all := *f.v
	all.whole = true
	if verdict, _ := factsOf(&all).rate(); verdict == bench.Failed || verdict == bench.Degraded {
		return "held beside other cells, but " + verdict.String() + " if the masked seconds count: " + maskedOf(f.fault, f.bins)
	}
	return ""
}

// doubted names the doubt about the whole record, "" when there is none. That
// benchrun ended the target at its memory cap is no such doubt if it answers the
// family's question.
func (f *facts) doubted() string {
	for _, d := range f.v.doubts {
		if whole(d) && (d.Cause != bench.DoubtMemoryCap || !f.leakedToCap()) {
			return "the whole record is in doubt: " + doubtWords(d)
		}
	}
	return ""
}

// rateBoot judges a target that never became ready: broken, unless the host
// may be to blame.
func (f *facts) rateBoot() (bench.Verdict, string) {
	v := f.v
	boot := span{v.first(0, bench.MarkBoot), v.end + 1}
	for _, d := range v.doubts {
		if d.From < boot.to && (d.To >= boot.from || d.To < d.From) {
			return bench.Invalid, "not ready, but the record is in doubt: " + doubtWords(d)
		}
	}
	asked, misses := v.controlIn(boot)
	allowed := asked / 2 // an exit code says more than how long something took
	if v.boot.Exited == nil {
		allowed = asked / 10
	}
	switch {
	case misses > allowed:
		return bench.Invalid, "not ready, but the host stalled: the control missed " + bench.Grouped(misses) + " of " + bench.Things(asked, "request", "requests")
	case asked == 0 && v.boot.Exited == nil:
		return bench.Invalid, "not ready, and no control request vouches for the host"
	}
	return bench.Broken, f.bootWords()
}

// rateBaseline returns Held when there is a sound baseline to compare with. Half
// a baseline is enough for that, but not to call a server broken: if the host
// spoiled some of its few seconds, a quiet attempt may say otherwise.
func (f *facts) rateBaseline() (bench.Verdict, string) {
	expected := f.v.head.Phases.Baseline.Seconds()
	switch {
	case f.v.baseline.empty():
		return bench.Invalid, "interrupted: the record breaks off before the end of the baseline"
	case tooFew(f.base, f.v.head):
		return bench.Invalid, "the baseline could not be measured: " + validWords(f.base.valid, expected) + f.maskedBecause(f.baseBins)
	case !f.base.below(heldPercent), f.turnedOver():
		return bench.Held, ""
	}
	return f.rateLost()
}

// tooFew says that less than half of the baseline counts.
func tooFew(base tally, head bench.Head) bool {
	return base.valid == 0 || float64(base.valid)*2 < head.Phases.Baseline.Seconds()
}

// rateLost rates a baseline that lost too much.
func (f *facts) rateLost() (bench.Verdict, string) {
	lost := "lost " + bench.Grouped(f.base.missed()) + " of " + bench.Things(f.base.scheduled, "victim", "victims") +
		" before any fault: " + lossWords(f.base)
	if f.base.valid < f.base.bins { // what masked some of its seconds may have spoiled the others
		return bench.Invalid, lost + "; but " + maskedOf(f.base, f.baseBins) + ", and only a whole baseline proves a server broken"
	}
	return bench.Broken, lost
}
