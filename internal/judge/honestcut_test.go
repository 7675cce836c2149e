package judge

import (
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A server that cuts honest uploads holds the others' requests; what that
// costs must be told.
func TestHonestRequestsCut(t *testing.T) {
	until := fault(float64(faultLen))
	for _, tt := range []struct {
		name   string
		change func(*bench.Sample)
		lost   bool
	}{
		{"all still sending", func(*bench.Sample) {}, false},
		{"served", func(s *bench.Sample) { s.Outcome, s.Status = bench.Completed, 200 }, false},
		{"answered with an error", func(s *bench.Sample) { s.Outcome, s.Status = bench.Completed, 500 }, true},
		{"told to go away", func(s *bench.Sample) { s.Outcome, s.Status = bench.Completed, 408 }, true},
		{"answered for another body", func(s *bench.Sample) { s.Outcome, s.Status, s.Error = bench.Completed, 200, "sha256" }, true},
		{"answered without the digest", func(s *bench.Sample) { s.Outcome, s.Status = bench.Completed, 204 }, true},
		{"cut", func(s *bench.Sample) { s.Outcome = bench.Cut }, true},
		{"no connection", func(s *bench.Sample) { s.Outcome = bench.NoConnect }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge(crawling().edit(bench.RoleProvoker, fault(0), until, tt.change).Record)
			if j.Verdict != bench.Held {
				t.Fatalf("%s: %q", j.Verdict, j.Reasons)
			}
			said := strings.Contains(strings.Join(j.Reasons, "; "), "the price: 12 of 12 slow uploads")
			if flagged := slices.Contains(j.Flags, bench.FlagHonestCut); flagged != tt.lost || said != tt.lost {
				t.Errorf("flagged %v, said %v, want %v: %q", flagged, said, tt.lost, j.Reasons)
			}
		})
	}
	corrupt := Judge(crawling().edit(bench.RoleProvoker, fault(0), fault(3), func(s *bench.Sample) {
		s.Outcome, s.Status, s.Error = bench.Completed, 200, "sha256"
	}).Record)
	wantReason(t, corrupt, "3 of 12 slow uploads, honest ones, got an error or were cut off; 3 of them got a wrong answer")
	if j := Judge(quiet().Record); slices.Contains(j.Flags, bench.FlagHonestCut) {
		t.Error("flagged without any upload")
	}
}
