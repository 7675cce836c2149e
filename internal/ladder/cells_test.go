package ladder

import (
	"errors"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func TestCells(t *testing.T) {
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cells, err := Cells(reg, "gunicorn/default", "hardened", []string{"wedge"})
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != len(bench.RatioLadder) || cells[0].Name() != "gunicorn/default/wedge-0.1pct" || cells[8].Name() != "gunicorn/default/wedge-50pct" {
		t.Errorf("%d cells, the first %s", len(cells), cells[0].Name())
	}
	for _, tt := range []struct {
		target string
		family []string
		want   string
	}{
		{"gunicorn", nil, "ladder wants one family; for example: --scenario wedge"},
		{"gunicorn", []string{"wedge", "slow"}, "wants one family"},
		{"gunicorn", []string{"wedge,slow"}, "wants one family"},
		{"gunicorn", []string{"wedge-1pct"}, "write --scenario wedge"},
		{"gunicorn", []string{"wedge-gil-1pct"}, "write --scenario wedge-gil"},
		{"gunicorn", []string{"reload"}, "has no ratios"},
		{"gunicorn", []string{"mix_wedge-1pct_cpu-1pct"}, "mix_wedge-1pct_cpu-1pct has no ratios"},
		{"gunicorn", []string{"wegde"}, `did you mean "wedge"`},
		{"gunicorn", []string{"slowloris"}, `slow-headers reproduces it (see benchrun explain slowloris)`},
		{"gunicron", []string{"wedge"}, `did you mean "gunicorn"`},
		{"g*", []string{"wedge"}, "not one target"},
		{"gunicorn/defaut", []string{"wedge"}, `did you mean "default"`},
	} {
		_, err := Cells(reg, tt.target, "hardened", tt.family)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: %v, want %q", tt.target, tt.family, err, tt.want)
		}
	}
}
