package campaign

import (
	"errors"
	"slices"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// If benchrun cannot make the next attempt, it folds the cell from the judged ones: a
// verdict that needed that attempt is unconfirmed, and any other stands.
func TestUnmadeAttemptIsFolded(t *testing.T) {
	h := 12.5
	failed := bench.Judgement{Verdict: bench.Failed, Reasons: []string{"lost"}, Measures: bench.Measures{"h": {Value: &h}}}
	corrupt := failed
	corrupt.Flags = []string{bench.FlagWrongBody}
	for name, tt := range map[string]struct {
		judged    []bench.Judgement
		want      bench.Verdict
		flag      string
		published int
	}{
		"the first":         {nil, bench.Invalid, "", 0},
		"to confirm failed": {[]bench.Judgement{failed}, bench.Invalid, bench.FlagUnconfirmed, 0},
		"after a decision":  {[]bench.Judgement{corrupt}, bench.Failed, bench.FlagWrongBody, 0},
	} {
		u := &underway{cell: bench.Cell{Attempts: make([]bench.Attempt, len(tt.judged))}, judged: tt.judged}
		u.unmade(errors.New("no port is free"))
		cell := u.cell
		last := cell.Attempts[len(cell.Attempts)-1]
		if len(cell.Attempts) != len(tt.judged)+1 || last.Note != "no port is free" || last.Verdict != bench.Invalid || last.H != nil {
			t.Errorf("%s: attempts %+v", name, cell.Attempts)
		}
		if cell.Verdict != tt.want || tt.flag != "" && !slices.Contains(cell.Flags, tt.flag) || !cell.Attempts[tt.published].Published {
			t.Errorf("%s: %v %q %q", name, cell.Verdict, cell.Flags, cell.Reasons)
		}
	}
}

// A listener knows of each attempt whether others follow, and how many at most.
func TestMostAttempts(t *testing.T) {
	held, failed, invalid := bench.Held, bench.Failed, bench.Invalid
	for name, tt := range map[string]struct {
		k         int
		disturbed bool
		verdicts  []bench.Verdict
		want      int
	}{
		"held":                         {2, false, []bench.Verdict{held}, 1},
		"failed":                       {2, false, []bench.Verdict{failed}, 2},
		"failed twice":                 {2, false, []bench.Verdict{failed, failed}, 2},
		"failed, three wanted":         {3, false, []bench.Verdict{failed}, 3},
		"invalid":                      {2, false, []bench.Verdict{invalid}, 3},
		"invalid, then failed":         {2, false, []bench.Verdict{invalid, failed}, 3},
		"one is enough":                {1, false, []bench.Verdict{failed}, 1},
		"one, but others disturbed it": {1, true, []bench.Verdict{failed}, 2},
	} {
		u := &underway{Run: &Run{order: Order{Attempts: tt.k}}}
		for i, v := range tt.verdicts {
			u.judged = append(u.judged, bench.Judgement{Verdict: v})
			u.cell.Attempts = append(u.cell.Attempts, bench.Attempt{Attempt: i + 1, Verdict: v, Disturbed: tt.disturbed})
		}
		if got := u.most(u.wantsMore()); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// run.json names the interpreter that the environments were made with, not the one
// inside them.
func TestPythonOfARun(t *testing.T) {
	cells := []plan.Cell{
		{Server: &targets.Server{Name: "a"}, Profile: "p"},
		{Server: &targets.Server{Name: "b"}, Profile: "p"},
	}
	r := Run{order: Order{Cells: cells}, prepared: map[string]*place.Target{
		cells[0].Target(): {Installation: &targets.Installation{}},
		cells[1].Target(): {Installation: &targets.Installation{Python: "/env/python", Interpreter: "/usr/bin/python3", PythonVersion: "3.11.2"}},
	}}
	if got := r.python(); got != "3.11.2 (/usr/bin/python3)" {
		t.Errorf("python %q", got)
	}
}

// run.json has the release that a range stands for beside the range. Two targets that turn
// out to be the same are refused.
func TestReleasesOfARun(t *testing.T) {
	server := &targets.Server{Name: "a"}
	cells := []plan.Cell{{Server: server, Profile: "p", Version: ">=1"}, {Server: server, Profile: "p", Version: "1.0"}}
	target := func(version string, of targets.Release) *place.Target {
		return &place.Target{Installation: &targets.Installation{Version: version, Release: of}}
	}
	r := Run{order: Order{Cells: cells}, prepared: map[string]*place.Target{
		cells[0].Target(): target("2.0", targets.Release{Asked: ">=1", Version: "2.0.0", Unasked: "no network"}),
		cells[1].Target(): target("1.0", targets.Release{}),
	}}
	r.run.Asked = &bench.Asked{Cells: []bench.AskedCell{{Version: ">=1"}, {Version: "1.0"}}}
	if err := r.noteInstalled(); err != nil {
		t.Fatal(err)
	}
	want := []bench.AskedCell{{Version: ">=1", Resolved: "2.0.0", Unasked: "no network", Installed: "2.0"}, {Version: "1.0", Installed: "1.0"}}
	if !slices.Equal(r.run.Asked.Cells, want) {
		t.Errorf("asked: %+v", r.run.Asked.Cells)
	}
	source := cells[0].Source("")
	if r.prepared[cells[0].Target()].From(&source); source.Resolved != "2.0.0" || source.Version != ">=1" || source.Unasked != "no network" {
		t.Errorf("source: %+v", source)
	}
	if err := r.distinct(); err != nil {
		t.Error(err)
	}
	r.prepared[cells[1].Target()] = target("2.0", targets.Release{})
	var usage *bench.UsageError
	if err := r.distinct(); !errors.As(err, &usage) || err.Error() != "a/p@>=1 and a/p@1.0 are the same: both are a 2.0; leave one of them out" {
		t.Errorf("%v", err)
	}
}
