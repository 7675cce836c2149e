package judge

import (
	"math"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// What benchrun cannot have written proves nothing, and is never held: each of
// these would be, but for the one thing.
func TestContradictionsAreInvalid(t *testing.T) {
	victim := func(change func(*bench.Sample)) scene {
		return wedged().edit(bench.RoleVictim, fault(3), fault(3.005), change)
	}
	head := func(change func(*bench.Head)) scene { return wedged().head(change) }
	twice := func(role bench.Role) scene {
		s := wedged()
		i := slices.IndexFunc(s.Samples, func(x bench.Sample) bool { return x.Role == role })
		s.Samples = append(s.Samples, s.Samples[i])
		return s
	}
	moved := func(name bench.MarkName, t float64) scene {
		s := wedged()
		s.Marks = dropMark(s.Marks, name)
		return s.mark(name, t)
	}
	figure := func(change func(*bench.Record)) scene {
		s := wedged().vital(fault(1), 1<<20, 1, 3)
		change(s.Record)
		return s
	}
	for name, tt := range map[string]struct {
		scene scene
		want  string // in the reason
	}{
		"a victim twice":                         {twice(bench.RoleVictim), "victim 0 is there twice"},
		"a control request twice":                {twice(bench.RoleControl), "control 0 is there twice"},
		"a provoker twice":                       {twice(bench.RoleProvoker), "is there twice"},
		"ok after the SLO":                       {victim(func(x *bench.Sample) { x.Done = x.Due + 1e9 + 1 }), "victim 700 is ok, but not within the SLO"},
		"ok that never ended":                    {victim(func(x *bench.Sample) { x.Done = 0 }), "not within the SLO"},
		"ok that was never sent":                 {victim(func(x *bench.Sample) { x.Sent = 0 }), "not within the SLO"},
		"ok with 503":                            {victim(func(x *bench.Sample) { x.Status = 503 }), "ok with status 503"},
		"late in time":                           {victim(func(x *bench.Sample) { x.Outcome = bench.Late }), "late, but within"},
		"a control request after its SLO":        {wedged().edit(bench.RoleControl, fault(3), fault(3.1), func(x *bench.Sample) { x.Done = x.Due + 251e6 }), "not within the SLO"},
		"sent too early":                         {victim(func(x *bench.Sample) { x.Sent = x.Due - 1 }), "before it was due"},
		"done too early":                         {victim(func(x *bench.Sample) { x.Done = x.Sent - 1 }), "before it was sent"},
		"a time below zero":                      {victim(func(x *bench.Sample) { x.Sent = -1 }), "impossible time"},
		"a time beyond all":                      {victim(func(x *bench.Sample) { x.Done = math.MaxInt64 }), "impossible time"},
		"bytes below zero":                       {victim(func(x *bench.Sample) { x.Bytes = -1 }), "bytes below zero"},
		"one victim more":                        {victim(func(x *bench.Sample) { x.Seq = 1 << 40 }), "off the beat of 100 a second"},
		"a victim off its beat":                  {victim(func(x *bench.Sample) { x.Due++ }), "off the beat"},
		"a victim before the baseline":           {wedged().edit(bench.RoleVictim, base(0), base(0.005), func(x *bench.Sample) { x.Due, x.Sent, x.Done = 0, 1, 2 }), "outside of its phase"},
		"a provoker in the recovery":             {wedged().edit(bench.RoleProvoker, fault(11), fault(12), func(x *bench.Sample) { x.Due, x.Sent = ns(recovery(1)), ns(recovery(1)) }), "outside of its phase"},
		"no rate":                                {head(func(h *bench.Head) { h.Rate = 0 }), "a rate of 0"},
		"no ratio":                               {head(func(h *bench.Head) { h.Ratio = 0 }), "a ratio of 0"},
		"more than all":                          {head(func(h *bench.Head) { h.Ratio = bench.RatioWhole + 1 }), "a ratio"},
		"no fault phase":                         {head(func(h *bench.Head) { h.Phases.Fault = 0 }), "phases of"},
		"no SLO":                                 {head(func(h *bench.Head) { h.SLO = 0 }), "an SLO of 0"},
		"a timeout below the SLO":                {head(func(h *bench.Head) { h.Timeout = h.SLO - 1 }), "a timeout"},
		"aged below zero":                        {head(func(h *bench.Head) { h.Aged = -1 }), "below zero"},
		"receipts without a name":                {head(func(h *bench.Head) { h.Traits.Receipt = "" }), `a proof by "receipt" with receipts of ""`},
		"a proof by bytes of no number":          {head(func(h *bench.Head) { h.Traits.Proof, h.Traits.Receipt = bench.ProofBytes, "" }), `a proof by "bytes" with bytes of <nil>`},
		"bytes that prove nothing":               {head(func(h *bench.Head) { h.Traits.Bytes = &bench.Pace{Least: 1} }), `a proof by "receipt" with bytes of`},
		"a dishonest request that must complete": {head(func(h *bench.Head) { h.Traits.MustComplete = true }), "not honest"},
		"a right answer that none looks at":      {head(func(h *bench.Head) { h.Traits.Status = 500 }), "a right answer with status 500"},
		"a status that HTTP does not have":       {head(func(h *bench.Head) { h.Traits.Honest, h.Traits.MustComplete, h.Traits.Status = true, true, 600 }), "a right answer with status 600"},
		"a broken answer that must complete":     {head(func(h *bench.Head) { h.Traits.Honest, h.Traits.MustComplete, h.Traits.BreaksOff = true, true, true }), "breaks off and must complete"},
		"two leaks": {head(func(h *bench.Head) {
			h.Traits.LeakBytes, h.Traits.Leaks = 1, bench.Leak{Of: bench.ResourceFDs, Amount: 1}
		}), "a leak of 1 \"fds\" and 1 bytes"},
		"a leak of nothing that is known": {head(func(h *bench.Head) { h.Traits.Leaks = bench.Leak{Of: "love", Amount: 1} }), "a leak of 1 \"love\""},
		"a leak of less than nothing":     {head(func(h *bench.Head) { h.Traits.Leaks = bench.Leak{Of: bench.ResourceFDs, Amount: -1} }), "a leak of -1"},
		"a leak that no sum can hold":     {head(func(h *bench.Head) { h.Traits.Leaks = bench.Leak{Of: bench.ResourceFDs, Amount: 1 << 41} }), "a leak of 2199023255552 of fds"},
		"an end of no broken answer":      {head(func(h *bench.Head) { h.Traits.Closes = true }), "breaks off"},
		"a hold below zero":               {head(func(h *bench.Head) { h.Traits.Holds = -2 }), "that holds for -2ns"},
		"a watchdog that is no number":    {head(func(h *bench.Head) { h.Target.Probe.Watchdog = math.NaN() }), "a figure of NaN"},
		"two fault phases":                {wedged().mark(bench.MarkFault, fault(1)), "two marks fault"},
		"an end before the shutdown":      {moved(bench.MarkEnd, shutdownAt-1), "the mark end before shutdown"},
		"a mark below zero":               {moved(bench.MarkBoot, -1), "the mark boot at -1000000000 ns"},
		"served but never ready":          {figure(func(r *bench.Record) { r.Boot.Ready = false }), "never ready"},
		"CPU below zero":                  {figure(func(r *bench.Record) { r.Vitals[0].CPU = -1 }), "a figure of -1"},
		"memory below zero":               {figure(func(r *bench.Record) { r.Vitals[0].Memory = -2 }), "a figure of -1"},
		"descriptors below zero":          {figure(func(r *bench.Record) { r.Vitals[0].FDs = -3 }), "a figure of -3"},
		"a repair before its time":        {figure(func(r *bench.Record) { r.Repaired = &bench.Repaired{Seconds: -1} }), "a figure of -1"},
		"a queue of fewer than none":      {figure(func(r *bench.Record) { r.Beside = &bench.Beside{Queued: 1, Answered: 3} }), "a figure of -2"},
		"an infinite stop":                {figure(func(r *bench.Record) { r.Stop.Seconds = math.Inf(1) }), "a figure of +Inf"},
	} {
		t.Run(name, func(t *testing.T) {
			j := Judge(tt.scene.Record)
			if j.Verdict != bench.Invalid || len(j.Flags) != 0 {
				t.Errorf("%v %q", j.Verdict, j.Flags)
			}
			if len(j.Reasons) != 1 || !strings.HasPrefix(j.Reasons[0], "the record contradicts itself: ") || !strings.Contains(j.Reasons[0], tt.want) {
				t.Errorf("reasons %q, want %q", j.Reasons, tt.want)
			}
			for name, m := range j.Measures {
				if m.Value != nil {
					t.Errorf("%s = %v, measured on nothing", name, *m.Value)
				}
			}
		})
	}
	for name, s := range scenes() {
		if said := contradiction(s.Record); said != "" && name != "nothing" && name != "no marks" {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// An interruption may leave things half done: its doubt is the reason then.
func TestInterruptionIsNoContradiction(t *testing.T) {
	s := wedged().doubt(0, 0, "interrupted").mark(bench.MarkFault, fault(1))
	wantReason(t, Judge(s.Record), "the whole record is in doubt: interrupted")
}
