package gate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// gateOf is the gate of a run that these rules are about.
func gateOf(t *testing.T, run bench.Run, strict bool, rules ...string) Gate {
	t.Helper()
	var cells []Selected
	for _, c := range run.Cells {
		cells = append(cells, Selected{Name: c.Name(), Family: families[c.Family]})
	}
	d := Demands{Rules: rules, Strict: strict, StrictFlags: []string{"flaky", "survivors"}, Family: family}
	g, err := d.Resolve(t.Context(), cells, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Broken comes before unmeasured, and strict checks count only when nothing
// else is wrong.
func TestDecide(t *testing.T) {
	cell := func(v bench.Verdict, flags ...string) bench.Cell {
		return bench.Cell{Server: "s", Profile: "p", Scenario: "wedge-1pct", Family: "wedge", Verdict: v, Flags: flags}
	}
	for _, tt := range []struct {
		name   string
		rules  []string
		strict bool
		cells  []bench.Cell
		want   error
	}{
		{"no rule", nil, false, []bench.Cell{cell(bench.Failed)}, nil},
		{"no rule, invalid", nil, false, []bench.Cell{cell(bench.Invalid)}, bench.ErrUnmeasured},
		{"kept", []string{"verdict >= held"}, false, []bench.Cell{cell(bench.Held, "flaky")}, nil},
		{"broken", []string{"verdict >= held"}, true, []bench.Cell{cell(bench.Failed, "flaky"), cell(bench.Invalid)}, bench.ErrCheckFailed},
		{"another cell is invalid", []string{"verdict >= failed"}, true, []bench.Cell{cell(bench.Held, "flaky"), cell(bench.Invalid)}, bench.ErrUnmeasured},
		{"missing", []string{"time_to_recover <= 10s"}, false, []bench.Cell{cell(bench.Held)}, bench.ErrUnmeasured},
		{"strict", []string{"verdict >= held"}, true, []bench.Cell{cell(bench.Held, "flaky")}, bench.ErrStrict},
		{"strict without rules", nil, true, []bench.Cell{cell(bench.Held, "aged")}, nil},
	} {
		run := bench.Run{Cells: tt.cells}
		decided := gateOf(t, run, tt.strict, tt.rules...).Decide(run)
		got := decided.Err()
		if got != tt.want { //nolint:errorlint // these very values
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if (got == nil) != (len(decided.Findings) == 0) { // what CI is shown is what the exit code says
			t.Errorf("%s: %v, but findings %v", tt.name, got, decided.Findings)
		}
	}
}

// Broken comes before unmeasured with baselines too, and what is waived counts
// as kept.
func TestDecideWithBaselineAndWaivers(t *testing.T) {
	cell := func(profile string, v bench.Verdict, flags ...string) bench.Cell {
		return bench.Cell{Server: "s", Profile: profile, Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1, Verdict: v, Flags: flags}
	}
	base := bench.Run{Cells: []bench.Cell{cell("p", bench.Held), cell("q", bench.Held)}}
	failed := Waiver{Cell: "s/p", Verdict: bench.Failed, Reason: "known"}
	for _, tt := range []struct {
		name    string
		strict  bool
		waivers []Waiver
		cells   []bench.Cell
		want    error
	}{
		{"as before", false, nil, []bench.Cell{cell("p", bench.Held), cell("q", bench.Held)}, nil},
		{"worse", false, nil, []bench.Cell{cell("p", bench.Failed), cell("q", bench.Invalid)}, bench.ErrCheckFailed},
		{"worse, waived", false, []Waiver{failed}, []bench.Cell{cell("p", bench.Failed), cell("q", bench.Held)}, nil},
		{"worse than waived", false, []Waiver{failed}, []bench.Cell{cell("p", bench.Broken)}, bench.ErrCheckFailed},
		{"waived, but another is not measured", false, []Waiver{failed}, []bench.Cell{cell("p", bench.Failed), cell("q", bench.Invalid)}, bench.ErrUnmeasured},
		{"what is waived may be flagged", true, []Waiver{failed}, []bench.Cell{cell("p", bench.Failed, "survivors")}, bench.ErrStrict},
		{"an unexpected pass", true, []Waiver{failed}, []bench.Cell{cell("p", bench.Held)}, nil},
		{"nothing could be compared", false, nil, []bench.Cell{cell("r", bench.Held)}, bench.ErrUnmeasured},
	} {
		run := bench.Run{Cells: tt.cells}
		g := gateOf(t, run, tt.strict)
		g.baseline, g.waivers = &base, tt.waivers
		if got := g.Decide(run).Err(); got != tt.want { //nolint:errorlint // these very values
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Time alone changes no exit code: whatever the run, the rules, the baseline and
// the waivers, the outcome is the same on every day.
func TestExpiryAloneChangesNoExitCode(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	start := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	someRun := func() bench.Run {
		var run bench.Run
		for range 1 + random.IntN(6) {
			f := pick("wedge", "segfault")
			run.Cells = append(run.Cells, bench.Cell{
				Server: pick("a", "b"), Profile: pick("p", "q"), Scenario: f + "-1pct", Family: f, FamilyVer: 1,
				Verdict: bench.Verdict(random.IntN(int(bench.Held) + 1)),
			})
		}
		run.Cells[0].Verdict = max(run.Cells[0].Verdict, bench.Broken) // rules must have something to be about
		return run
	}
	outcomes, toldDiffers := map[error]int{}, false
	for range 2000 {
		run, base := someRun(), someRun()
		var rules []string
		if random.IntN(3) > 0 {
			rules = []string{"verdict >= " + pick("failed", "degraded", "held")}
		}
		g := gateOf(t, run, random.IntN(2) == 0, rules...)
		if random.IntN(2) == 0 {
			g.baseline = &base
		}
		for range random.IntN(4) {
			g.waivers = append(g.waivers, Waiver{
				Cell: pick("a", "*/q", "*/*/wedge-*", "b/p/segfault-1pct"), Reason: "r",
				Verdict: bench.Broken + bench.Verdict(random.IntN(4)), Expires: start.AddDate(0, 0, random.IntN(200)),
			})
		}
		var first error
		var said []string
		for i, days := range []int{-1000, random.IntN(200), 10_000} {
			g.now = func() time.Time { return start.AddDate(0, 0, days) }
			decided := g.Decide(run)
			got := decided.Err()
			if i == 0 {
				first, said = got, decided.Lines(run)
				outcomes[got]++
			}
			if got != first { //nolint:errorlint // these very values
				t.Fatalf("day %d: %v, before %v\n%+v", days, got, first, g)
			}
			toldDiffers = toldDiffers || !slices.Equal(decided.Lines(run), said)
		}
	}
	for _, want := range []error{nil, bench.ErrCheckFailed, bench.ErrUnmeasured} {
		if outcomes[want] < 50 {
			t.Errorf("%v came out %d times: the runs are not various", want, outcomes[want])
		}
	}
	if !toldDiffers {
		t.Error("no waiver ever expired")
	}
}
