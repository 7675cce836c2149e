package scenarios

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A set is a table of families, each there once. Where one has a reason, all have their own.
func TestSetsAreWhole(t *testing.T) {
	for _, s := range Sets() {
		if !strings.HasPrefix(s.Name, "@") || s.Title == "" || s.Why == "" {
			t.Errorf("%q: no name, title or reason", s.Name)
		}
		if got, ok := SetByName(s.Name); !ok || len(got.Members) != len(s.Members) {
			t.Errorf("%s is not found by its name", s.Name)
		}
		seen := map[string]bool{}
		for i, sc := range s.Scenarios() {
			m := s.Members[i]
			if s.Chosen() == (m.Why == "") || seen[m.Family] || s.Chosen() && seen[m.Why] || s.WhyOf(m.Family) != m.Why {
				t.Errorf("%s: %s is there twice or for no reason", s.Name, m.Family)
			}
			seen[m.Family], seen[m.Why] = true, true
			if sc.Family.ID != m.Family || sc.Ratio != sc.Family.Cadence.Share {
				t.Errorf("%s: %s is run as %s", s.Name, m.Family, sc.Name())
			}
		}
		if s.WhyOf("no-family") != "" {
			t.Error("a family that is none is a member")
		}
	}
}

// Each family is in the set of its group, and in no other group's.
func TestGroupsHaveAllFamilies(t *testing.T) {
	in := map[string][]string{}
	for _, s := range groups() {
		for _, m := range s.Members {
			in[m.Family] = append(in[m.Family], s.Name)
		}
	}
	for _, f := range All() {
		if got := in[f.ID]; len(got) != 1 || got[0] != "@"+string(f.Group) {
			t.Errorf("%s of the group %s is in %v", f.ID, f.Group, got)
		}
	}
}

// A gate that shows one way to lose users only is none: every kind of fault and both
// the app's and the clients' misbehaviour are in it.
func TestGateHasEveryKind(t *testing.T) {
	s, ok := SetByName("@gate")
	if !ok {
		t.Fatal("no @gate")
	}
	kinds := map[any]bool{}
	for _, sc := range s.Scenarios() {
		f := sc.Family.Traits
		kinds[f.Proof], kinds[sc.Family.Group] = true, true
		kinds["wedges"] = kinds["wedges"] || f.Wedges()
		kinds["load"] = kinds["load"] || !f.HoldsSlot() && f.Expects == ""
		kinds["must complete"] = kinds["must complete"] || f.MustComplete
		kinds["memory"] = kinds["memory"] || f.LeakBytes > 0
	}
	for _, want := range []any{bench.ProofReceipt, bench.ProofDeath, bench.ProofBytes, "wedges", "load", bench.GroupApp, bench.GroupClient, "must complete", "memory"} {
		if !kinds[want] {
			t.Errorf("nothing of kind %v", want)
		}
	}
	if n := len(s.Members); n < 10 || n > 14 {
		t.Errorf("%d families are no dozen", n)
	}
}
