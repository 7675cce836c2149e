package cost

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
)

// overheadGoal is the goal for a cell's time beyond its phases, in seconds.
const overheadGoal = 0.5

// spent is where the wall time of a run of one cell went, in seconds. An attempt
// that the host spoiled is made again, so there may be several.
type spent struct {
	Wall     float64 // from the process's start to its end
	Attempts int
	In       float64 // the attempts
	Phases   float64 // from the baseline's first victim to SIGTERM
	Boot     float64 // the server's own
	Stop     float64 // the server's own
}

// inside is what an attempt took beyond its phases, boot and stop.
func (s spent) inside() float64 { return (s.In - s.Phases - s.Boot - s.Stop) / float64(s.Attempts) }

// outside is what the run took beyond its attempts.
func (s spent) outside() float64 { return s.Wall - s.In }

// add adds an attempt of so many seconds.
func (s *spent) add(seconds float64, rec *bench.Record) error {
	i := slices.IndexFunc(rec.Marks, func(m bench.Mark) bool { return m.Name == bench.MarkBaseline })
	if i < 0 || rec.Stop == nil {
		return errors.New("an attempt did not get through all of its phases")
	}
	s.Attempts++
	s.In += seconds
	s.Phases += float64(rec.Stop.Term-rec.Marks[i].T) / 1e9
	s.Boot += rec.Boot.Seconds
	s.Stop += rec.Stop.Seconds
	return nil
}

// account reads a run of one cell.
func account(folder *results.Folder, cell bench.Cell, wall time.Duration) (spent, error) {
	s := spent{Wall: wall.Seconds()}
	for _, a := range cell.Attempts {
		rec, err := folder.ReadRecord(a.Record)
		if err != nil {
			return s, err
		}
		if err := s.add(a.Seconds, rec); err != nil {
			return s, err
		}
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
		s, err := account(folder, run.Cells[0], wall)
		if err != nil {
			return nil, err
		}
		l.Note(fmt.Sprintf("cell: %s after %d attempts in %.2f s: %.2f phases, %.2f boot, %.2f stop; beyond them %.2f an attempt and %.2f around them",
			run.Cells[0].Verdict, s.Attempts, s.Wall, s.Phases, s.Boot, s.Stop, s.inside(), s.outside()))
		all = append(all, s)
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
