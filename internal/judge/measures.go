package judge

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// sheet fills a bench.Measures. It drops figures that are not finite.
type sheet struct{ m bench.Measures }

func (s sheet) set(name string, value float64, n int) {
	if !math.IsNaN(value) && !math.IsInf(value, 0) {
		s.m.Set(name, value, n)
	}
}

func (s sheet) above(name string, bound float64, n int) {
	if !math.IsNaN(bound) && !math.IsInf(bound, 0) {
		s.m.SetCensored(name, bound, n)
	}
}

// measures returns every measure of bench.MeasureTable. One without data has no
// value, so all cells carry the same names.
func (f *facts) measures() bench.Measures {
	s := sheet{noMeasures()}
	f.serviceMeasures(s)
	f.faultMeasures(s)
	f.timeMeasures(s)
	f.workerMeasures(s)
	f.vitalMeasures(s)
	f.leftMeasures(s)
	f.bootAndStopMeasures(s)
	f.endingMeasures(s)
	f.harnessMeasures(s)
	return s.m
}

// noMeasures is every measure, with nothing measured.
func noMeasures() bench.Measures {
	m := bench.Measures{}
	for _, spec := range bench.MeasureTable {
		m.SetNone(spec.Name)
	}
	return m
}

func (f *facts) serviceMeasures(s sheet) {
	if f.base.scheduled > 0 {
		s.set("baseline_h", f.base.h(), f.base.scheduled)
	}
	if f.fault.scheduled == 0 {
		return
	}
	n := f.fault.scheduled
	s.set("h", f.fault.h(), n)
	if f.base.ok > 0 {
		s.set("retention", 100*f.fault.h()/f.base.h(), n)
	}
	s.set("availability", 100*float64(f.fault.available)/float64(f.fault.valid), f.fault.valid)
	for _, o := range bench.VictimLosses {
		s.set("lost_"+string(o), float64(f.fault.lost[o]), n)
	}
	l := f.v.latency(f.bins)
	if l.n > 0 {
		s.set("latency_p50", l.p50, l.n)
		s.set("latency_p99", l.p99, l.n)
		s.set("latency_max", l.max, l.n)
	}
}

// blastRadius is the victims lost per delivered fault, beyond what the baseline
// loses; both sides are counted in valid seconds. Slots taken by ageing stand
// for faults long past and are left out.
func (f *facts) blastRadius() (float64, bool) {
	if f.faults.inValid == 0 || f.fault.scheduled == 0 {
		return 0, false
	}
	usual := 0.0
	if f.base.scheduled > 0 {
		usual = float64(f.base.missed()) / float64(f.base.scheduled) * float64(f.fault.scheduled)
	}
	return max(0, float64(f.fault.missed())-usual) / float64(f.faults.inValid), true
}

func (f *facts) faultMeasures(s sheet) {
	v, p := f.v, f.v.head.Target.Probe
	if r, ok := f.blastRadius(); ok {
		s.set("blast_radius", r, f.faults.inValid)
	}
	if !v.fault.empty() {
		s.set("faults_scheduled", float64(f.faults.scheduled), f.faults.scheduled)
		s.set("faults_delivered", float64(len(f.faults.times)), f.faults.scheduled)
		outcomes := map[bench.Outcome]int{}
		for _, x := range within(v.provokers, v.fault) {
			outcomes[x.Outcome]++
		}
		s.set("provokers_completed", float64(outcomes[bench.Completed]), f.faults.scheduled)
		s.set("provokers_cut", float64(outcomes[bench.Cut]), f.faults.scheduled)
		s.set("provokers_refused", float64(outcomes[bench.NoConnect]), f.faults.scheduled)
	}
	f.race.measure(s)
	if f.honest.due > 0 {
		s.set("honest_lost", float64(f.honest.lost), f.honest.due)
	}
	s.set("aged_slots", float64(max(0, v.head.Aged)), max(0, v.head.Aged))
	switch {
	case p.Slots > 0 && p.Unbounded:
		s.above("slots", float64(p.Slots), 1)
	case p.Slots > 0:
		s.set("slots", float64(p.Slots), 1)
	}
	switch {
	case p.Watchdog > 0 && p.WatchdogCensored:
		s.above("watchdog", p.Watchdog, 1)
	case p.Watchdog > 0:
		s.set("watchdog", p.Watchdog, 1)
	}
	if w := f.wedges; w.known && w.old > 0 {
		s.set("reclaimed", 100*float64(len(w.back))/float64(w.old), w.old)
		if t, bound := w.median(); bound {
			s.above("time_to_reclaim", t, w.old)
		} else {
			s.set("time_to_reclaim", t, w.old)
		}
	}
}

