package calibrate

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// The page is that of a complete calibration. Deliver returns a wrong verdict in any case.
func TestDeliver(t *testing.T) {
	pair := cases(t, "wedge")
	cell := func(i int, v bench.Verdict) bench.Cell {
		c := pair[i].Cell
		return bench.Cell{Server: c.Server.Name, Profile: c.Profile, Scenario: c.Scenario.Name(), Verdict: v, Reasons: []string{pair[i].Cause}, Flags: []string{}}
	}
	right, wrong := []bench.Cell{cell(0, bench.Held), cell(1, bench.Failed)}, []bench.Cell{cell(0, bench.Failed), cell(1, bench.Failed)}
	broke := errors.New("no network")
	for _, tt := range []struct {
		name         string
		cells        []bench.Cell
		broke, want  error
		printed, has bool
	}{
		{"as expected", right, nil, nil, true, true},
		{"a wrong verdict", wrong, nil, bench.ErrCheckFailed, true, true},
		{"incomplete", right[:1], broke, broke, true, false},
		{"incomplete, and a verdict is wrong", wrong[:1], broke, bench.ErrCheckFailed, true, false},
		{"nothing was measured", nil, broke, broke, false, false},
	} {
		page := filepath.Join(t.TempDir(), "page.md")
		var out bytes.Buffer
		err := Asked{Words: []string{"wedge"}}.Deliver(&out, Made{
			Cases: pair, Run: bench.Run{ID: "r", Cells: tt.cells}, Folder: "folder", Attempts: 2, Seed: 7, Page: page, Broke: tt.broke,
		})
		if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if got := strings.Contains(out.String(), "wedge-1pct"); got != tt.printed {
			t.Errorf("%s: printed %q", tt.name, out.String())
		}
		if _, err := os.Stat(page); (err == nil) != tt.has {
			t.Errorf("%s: page: %v", tt.name, err)
		}
	}
}
