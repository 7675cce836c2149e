package cost

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
)

// overheadGoal is the goal for a cell's time beyond its phases, in seconds.
const overheadGoal = 0.5

// spent is where the wall time of a run of one cell went, in seconds.
type spent struct {
	Wall      float64 // from the process's start to its end
	Attempt   float64 // of it in the attempt
	Phases    float64 // from the baseline's first victim to SIGTERM
	Boot      float64 // the server's own
	Stop      float64 // the server's own
	Verdict   bench.Verdict
	Complaint string // of a cell that did not hold
}

// inside is what the attempt took beyond its phases, boot and stop.
func (s spent) inside() float64 { return s.Attempt - s.Phases - s.Boot - s.Stop }

// outside is what the run took beyond the attempt.
func (s spent) outside() float64 { return s.Wall - s.Attempt }

// account reads a run of one cell and one attempt.
func account(run bench.Run, rec *bench.Record, wall time.Duration) (spent, error) {
	var baseline int64 = -1
	for _, m := range rec.Marks {
		if m.Name == bench.MarkBaseline {
			baseline = m.T
		}
	}
	if baseline < 0 || rec.Stop == nil || !rec.Boot.Ready {
		return spent{}, errors.New("the attempt did not get through all of its phases")
	}
	c := run.Cells[0]
	s := spent{
		Wall: wall.Seconds(), Attempt: c.Attempts[0].Seconds,
		Phases: float64(rec.Stop.Term-baseline) / 1e9, Boot: rec.Boot.Seconds, Stop: rec.Stop.Seconds,
		Verdict: c.Verdict,
	}
	if c.Verdict != bench.Held && len(c.Reasons) > 0 {
		s.Complaint = c.Reasons[0]
	}
	return s, nil
}

// runCells runs a selection of cells with the benchrun binary into a folder of
// its own, and gives that and the time it took.
func (l *Lab) runCells(ctx context.Context, out string, selection ...string) (*results.Folder, bench.Run, time.Duration, error) {
	began := time.Now()
	fail := func(err error) (*results.Folder, bench.Run, time.Duration, error) {
		return nil, bench.Run{}, 0, fmt.Errorf("benchrun %v: %w", selection, err)
	}
	// Exit code 5 is a cell that was not measured rightly: it took its time all the same.
	cmd := program(ctx, l.Self, append([]string{"--out", out}, selection...)...)
	err := cmd.Run()
	wall := time.Since(began)
	if err != nil && cmd.ProcessState.ExitCode() != bench.ExitUnmeasured {
		return fail(err)
	}
	runs, err := filepath.Glob(filepath.Join(out, "*", results.RunFile))
	if err != nil || len(runs) != 1 {
		return fail(fmt.Errorf("%d runs in %s", len(runs), out))
	}
	folder, err := results.OpenFolder(filepath.Dir(runs[0]))
	if err != nil {
		return fail(err)
	}
	run, err := folder.Run()
	if err == nil && (len(run.Cells) == 0 || len(run.Cells[0].Attempts) == 0) {
		err = errors.New("no cell was attempted")
	}
	if err != nil {
		return fail(err)
	}
	return folder, run, wall, nil
}

// measureCell runs the sound reference server under crashes, which it holds.
func measureCell(ctx context.Context, l *Lab) ([]Row, error) {
	var all []spent
	for i := range l.Scale.Rounds {
		folder, run, wall, err := l.runCells(ctx, filepath.Join(l.Dir, "cell-"+strconv.Itoa(i)),
			"--server", "reference", "--profile", "default", "--scenario", "segfault-1pct")
		if err != nil {
			return nil, err
		}
		if n := len(run.Cells[0].Attempts); n != 1 {
			l.Note(fmt.Sprintf("cell: %d attempts; not counted", n))
			continue
		}
		rec, err := folder.ReadRecord(run.Cells[0].Attempts[0].Record)
		if err != nil {
			return nil, err
		}
		s, err := account(run, rec, wall)
		if err != nil {
			return nil, err
		}
		l.Note(fmt.Sprintf("cell: %.2f s, of it %.2f phases, %.2f boot, %.2f stop, %.2f else inside and %.2f outside the attempt: %s %s",
			s.Wall, s.Phases, s.Boot, s.Stop, s.inside(), s.outside(), s.Verdict, s.Complaint))
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, errors.New("no run was made of one attempt: the host is too busy")
	}
	return []Row{cellRow(all)}, nil
}

func cellRow(all []spent) Row {
	var over, outside, whole spread
	for _, s := range all {
		over = append(over, s.inside()+s.outside())
		outside = append(outside, s.outside())
		whole = append(whole, s.Wall)
	}
	return Row{
		What:   "a run of one cell, beyond its phases and the server's own boot and stop",
		Figure: fmt.Sprintf("%s of %s s; %s s of it outside the attempt", over.in("s"), number(whole.median()), number(outside.median())),
		Goal:   "≤ 0.5 s", Missed: over.median() > overheadGoal,
	}
}
