package results

import (
	"os"
	"testing"

	"benchrun/internal/bench"
)

func TestLadderIsReadAsItWasWritten(t *testing.T) {
	f := newFolder(t)
	if _, ok := f.Ladder(t.Context()); ok {
		t.Error("a run that is no ladder has one")
	}
	holds := 0.5
	if err := f.WriteLadder(bench.Ladder{Server: "a", Family: "wedge", Holds: &holds, Honest: bench.LongestHonest{Serves: 2.5}}); err != nil {
		t.Fatal(err)
	}
	if l, ok := f.Ladder(t.Context()); !ok || l.Family != "wedge" || l.Holds == nil || *l.Holds != holds || l.Honest.Serves != 2.5 {
		t.Errorf("%+v, %v", l, ok)
	}
	for _, damaged := range []string{"{", "{}", `{"schema":"benchrun.ladder/v2"}`, `{"schema":"benchrun.ladder/v1","rungs":7}`} {
		if err := os.WriteFile(f.Join(LadderFile), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := f.Ladder(t.Context()); ok {
			t.Errorf("%s was read as a ladder", damaged)
		}
	}
}
