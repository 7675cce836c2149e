package cost

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
	"benchrun/scenarios"
)

// overheadGoal is the goal for a cell's time beyond its phases, in seconds.
const overheadGoal = 0.5

// spent is where the wall time of a run went, in seconds. An attempt that the
// host spoiled is made again, so there may be more of them than cells.
type spent struct {
	Wall     float64 // from the process's start to its end
	Attempts int
	Phases   float64 // of all attempts: from the baseline's first victim to SIGTERM
	Boot     float64 // the servers' own
	Stop     float64 // the servers' own
}

// beyond is what the run took beyond its phases, boots and stops.
func (s spent) beyond() float64 { return s.Wall - s.Phases - s.Boot - s.Stop }

// add adds an attempt.
func (s *spent) add(rec *bench.Record) error {
	i := slices.IndexFunc(rec.Marks, func(m bench.Mark) bool { return m.Name == bench.MarkBaseline })
	if i < 0 || rec.Stop == nil {
		return errors.New("an attempt did not get through all of its phases")
	}
	s.Attempts++
	s.Phases += float64(rec.Stop.Term-rec.Marks[i].T) / 1e9
	s.Boot += rec.Boot.Seconds
	s.Stop += rec.Stop.Seconds
	return nil
}

// account reads a run.
func account(ctx context.Context, folder *results.Folder, run bench.Run, wall time.Duration) (spent, error) {
	s := spent{Wall: wall.Seconds()}
	for _, c := range run.Cells {
		for _, a := range c.Attempts {
			if a.Record == "" { // it could not be made
				continue
			}
			rec, err := folder.ReadRecord(ctx, a.Record)
			if err != nil {
				return s, err
			}
			if err := s.add(rec); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// ran is a run of cells that is over.
type ran struct {
	folder *results.Folder
	run    bench.Run
	wall   time.Duration
	cpu    time.Duration // of benchrun and all its descendants
}

// runCells runs a selection of cells with the benchrun binary into a folder of
// its own.
func (l *Lab) runCells(ctx context.Context, out string, selection ...string) (ran, error) {
	began := time.Now()
	fail := func(err error) (ran, error) { return ran{}, fmt.Errorf("benchrun %v: %w", selection, err) }
	// Exit code 5 is a cell that was not measured rightly: it still took its time.
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
	run, err := folder.Run(ctx)
	if err == nil && (len(run.Cells) == 0 || len(run.Cells[0].Attempts) == 0) {
		err = errors.New("no cell was attempted")
	}
	if err != nil {
		return fail(err)
	}
	return ran{folder, run, wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

// ordinary is the family of the cells that tell what any cell costs: the first that
// takes little CPU and little time.
func ordinary() scenarios.Fault {
	all := scenarios.All()
	return all[slices.IndexFunc(all, func(f scenarios.Fault) bool { return f.Brief })]
}

// upTo names the first n scenarios of a family, its own ratio first.
func upTo(n int, f bench.Family) []string {
	var out []string
	for _, share := range []bench.Ratio{f.Cadence.Share, f.Cadence.Share / 2, 2 * f.Cadence.Share}[:n] {
		out = append(out, bench.Scenario{Family: f, Ratio: share}.Name())
	}
	return out
}

// measureCell sets a run of one cell beside one of three: what the longer one
// takes more belongs to its cells, the rest to benchrun's own start and end.
func measureCell(ctx context.Context, l *Lab) ([]Row, error) {
	short, err := l.spend(ctx, "short", upTo(1, ordinary().Family))
	if err != nil {
		return nil, err
	}
	long, err := l.spend(ctx, "long", upTo(3, ordinary().Family))
	if err != nil {
		return nil, err
	}
	cell := (long.beyond() - short.beyond()) / float64(max(1, long.Attempts-short.Attempts))
	l.Note(fmt.Sprintf("cell: %d attempts took %.2f s beyond phases, boot and stop, %d took %.2f s",
		short.Attempts, short.beyond(), long.Attempts, long.beyond()))
	return cellRows(spread{cell}, spread{short.beyond() - cell*float64(short.Attempts)}), nil
}

// spend runs the scenarios and accounts for them.
func (l *Lab) spend(ctx context.Context, name string, names []string) (spent, error) {
	r, err := l.runCells(ctx, filepath.Join(l.Dir, name),
		"--server", bench.ReferenceServer, "--profile", ordinary().Sound, "--scenario", strings.Join(names, ","), "--jobs", "1")
	if err != nil {
		return spent{}, err
	}
	return account(ctx, r.folder, r.run, r.wall)
}

func cellRows(cells, around spread) []Row {
	return []Row{
		{
			What: "a cell, beyond its phases and the server's own boot and stop", Figure: cells.in("s"),
			Goal: "≤ 0.5 s", Missed: cells.median() > overheadGoal,
		},
		{What: "a run's own start and end, once", Figure: around.in("s")},
	}
}
