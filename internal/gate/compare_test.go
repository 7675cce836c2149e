package gate

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// measuredCell is s/p/wedge-1pct of version 1, with one attempt for each h. Their
// verdict is the cell's.
func measuredCell(v bench.Verdict, hs ...float64) bench.Cell {
	c := bench.Cell{Server: "s", Version: "1", Profile: "p", Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1, Verdict: v}
	for i := range hs {
		c.Attempts = append(c.Attempts, bench.Attempt{Attempt: i + 1, Verdict: v, H: &hs[i]})
	}
	return c
}

func with(c bench.Cell, change func(*bench.Cell)) bench.Cell {
	change(&c)
	return c
}

func runOf(cells ...bench.Cell) bench.Run { return bench.Run{Cells: cells} }

func TestCompareVerdicts(t *testing.T) {
	words := []bench.Verdict{bench.Broken, bench.Failed, bench.Degraded, bench.Held}
	for _, was := range words {
		for _, is := range words {
			c := Compare(runOf(measuredCell(was, 50)), runOf(measuredCell(is, 50)))
			want := Kept
			if is < was {
				want = Broken
			}
			if len(c.Checks) != 1 || c.Checks[0].Outcome != want || Worst(c.Checks) != want {
				t.Errorf("%s after %s: %+v", is, was, c.Checks)
			}
			if better := len(c.Notes) == 1 && strings.Contains(c.Notes[0], "better: "+is.String()); better != (is > was) {
				t.Errorf("%s after %s: notes %q", is, was, c.Notes)
			}
		}
	}
	now := measuredCell(bench.Failed, 40, 41)
	now.Version = "2"
	now.Attempts = append(now.Attempts, bench.Attempt{Attempt: 3}) // invalid: does not confirm anything
	got := Compare(runOf(measuredCell(bench.Held, 99)), runOf(now)).Checks[0].String()
	if want := "s/p/wedge-1pct: want no worse than the baseline: held in 1 of 1 attempt (1), seen failed in 2 of 2 attempts (2)"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// A cell that cannot be compared is unmeasured if this run is the reason. If the
// baseline is, it gets a note.
func TestCompareWhatIsNotThere(t *testing.T) {
	held := measuredCell(bench.Held, 99)
	other := func(change func(*bench.Cell)) bench.Cell { return with(held, change) }
	for _, tt := range []struct {
		name      string
		base, now []bench.Cell
		want      []Outcome
		note      string
	}{
		{"invalid now", []bench.Cell{held}, []bench.Cell{measuredCell(bench.Invalid)}, []Outcome{Unmeasured}, ""},
		{"unsupported now", []bench.Cell{held}, []bench.Cell{measuredCell(bench.Unsupported)}, []Outcome{Unmeasured}, ""},
		{"invalid in the baseline", []bench.Cell{measuredCell(bench.Invalid)}, []bench.Cell{measuredCell(bench.Failed, 1)}, nil, "not compared: invalid in the baseline"},
		{"unsupported in both", []bench.Cell{measuredCell(bench.Unsupported)}, []bench.Cell{measuredCell(bench.Unsupported)}, nil, ""},
		{"new", nil, []bench.Cell{measuredCell(bench.Broken)}, nil, "new: the baseline has no such cell"},
		{"new and unsupported", nil, []bench.Cell{measuredCell(bench.Unsupported)}, nil, ""},
		{"another family version", []bench.Cell{held}, []bench.Cell{other(func(c *bench.Cell) { c.FamilyVer, c.Verdict = 2, bench.Failed })}, nil, "version 1 of wedge in the baseline, 2 now"},
		{"a gap", []bench.Cell{held, other(func(c *bench.Cell) { c.Profile = "q" })},
			[]bench.Cell{held, other(func(c *bench.Cell) { c.Server, c.Profile = "t", "q" })}, []Outcome{Kept, Unmeasured}, "new: "},
		{"a gap that the baseline did not measure", []bench.Cell{held, with(measuredCell(bench.Invalid), func(c *bench.Cell) { c.Profile = "q" })},
			[]bench.Cell{held, other(func(c *bench.Cell) { c.Server, c.Profile = "t", "q" })}, []Outcome{Kept}, "new: "},
		{"another selection", []bench.Cell{held, other(func(c *bench.Cell) { c.Scenario = "cpu-1pct" })}, []bench.Cell{held}, []Outcome{Kept}, "1 cell of the baseline not in this run"},
	} {
		c := Compare(runOf(tt.base...), runOf(tt.now...))
		var got []Outcome
		for _, k := range c.Checks {
			got = append(got, k.Outcome)
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
		if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
			t.Errorf("%s: notes %q, want %q", tt.name, c.Notes, tt.note)
		}
		for _, k := range c.Checks {
			if k.Index >= 0 && tt.now[k.Index].Name() != k.Cell || k.Index < 0 && !strings.Contains(k.Seen, "no cell "+k.Cell) {
				t.Errorf("%s: %+v", tt.name, k)
			}
		}
	}
}

// If the baseline has several versions, the same one counts; without it, none.
func TestCompareVersions(t *testing.T) {
	version := func(c bench.Cell, v string) bench.Cell { c.Version = v; return c }
	base := runOf(version(measuredCell(bench.Failed, 1), "1"), version(measuredCell(bench.Held, 99), "2"))
	c := Compare(base, runOf(version(measuredCell(bench.Degraded, 96), "1"), version(measuredCell(bench.Degraded, 96), "2"), version(measuredCell(bench.Held, 99), "3")))
	for i, want := range []struct {
		at int
		o  Outcome
	}{{2, Unmeasured}, {0, Kept}, {1, Broken}} {
		if k := c.Checks[i]; k.Index != want.at || k.Outcome != want.o {
			t.Errorf("check %d: %+v", i, k)
		}
	}
}

func repeated(from, step float64, n int) (out []float64) {
	for i := range n {
		out = append(out, from+float64(i)*step)
	}
	return out
}

func TestCompareFigures(t *testing.T) {
	failed := func(hs ...float64) bench.Cell { return measuredCell(bench.Failed, hs...) }
	for _, tt := range []struct {
		name     string
		was, is  []float64
		cells    int // how many more are compared
		want     Outcome
		note     string
		verdicts bench.Verdict
	}{
		{"4 v 4, well below", repeated(60, .1, 4), repeated(50, .1, 4), 0, Broken, "", 0},
		{"by the margin and no more", repeated(60, .1, 4), repeated(58, .1, 4), 0, Kept, "", 0},
		{"by a little more", repeated(60, .1, 4), repeated(57.99, .1, 4), 0, Broken, "", 0},
		{"above", repeated(50, .1, 4), repeated(60, .1, 4), 0, Kept, "", 0},
		{"3 v 3 can never tell", repeated(60, .1, 3), repeated(10, .1, 3), 0, Kept, "not enough repeats to tell: 4 of each needed among 1 cell", 0},
		{"1 v 1", []float64{99.9}, []float64{95}, 0, Kept, "not enough repeats to tell: 4 of each", bench.Held},
		{"4 v 4 of two cells", repeated(60, .1, 4), repeated(50, .1, 4), 1, Kept, "5 of each needed among 2 cells", 0},
		{"5 v 5 of six cells", repeated(60, .1, 5), repeated(50, .1, 5), 5, Broken, "", 0},
		{"5 v 5 of seven cells", repeated(60, .1, 5), repeated(50, .1, 5), 6, Kept, "6 of each needed among 7 cells", 0},
		{"3 v 9 will do", repeated(60, .1, 9), repeated(50, .1, 3), 0, Broken, "", 0},
		{"1 v 9 will not", repeated(60, .1, 9), repeated(50, .1, 1), 0, Kept, "not enough repeats", 0},
		{"one that overlaps", []float64{60, 61, 62, 63}, []float64{50, 51, 52, 62.5}, 0, Kept, "chance may do that", 0},
		{"no figure now", repeated(60, .1, 4), nil, 0, Kept, "", 0},
		{"no figure then", nil, repeated(60, .1, 4), 0, Kept, "", 0},
	} {
		was, is := failed(tt.was...), failed(tt.is...)
		if tt.verdicts != 0 {
			was, is = measuredCell(tt.verdicts, tt.was...), measuredCell(tt.verdicts, tt.is...)
		}
		base, now := runOf(was), runOf(is)
		for i := range tt.cells {
			more := with(measuredCell(bench.Held, 99), func(c *bench.Cell) { c.Profile = strings.Repeat("x", i+1) })
			base.Cells, now.Cells = append(base.Cells, more), append(now.Cells, more)
		}
		c := Compare(base, now)
		if c.Checks[0].Outcome != tt.want {
			t.Errorf("%s: %s, want %s: %q", tt.name, c.Checks[0].Outcome, tt.want, c.Notes)
		}
		if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
			t.Errorf("%s: notes %q, want %q", tt.name, c.Notes, tt.note)
		}
	}
	seen := Compare(runOf(failed(repeated(60, 1, 4)...)), runOf(failed(repeated(50, 1, 4)...))).Checks[0].Seen
	if want := "h 51.5 %, in the baseline 61.5 % (medians of 4 and 4), p = 0.029, compared 1 cell"; seen != want {
		t.Errorf("%q, want %q", seen, want)
	}
}

// The figures of an invalid attempt do not count.
func TestFiguresOfInvalidAttempts(t *testing.T) {
	now := measuredCell(bench.Failed, repeated(50, .1, 4)...)
	now.Attempts[0].Verdict = bench.Invalid
	if c := Compare(runOf(measuredCell(bench.Failed, repeated(60, .1, 4)...)), runOf(now)); c.Checks[0].Outcome != Kept || len(c.Notes) != 1 {
		t.Errorf("%+v", c)
	}
}

// A run that is compared with itself breaks no check.
func TestCompareWithItself(t *testing.T) {
	run := runOf(measuredCell(bench.Failed, repeated(0, 11, 9)...), with(measuredCell(bench.Held, 99), func(c *bench.Cell) { c.Profile = "q" }))
	if c := Compare(run, run); Worst(c.Checks) != Kept || len(c.Notes) != 0 {
		t.Errorf("%+v", c)
	}
}
