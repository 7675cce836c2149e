package bench

import (
	"math"
	"math/rand"
	"reflect"
	"testing"
)

func TestSettledSamples(t *testing.T) {
	for name, c := range map[string]struct{ is, want Sample }{
		"rounded":                 {Sample{Due: 7, Sent: 7 + 2_999_999, Done: 7 + 3_000_001}, Sample{Due: 7, Sent: 7 + 2_000_000, Done: 7 + 3_100_000}},
		"round already":           {Sample{Due: 7, Sent: 7 + 2_000_000, Done: 7 + 3_000_000}, Sample{Due: 7, Sent: 7 + 2_000_000, Done: 7 + 3_000_000}},
		"at once":                 {Sample{Due: 7, Sent: 7, Done: 8}, Sample{Due: 7, Sent: 7, Done: 7 + 100_000}},
		"in time to the last":     {Sample{Due: 7, Sent: 8, Done: 7 + 1e9}, Sample{Due: 7, Sent: 7, Done: 7 + 1e9}},
		"late by one":             {Sample{Due: 7, Sent: 8, Done: 8 + 1e9}, Sample{Due: 7, Sent: 7, Done: 7 + 1e9 + 100_000}},
		"never done":              {Sample{Due: 7, Sent: 8}, Sample{Due: 7, Sent: 7}},
		"never sent":              {Sample{Due: 7, Done: 8}, Sample{Due: 7, Done: 7 + 100_000}},
		"sent before it was due":  {Sample{Due: 7, Sent: 6, Done: 9}, Sample{Due: 7, Sent: 6, Done: 9}},
		"done before it was sent": {Sample{Due: 7, Sent: 9, Done: 8}, Sample{Due: 7, Sent: 9, Done: 8}},
		"due before the origin":   {Sample{Due: -7, Sent: 9, Done: 10}, Sample{Due: -7, Sent: 9, Done: 10}},
		"out of all bounds":       {Sample{Due: 7, Sent: 9, Done: math.MaxInt64}, Sample{Due: 7, Sent: 9, Done: math.MaxInt64}},
	} {
		r := &Record{Samples: []Sample{c.is}}
		if got := r.Settled().Samples[0]; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
		if !reflect.DeepEqual(r.Samples[0], c.is) {
			t.Errorf("%s: the record itself was changed", name)
		}
	}
}

// The order of a sample's times, and whether it was in time, outlive rounding; and what was
// rounded stays as it is.
func TestSettlingContradictsNothing(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	const slo = int64(1e9)
	for range 20_000 {
		s := Sample{Role: RoleVictim, Due: 1 + r.Int63n(1e11)}
		s.Sent = s.Due + r.Int63n(3e6)
		s.Done = s.Sent + r.Int63n(4e6) + int64(r.Intn(2))*(slo-4e6)
		got := (&Record{Samples: []Sample{s}}).Settled()
		x := got.Samples[0]
		if x.Sent < x.Due || x.Done < x.Sent || x.Sent > s.Sent || x.Done < s.Done ||
			s.Sent-x.Sent >= int64(LatenessStep) || x.Done-s.Done >= int64(LatencyStep) || (x.Done-x.Due <= slo) != (s.Done-s.Due <= slo) {
			t.Fatalf("%+v became %+v", s, x)
		}
		if again := got.Settled(); !reflect.DeepEqual(again, got) {
			t.Fatalf("%+v became %+v", got, again)
		}
	}
}

func TestSettledOrderAndVitals(t *testing.T) {
	r := &Record{
		Samples: []Sample{
			{Role: RoleShutdown, Due: 1}, {Role: RoleProvoker, Due: 3, Seq: 1}, {Role: RoleProvoker, Due: 3}, {Role: RoleVictim, Due: 9}, {Role: RoleVictim, Due: 8}, {Role: RoleControl, Due: 2},
		},
		Vitals: []Vital{{T: 1_234_567, CPU: 0.123456789}, {T: -1, CPU: -1}, {CPU: math.Inf(1)}},
	}
	want := &Record{
		Samples: []Sample{
			{Role: RoleVictim, Due: 8}, {Role: RoleVictim, Due: 9}, {Role: RoleControl, Due: 2}, {Role: RoleProvoker, Due: 3}, {Role: RoleProvoker, Due: 3, Seq: 1}, {Role: RoleShutdown, Due: 1},
		},
		Vitals: []Vital{{T: 1_200_000, CPU: 0.1234}, {T: -1, CPU: -1}, {CPU: math.Inf(1)}},
	}
	if got := r.Settled(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
