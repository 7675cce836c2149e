package scenarios

import (
	"slices"
	"testing"
)

// Whoever looks for sockets in CLOSE_WAIT finds every family that judges them.
func TestCloseWaitLeadsToAllThatJudgeIt(t *testing.T) {
	for _, f := range All() {
		found := slices.ContainsFunc(Searched("CLOSE_WAIT"), func(g Fault) bool { return g.ID == f.ID })
		if found != f.Traits.Vanishes {
			t.Errorf("%s: found %v, judges %v", f.ID, found, f.Traits.Vanishes)
		}
	}
}

// The family that bears the word comes first, and none is lost by that.
func TestNamesakesComeFirst(t *testing.T) {
	for word, want := range map[string]string{"OOM": "oom-kill", "the OOM killer": "oom-kill", "Broken pipe": "broken-pipe"} {
		found := Searched(word)
		if len(found) == 0 || found[0].ID != want {
			t.Errorf("%s leads to %d families, want %s first", word, len(found), want)
		}
	}
	if got := len(Named("OOM")); got != 4 {
		t.Errorf("OOM leads to %d families", got)
	}
}
