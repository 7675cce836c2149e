package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/report"
	"benchrun/results"
	"benchrun/scenarios"
)

func newJudgeCommand() *cobra.Command {
	var s settings
	var htmlFile string
	cmd := &cobra.Command{
		Use:   "judge RUN",
		Short: "judge a stored run again, from its records alone",
		Long: `judge reads the records of a run's folder and reaches the verdicts and measures
again. It runs nothing and changes nothing in the folder. It says where the
result differs from the folder's run.json; with the same benchrun, nothing does.

A cell whose record is damaged is invalid; judge judges the others, and the exit
code is 5. If the run was killed, judge also judges the attempts of its last cell.
If the run is still in progress, it judges what there is so far.`,
		Example: "  benchrun judge benchrun-out/20261121-120000-3fa9\n  benchrun judge benchrun-out/20261121-120000-3fa9 --format csv > cells.csv\n  benchrun judge benchrun-out/20261121-120000-3fa9 --gate gate.txt --waivers benchrun.waivers.yaml\n  benchrun judge benchrun-out/20261121-120000-3fa9 --baseline benchrun-out/last-release",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "judge wants the folder of one run", Hint: "see benchrun judge --help"}
			}
			if err := s.check(); err != nil {
				return err
			}
			if err := s.prepareFiles(); err != nil {
				return err
			}
			judged, err := judgeAgain(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			run := judged.run
			for _, n := range judged.notes {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), report.Clean(n))
			}
			tellDamage(cmd.ErrOrStderr(), judged.damaged)
			if htmlFile != "" {
				if err := drawJudged(cmd.Context(), htmlFile, args[0], run); err != nil {
					return err
				}
			}
			gate, err := s.resolveGate(cmd.Context(), cmd.ErrOrStderr(), measuredCells(run), like(run))
			if err != nil {
				return err
			}
			var broke error
			if n := neverBegun(run); n > 0 {
				broke = fmt.Errorf("%d of its cells were not fully measured", n)
			} else if run.Interrupted {
				broke = errors.New("it was interrupted")
			}
			err = s.deliverStored(cmd, run, strings.TrimSuffix(args[0], "/"+results.RunFile), gate, broke)
			return errors.Join(err, damageError(judged.damaged))
		},
	}
	s.attempts, s.out = 1, "-"
	addPrintFlags(cmd.Flags(), &s)
	declare(cmd.Flags(), "html", &htmlFile)
	completeFlags(cmd, &s)
	return cmd
}

// tellDamage names what cannot be read of a stored run.
func tellDamage(stderr io.Writer, damaged []string) {
	for _, d := range damaged {
		_, _ = fmt.Fprintln(stderr, "damaged:", report.Clean(d))
	}
}

// damageError stands for the exit code of a run of which something cannot be
// read: not everything could be judged.
func damageError(damaged []string) error {
	if len(damaged) == 0 {
		return nil
	}
	return bench.ErrUnmeasured
}

// drawJudged writes the report of a run that was judged again.
func drawJudged(ctx context.Context, file, path string, run bench.Run) error {
	folder, err := results.OpenFolder(path)
	if err != nil {
		return err
	}
	return writeFile("--html", file, func(w io.Writer) error { return drawReport(ctx, w, folder, run, filepath.Dir(file)) })
}

// again is a stored run, judged again.
type again struct {
	run     bench.Run
	notes   []string // where it differs from what was stored, and what was found of a run that was killed
	damaged []string // what cannot be read of it, and why; the cells that it is about are invalid
}

