package cost

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
	"benchrun/scenarios"
)

func TestSpent(t *testing.T) {
	rec := &bench.Record{
		Marks: []bench.Mark{{T: 1e8, Name: bench.MarkBoot}, {T: 1e9, Name: bench.MarkBaseline}, {T: 22e9, Name: bench.MarkShutdown}},
		Boot:  bench.Boot{Ready: true, Seconds: 0.5},
		Stop:  &bench.Stop{Term: 23e9, Seconds: 1},
	}
	s := spent{Wall: 25}
	if err := s.add(rec); err != nil {
		t.Fatal(err)
	}
	// 22 s of phases, 0.5 s boot and 1 s stop leave 1.5 s.
	if s.Attempts != 1 || s.Phases != 22 || math.Abs(s.beyond()-1.5) > 1e-9 {
		t.Errorf("%+v: %v beyond", s, s.beyond())
	}
	s.Wall += 24
	if err := s.add(rec); err != nil || s.Attempts != 2 || math.Abs(s.beyond()-2) > 1e-9 {
		t.Errorf("two attempts: %+v, %v beyond, %v", s, s.beyond(), err)
	}
	rec.Stop = nil
	if err := s.add(rec); err == nil {
		t.Error("an attempt without an end was accounted")
	}
}

func TestCellRows(t *testing.T) {
	rows := cellRows(spread{0.4, 0.6, 0.5}, spread{1})
	if rows[0].Missed || !strings.HasPrefix(rows[0].Figure, "0.50 s (0.40–0.60)") || rows[1].Figure != "1.00 s" {
		t.Errorf("%+v", rows)
	}
	if rows := cellRows(spread{0.6}, spread{1}); !rows[0].Missed {
		t.Errorf("%+v", rows)
	}
}

const golden = "../../results/testdata/golden/20261121-120000-3fa9"

// fakeBenchrun is a command that answers any run with a stored one.
func fakeBenchrun(t *testing.T, code int) string {
	t.Helper()
	stored, err := filepath.Abs(golden)
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nmkdir -p \"$2\" && cp -r %s \"$2/\" && exit %d\n", stored, code)
	path := filepath.Join(t.TempDir(), "benchrun")
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil { //nolint:gosec // it is there to be run
		t.Fatal(err)
	}
	return path
}

func TestRunCells(t *testing.T) {
	l := smallLab(t)
	for code, fails := range map[int]bool{bench.ExitOK: false, bench.ExitUnmeasured: false, bench.ExitUsage: true} {
		l.Self = fakeBenchrun(t, code)
		r, err := l.runCells(t.Context(), filepath.Join(l.Dir, fmt.Sprint(code)), "--server", "reference")
		switch {
		case fails != (err != nil):
			t.Errorf("exit code %d: %v", code, err)
		case err != nil:
		default:
			s, err := account(t.Context(), r.folder, r.run, r.wall)
			if err != nil || s.Attempts < len(r.run.Cells[0].Attempts) || s.Wall != r.wall.Seconds() || s.Phases <= 0 {
				t.Errorf("exit code %d: %+v, %v", code, s, err)
			}
		}
	}
}

func TestRepeat(t *testing.T) {
	from, err := results.OpenFolder(golden)
	if err != nil {
		t.Fatal(err)
	}
	run, err := from.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run.Cells = run.Cells[:1]
	out := t.TempDir()
	r, err := repeat(t.Context(), from, run, out, 3)
	if err != nil {
		t.Fatal(err)
	}
	if r.Bytes == 0 || r.Judging <= 0 || r.Writing <= 0 || r.Rendering <= 0 || r.all() != r.Judging+r.Writing+r.Rendering {
		t.Errorf("%+v", r)
	}
	made, err := filepath.Glob(filepath.Join(out, "*"))
	if err != nil || len(made) != 1 {
		t.Fatalf("%v, %v", made, err)
	}
	again, err := results.ReadRun(t.Context(), made[0])
	if err != nil || len(again.Cells) != 3 || again.Cells[0].Server == again.Cells[1].Server {
		t.Errorf("%d cells, %v", len(again.Cells), err)
	}
	folder, err := results.OpenFolder(made[0])
	if err != nil {
		t.Fatal(err)
	}
	if lines, _, _, err := folder.ReadAttempts(t.Context()); err != nil || len(lines) != 3 {
		t.Errorf("%d attempts, %v", len(lines), err)
	}
}

func TestReportRows(t *testing.T) {
	just := reportRows(100, reported{Judging: time.Second, Writing: time.Second, Bytes: 1 << 20})
	if just[0].Missed || just[1].Missed || just[0].Figure != "1.00 MB" || !strings.HasPrefix(just[1].Figure, "2.00 s: writing 1.00,") {
		t.Errorf("%+v", just)
	}
	over := reportRows(100, reported{Rendering: 2*time.Second + 1, Bytes: 1<<20 + 1})
	if !over[0].Missed || !over[1].Missed {
		t.Errorf("%+v", over)
	}
}

// What the table measures with is there, whatever the families are called.
func TestFamiliesOfTheTable(t *testing.T) {
	light, brief := families(func(f scenarios.Fault) bool { return f.Light }), families(func(f scenarios.Fault) bool { return f.Brief })
	for _, id := range brief {
		if !slices.Contains(light, id) {
			t.Errorf("%s is brief and not light", id)
		}
	}
	if len(brief) == 0 || len(light) <= len(brief) {
		t.Errorf("light %q, brief %q", light, brief)
	}
	f := ordinary()
	if names := upTo(3, f.Family); f.Cadence.Share == 0 || len(slices.Compact(slices.Sorted(slices.Values(names)))) != 3 || names[0] != f.Scenario().Name() {
		t.Errorf("%q", names)
	}
}
