package cost

import (
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"
)

func TestCrowdRow(t *testing.T) {
	good := crowd{Open: 10_000, Memory: 80 << 20, CPU: 23}
	bare := []crowd{{Open: 10_000, Memory: 1 << 20, CPU: 18, Pieces: 9999.7}, {Open: 10_000, Memory: 1 << 20, CPU: 22, Pieces: 9999.7}}
	row := crowdRow("uploaders", 10_000, good, bare, &crowd{Open: 9000, Memory: 6 << 20, CPU: 35})
	if row.Missed || row.What != "10,000 uploaders" || row.Figure != "80.0 MB, 23.0 % of a core, 1.15 × write(2) alone" ||
		row.Beside != "slowhttptest 6.00 MB, 35.0 % of a core; 9,000 connections only; "+
			"write(2) alone 1.00 MB, 18.0 % of a core for 9,999 pieces a second; write(2) alone 1.00 MB, 22.0 % of a core for 9,999 pieces a second" {
		t.Errorf("%+v", row)
	}
	for _, bad := range []crowd{
		{Open: 10_000, Memory: 80<<20 + 1, CPU: 20}, {Open: 10_000, Memory: 1, CPU: 23.1}, {Open: 9999, Memory: 1, CPU: 1},
	} {
		if row := crowdRow("uploaders", 10_000, bad, bare, nil); !row.Missed {
			t.Errorf("%+v: %+v", bad, row)
		}
	}
	// Without a floor the CPU is held to a figure.
	for cpu, missed := range map[float64]bool{20: false, 20.1: true} {
		row := crowdRow("silent", 1, crowd{Open: 1, CPU: cpu}, nil, nil)
		if row.Missed != missed || row.Beside != "" || row.Goal != "≤ 80 MB, ≤ 20 % of a core" {
			t.Errorf("%v %%: %+v", cpu, row)
		}
	}
}

func TestMeasureCrowds(t *testing.T) {
	l := smallLab(t)
	rows, err := measureCrowds(t.Context(), l)
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if !strings.Contains(rows[0].Figure, " pieces a second") || !strings.Contains(rows[0].Beside, "write(2) alone") {
		t.Errorf("%+v", rows[0])
	}
	for _, r := range rows {
		if strings.Contains(r.Figure, "only") || !strings.Contains(r.Figure, " MB") || strings.HasPrefix(r.Figure, "0.00") {
			t.Errorf("%+v", r)
		}
	}
}

// A crowd that does not come, and one that is gone before it was looked at.
func TestHoldingNothing(t *testing.T) {
	l := smallLab(t)
	l.Scale.Crowd = 0 // nobody is waited for
	start := func(name string, arg string) func(context.Context, string) (*exec.Cmd, io.Closer, error) {
		return func(ctx context.Context, _ string) (*exec.Cmd, io.Closer, error) {
			return exec.CommandContext(ctx, name, arg), nil, nil
		}
	}
	c, err := l.hold(t.Context(), start("sleep", "60"))
	if err != nil || c.Open != 0 || c.Memory == 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := l.hold(t.Context(), start("sleep", "0.1")); err == nil {
		t.Error("a program that is gone was measured")
	}
}