// judgeAgain takes verdicts, reasons, flags and measures of a run from its
// records.
func judgeAgain(ctx context.Context, path string) (again, error) {
	folder, err := results.OpenFolder(path)
	if err != nil {
		return again{}, err
	}
	goesOn := folder.Written() // before anything is read: by then it may have ended
	found, err := folder.Recover(ctx)
	if err != nil {
		return again{}, err
	}
	out := again{run: found.Run, notes: found.Notes}
	for _, d := range found.Damaged {
		out.damaged = append(out.damaged, d.Text)
	}
	unmade := killedNote
	if goesOn {
		out.run.Interrupted, unmade = true, goesOnNote
		out.notes = append(out.notes, folder.Path()+": another benchrun is writing this run: this is what it has so far")
	}
	for i := range out.run.Cells {
		cell := &out.run.Cells[i]
		if f, ok := scenarios.ByID(cell.Family); ok && f.Version == cell.FamilyVer {
			cell.Group = f.Group
		}
		if len(cell.Attempts) == 0 { // unsupported, or never installed: there is nothing to judge
			continue
		}
		was, begun := *cell, i >= len(out.run.Cells)-found.Begun
		judged, damaged, err := judgeAttempts(ctx, folder, &out.run, *cell)
		if err != nil {
			return again{}, err
		}
		if begun && wantedMore(out.run, cell.Attempts, judged) { // the one that was to come has confirmed nothing
			cell.Attempts = append(cell.Attempts, bench.Attempt{Attempt: len(cell.Attempts) + 1, Note: unmade})
			judged = append(judged, judge.Unmade(unmade))
		}
		judge.Conclude(cell, judged)
		out.damaged = append(out.damaged, damaged...)
		if at := slices.IndexFunc(found.Damaged, func(d results.Damage) bool { return begun && d.Cell == results.CellID(*cell) }); at >= 0 {
			damaged = append(damaged, found.Damaged[at].Text) // an attempt that nobody knows
		}
		switch {
		case len(damaged) > 0:
			cell.Spoil(damaged[0])
		case !begun:
			for _, d := range judge.Differences(was, *cell) {
				out.notes = append(out.notes, "differs: "+d)
			}
		}
	}
	if n := neverBegun(out.run); n > 0 && !goesOn {
		out.notes = append(out.notes, fmt.Sprintf("%d of the %d selected cells were not fully measured: %s", n, len(out.run.Asked.Cells), report.Shell("benchrun", "--resume", folder.Path())))
	}
	return out, nil
}

// judgeAttempts judges the attempts of a cell by their records. Those that cannot
// be read are named in damaged; of the others nothing is lost.
func judgeAttempts(ctx context.Context, folder *results.Folder, run *bench.Run, cell bench.Cell) (judged []bench.Judgement, damaged []string, err error) {
	for _, a := range cell.Attempts {
		if a.Record == "" && a.Note != "" {
			judged = append(judged, judge.Unmade(a.Note))
			continue
		}
		rec, err := folder.ReadRecord(ctx, a.Record)
		switch {
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case err != nil:
			damaged = append(damaged, err.Error())
			judged = append(judged, judge.Unmade(err.Error()))
			continue
		}
		judged = append(judged, judge.Judge(rec))
		if run.Mode == "" { // there is no run.json
			run.Mode, run.StartedAt = rec.Head.Mode, rec.Head.StartedAt
		}
	}
	return judged, damaged, nil
}

// neverBegun is how many cells a run was asked for and has nothing of.
func neverBegun(run bench.Run) int {
	if run.Asked == nil {
		return 0
	}
	return max(0, len(run.Asked.Cells)-len(run.Cells))
}

// wantedMore says whether a cell that was begun was to have another attempt. A
// run that does not say how many it was asked for may have wanted any number.
func wantedMore(run bench.Run, attempts []bench.Attempt, judged []bench.Judgement) bool {
	k, invalid := math.MaxInt, math.MaxInt
	if run.Asked != nil {
		k, invalid = run.Asked.Attempts, judge.MostInvalid(attempts)
	}
	again, _ := judge.Next(judged, k, invalid)
	return again
}

// These stand where an attempt would.
const (
	killedNote = "the run was ended before this attempt was"
	goesOnNote = "the run is in progress: this attempt has not ended"
)