// collapseTime is the time from the first fault to the collapse at the
// scenario's ratio, in seconds. Where slots were aged it is derived: the faults
// that it took, at R·p of them a second. It is false where there was none.
func (f *facts) collapseTime() (float64, bool) {
	if !f.collapse.found {
		return 0, false
	}
	if f.v.head.Aged > 0 {
		faults, rp := f.collapse.faults, f.agedPerSecond()
		if f.mixed() { // the others are not aged
			faults = 0
			for _, p := range f.holding() {
				faults += p.faults.reached(f.collapse.at)
			}
		}
		return float64(faults) / rp, rp > 0
	}
	from := f.v.fault.from
	if len(f.faults.times) > 0 {
		from = f.faults.times[0]
	}
	return seconds(max(0, f.collapse.at-from)), true
}

// agedPerSecond is how many faults come in a second of those that ageing stands for.
func (f *facts) agedPerSecond() float64 {
	if !f.mixed() {
		return f.v.perSecond()
	}
	rp := 0.0
	for _, p := range f.holding() {
		rp += p.perSecond()
	}
	return rp
}

func (f *facts) timeMeasures(s sheet) {
	if f.v.fault.empty() || f.fault.valid == 0 {
		return
	}
	if t, ok := f.collapseTime(); ok {
		s.set("time_to_collapse", t, 1)
		s.set("faults_to_collapse", float64(f.collapse.faults), 1)
	} else if !f.collapse.found {
		// What ageing stood for counts as survived.
		reached := f.v.fault.seconds()
		if rp := f.agedPerSecond(); f.faults.agedHit > 0 && rp > 0 {
			reached += float64(f.faults.agedHit) / rp
		}
		s.above("time_to_collapse", reached, 1)
		s.above("faults_to_collapse", float64(len(f.faults.times)+f.faults.agedHit), 1)
	}
	switch r := f.recovery; {
	case r.known && r.bound:
		s.above("time_to_recover", seconds(r.ns), 1)
	case r.known:
		s.set("time_to_recover", seconds(r.ns), 1)
	}
	f.surge.measure(s)
	s.set("longest_outage", seconds(f.outage.ns), f.outage.victims)
}

func (f *facts) workerMeasures(s sheet) {
	w := f.workers
	if f.v.fault.empty() || w.total == 0 {
		return
	}
	s.set("worker_deaths", float64(w.deaths), w.total)
	s.set("worker_births", float64(w.births), w.total)
	s.set("live_workers_min", float64(w.least), w.total)
	switch r := f.renewal; {
	case r.late > 0 || r.young > 0:
		s.above("time_to_replace", seconds(r.longest), r.signals)
	case r.signals > 0:
		s.set("time_to_replace", seconds(r.longest), r.signals)
	}
	if g := f.grown; g.known {
		s.set("fds_per_fault", g.fds.beside, g.n)
		s.set("threads_per_fault", g.threads.beside, g.n)
		s.set("memory_per_fault", g.memory.beside/(1<<20), g.n)
	}
}

func (f *facts) bootAndStopMeasures(s sheet) {
	b, stop := f.v.boot, f.v.stop
	switch {
	case b.Ready:
		s.set("boot_time", b.Seconds, 1)
	case b.Exited == nil && b.Seconds > 0:
		s.above("boot_time", b.Seconds, 1)
	}
	if stop == nil {
		return
	}
	switch {
	case stop.AlreadyGone: // there was nothing left to stop
	case stop.NeededSIGKILL:
		s.above("stop_time", stop.Seconds, 1)
	default:
		s.set("stop_time", stop.Seconds, 1)
	}
	if e := stop.Exit; e != nil {
		if code, ok := shellCode(*e); ok {
			s.set("stop_code", float64(code), 1)
		}
	}
	if stop.Limited() { // it may still have ended in order
		return
	}
	s.set("survivors", float64(stop.Survivors), 1)
	s.set("port_freed", oneIf(stop.PortFreed), 1)
	if !stop.AlreadyGone {
		s.set("needed_sigkill", oneIf(stop.NeededSIGKILL), 1)
	}
}

func (f *facts) harnessMeasures(s sheet) {
	if f.asked > 0 {
		s.set("control_misses", float64(f.misses), f.asked)
	}
	if f.v.fault.empty() {
		return
	}
	s.set("valid_seconds", float64(f.fault.valid), f.fault.bins)
	if p99, n := f.v.lateness(); n > 0 {
		s.set("lateness_p99", p99, n)
	}
}

// shellCode is the exit code as a shell shows it: 128 + n for signal n. It is
// false for a signal of unknown name.
func shellCode(e bench.ExitStatus) (code int, ok bool) {
	if e.Signal == "" {
		return e.Code, true
	}
	n := int(unix.SignalNum(e.Signal))
	if n == 0 { // a realtime signal has a number for a name: SIG34
		n, _ = strconv.Atoi(strings.TrimPrefix(e.Signal, "SIG"))
	}
	return 128 + n, n > 0
}

func oneIf(b bool) float64 { return float64(oneOf(b)) }
