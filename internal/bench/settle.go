package bench

import (
	"cmp"
	"slices"
	"time"
)

// How exactly a record tells when things were. The last digits of a nanosecond are noise of
// the machine, and three quarters of what a record takes: with these, it is a third as large.
// Whatever an attempt comes to is judged after its times were rounded, so that its record
// judges to the same again.
const (
	LatenessStep = time.Millisecond      // of Sent, after Due; rounded down
	LatencyStep  = time.Millisecond / 10 // of Done, after Due; rounded up
	VitalStep    = time.Millisecond / 10 // of Vital.T and Vital.CPU; rounded down
)

// Settled is a record with its samples in the order of their roles and of their schedule, and
// its times rounded. A request is still sent no earlier than it was due, and done no earlier
// than it was sent; one that was in time still is. Samples whose times contradict each other
// stay as they are. What the server and the observer say (receipts, processes, marks) stays
// exact.
func (r *Record) Settled() *Record {
	out := *r
	out.Samples, out.Vitals = slices.Clone(r.Samples), slices.Clone(r.Vitals)
	for i := range out.Samples {
		settleSample(&out.Samples[i])
	}
	slices.SortStableFunc(out.Samples, func(a, b Sample) int {
		return cmp.Or(cmp.Compare(place(a.Role), place(b.Role)), cmp.Compare(a.Due, b.Due), cmp.Compare(a.Seq, b.Seq))
	})
	for i := range out.Vitals {
		v := &out.Vitals[i]
		v.T -= max(0, v.T) % int64(VitalStep)
		if ns := int64(v.CPU * 1e9); ns > 0 && v.CPU < 1e6 {
			v.CPU = float64(ns-ns%int64(VitalStep)) / 1e9
		}
	}
	return &out
}

// place is where the samples of a role come.
func place(r Role) int {
	return slices.Index([]Role{RoleVictim, RoleControl, RoleProvoker, RoleAgeing, RoleShutdown}, r)
}

func settleSample(s *Sample) {
	if s.Due <= 0 || s.Sent != 0 && s.Sent < s.Due || s.Done != 0 && s.Done < max(s.Due, s.Sent) || max(s.Sent, s.Done) > 1<<60 {
		return
	}
	if s.Sent != 0 {
		s.Sent -= (s.Sent - s.Due) % int64(LatenessStep)
	}
	if s.Done != 0 {
		if over := (s.Done - s.Due) % int64(LatencyStep); over > 0 {
			s.Done += int64(LatencyStep) - over
		}
	}
}
