package gate

import (
	"errors"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestResolveBaseline(t *testing.T) {
	base := runOf(with(measuredCell(bench.Invalid), func(c *bench.Cell) { c.Scenario = "cpu-1pct" }), measuredCell(bench.Failed, 1))
	base.Environment.Testbed, base.Mode = "aaaa", bench.ModeQuick
	cells := []Selected{{Name: "s/p/cpu-1pct", Family: bench.Family{Version: 1}}, {Name: "s/p/wedge-1pct", Family: bench.Family{Version: 1}}}
	base.Benchrun, base.Environment.Kernel, base.Environment.Supervision = "0.1.0", "6.1.0", "subreaper"
	base.Environment.Limits = bench.Limits{CPUs: 1.5, PIDs: 4096}
	like := func(change func(*bench.Origin)) []bench.Origin {
		o := base.Origins()
		o[0].ID = "now"
		o[0].Environment.Hostname, o[0].Environment.Load1 = "another", 9
		if change != nil {
			change(&o[0])
		}
		return o
	}
	const duel = "; a duel measures both here and now, in turn, for example: benchrun duel s@1 s; --baseline-anyway compares nonetheless"
	for _, tt := range []struct {
		name   string
		change func(*bench.Origin)
		cells  []Selected
		anyway bool
		want   string
	}{
		{"alike", nil, cells, false, ""},
		{"another testbed", func(o *bench.Origin) { o.Environment.Testbed = "bbbb" }, cells, false, "not measured alike: testbed aaaa in the baseline, bbbb in this run" + duel},
		{"another mode", func(o *bench.Origin) { o.Mode = bench.ModeFull }, cells, false, "mode quick in the baseline, full in this run" + duel},
		{"another kernel", func(o *bench.Origin) { o.Environment.Kernel = "6.1.1" }, cells, false, "kernel 6.1.0 in the baseline, 6.1.1 in this run" + duel},
		{"another benchrun", func(o *bench.Origin) { o.Benchrun = "0.2.0" }, cells, false, "benchrun 0.1.0 in the baseline, 0.2.0 in this run" + duel},
		{"another supervision", func(o *bench.Origin) { o.Environment.Supervision = "pid-namespace" }, cells, false, "supervision subreaper in the baseline, pid-namespace in this run" + duel},
		{"other limits", func(o *bench.Origin) { o.Environment.Limits.CPUs = 3.5 }, cells, false, "limits 1.5 CPUs in the baseline, 3.5 CPUs in this run" + duel},
		{"a Python where none was needed", func(o *bench.Origin) { o.Environment.Python = "3.11" }, cells, false, ""},
		{"two", func(o *bench.Origin) { o.Environment.Testbed, o.Mode = "bbbb", bench.ModeFull }, cells, false, "mode quick in the baseline, full in this run; testbed aaaa"},
		{"not known", func(o *bench.Origin) { o.Environment.Testbed = "" }, cells, false, "testbed aaaa in the baseline, unknown in this run"},
		{"anyway", func(o *bench.Origin) { o.Environment.Testbed = "bbbb" }, cells, true, ""},
		{"nothing measured in common", nil, cells[:1], true, "it measured none of this run's cells"},
		{"another family version", nil, []Selected{{Name: "s/p/wedge-1pct", Family: bench.Family{Version: 2}}}, true, "it measured none of this run's cells; its s/p/wedge-1pct is of version 1 of the family, this run's of version 2"},
		{"unsupported", nil, []Selected{{Name: "s/p/wedge-1pct", Family: bench.Family{Version: 1}, Unsupported: true}}, true, "it measured none of this run's cells; it has s/p/"},
	} {
		differs, err := ResolveBaseline("last", base, tt.cells, like(tt.change), tt.anyway)
		var usage *bench.UsageError
		switch {
		case tt.want == "" && (err != nil || (len(differs) > 0) != tt.anyway):
			t.Errorf("%s: %q, %v", tt.name, differs, err)
		case tt.want != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "--baseline last: ")):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	mixed := base
	mixed.Merged = append(base.Origins(), like(func(o *bench.Origin) { o.Environment.Kernel = "6.2.0" })...)
	if _, err := ResolveBaseline("last", mixed, cells, like(nil), false); err == nil || !strings.Contains(err.Error(), "kernel 6.1.0 in the baseline and this run, 6.2.0 in the baseline") {
		t.Errorf("a baseline that mixes: %v", err)
	}
	nowhere := base
	nowhere.Environment.Testbed = ""
	if _, err := ResolveBaseline("last", nowhere, cells, nowhere.Origins(), false); err == nil || !strings.Contains(err.Error(), "testbed unknown in the baseline and this run") {
		t.Errorf("nobody knows where: %v", err)
	}
	base.Cells[1].Version = "2+path.1a2b"
	if _, err := ResolveBaseline("last", base, cells, like(func(o *bench.Origin) { o.Mode = bench.ModeFull }), false); err == nil || !strings.Contains(err.Error(), "duel s@previous s") {
		t.Errorf("%v", err)
	}
}
