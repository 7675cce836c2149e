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
	for _, tt := range []struct {
		name, testbed string
		mode          bench.Mode
		cells         []Selected
		anyway        bool
		want          string
	}{
		{"alike", "aaaa", bench.ModeQuick, cells, false, ""},
		{"another testbed", "bbbb", bench.ModeQuick, cells, false, "it is of testbed aaaa, this is bbbb; a duel measures both here and now, in turn, for example: benchrun duel s@1 s"},
		{"another mode", "aaaa", bench.ModeFull, cells, false, "it is quick, this is full; a duel"},
		{"both", "bbbb", bench.ModeFull, cells, false, "this is bbbb, and it is quick"},
		{"not known", "", bench.ModeQuick, cells, false, "not known that both are of one testbed"},
		{"anyway", "bbbb", bench.ModeFull, cells, true, ""},
		{"nothing measured in common", "aaaa", bench.ModeQuick, cells[:1], true, "it measured none of this run's cells"},
		{"another family version", "aaaa", bench.ModeQuick, []Selected{{Name: "s/p/wedge-1pct", Family: bench.Family{Version: 2}}}, true, "it measured none"},
		{"unsupported", "aaaa", bench.ModeQuick, []Selected{{Name: "s/p/wedge-1pct", Family: bench.Family{Version: 1}, Unsupported: true}}, true, "it measured none"},
	} {
		err := ResolveBaseline("last", base, tt.cells, tt.testbed, tt.mode, tt.anyway)
		var usage *bench.UsageError
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "--baseline last: ")):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	base.Cells[1].Version = "2+path.1a2b"
	if err := ResolveBaseline("last", base, cells, "b", bench.ModeQuick, false); err == nil || !strings.Contains(err.Error(), "duel s@previous s") {
		t.Errorf("%v", err)
	}
}
