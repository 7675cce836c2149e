package bench

import (
	"slices"
	"testing"
	"time"
)

func TestSurgeIsSpreadOverItsSteps(t *testing.T) {
	s := Surge{Step: time.Second, Counts: []int{2, 0, 4}, Work: "sleep"}
	want := []time.Duration{250, 750, 2125, 2375, 2625, 2875}
	for i := range want {
		want[i] *= time.Millisecond
	}
	if got := s.Offsets(); !slices.Equal(got, want) {
		t.Errorf("due at %v, want %v", got, want)
	}
	if s.Length() != 3*time.Second || s.Requests() != 6 || s.Contradiction() != "" {
		t.Errorf("%s, %d requests, %q", s.Length(), s.Requests(), s.Contradiction())
	}
	c := Cadence{Every: Once, Surge: &s}
	if got := c.perSecond(0, 100); got != 2 {
		t.Errorf("%v a second, want 2 on average", got)
	}
	for name, bad := range map[string]Surge{
		"no step":       {Counts: []int{1}, Work: "sleep"},
		"a long step":   {Step: time.Hour, Counts: []int{1}, Work: "sleep"},
		"below nothing": {Step: time.Second, Counts: []int{2, -1}, Work: "sleep"},
		"too many":      {Step: time.Second, Counts: []int{1 << 40}, Work: "sleep"},
		"nothing":       {Step: time.Second, Counts: []int{0}, Work: "sleep"},
		"no receipts":   {Step: time.Second, Counts: []int{1}},
	} {
		if bad.Contradiction() == "" {
			t.Errorf("%s: %+v is no contradiction", name, bad)
		}
	}
}
