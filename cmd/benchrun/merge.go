package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/internal/judge"
	"benchrun/report/html"
	"benchrun/results"
)

func newMergeCommand() *cobra.Command {
	s := settings{attempts: 1, out: defaultOut}
	var anyway bool
	cmd := &cobra.Command{
		Use:   "merge RUN...",
		Short: "merge several runs of one machine into one",
		Long: `merge creates a new run's folder from the folders of several runs: their cells
with their records, and a report.html of all of them. If a cell was measured more
than once, merge keeps the latest as it is and averages nothing; an invalid cell
never replaces a measured one. A cell whose record is damaged is invalid, and the
exit code is 5.

merge refuses runs that were not measured alike, because they belong in different
tables: with another mode, testbed, kernel, benchrun, supervision, Python or
limits. --anyway merges them; every report then says what differs in which run,
and each cell of run.json says where it was measured.`,
		Example: "  benchrun merge benchrun-out/20261121-*\n  benchrun merge monday tuesday --out published --format matrix",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &bench.UsageError{Problem: "merge wants the folders of some runs", Hint: "see benchrun merge --help"}
			}
			if err := s.check(); err != nil {
				return err
			}
			if err := s.prepareFiles(); err != nil {
				return err
			}
			gate, err := s.resolveMerged(cmd, anyway, args) // before anything is written
			if err != nil {
				return err
			}
			j, err := mergeRuns(cmd.Context(), s.out, anyway, args)
			if err != nil {
				return err
			}
			tellDamage(cmd.ErrOrStderr(), j.Damaged)
			err = s.deliverStored(cmd, j.Run, j.Folder.Path(), gate, nil)
			return errors.Join(err, damageError(j.Damaged))
		},
	}
	declare(cmd.Flags(), "out", &s.out)
	declare(cmd.Flags(), "anyway", &anyway)
	addPrintFlags(cmd.Flags(), &s)
	completeFlags(cmd, &s)
	return cmd
}

// resolveMerged resolves the gate against the run that the runs make.
func (s settings) resolveMerged(cmd *cobra.Command, anyway bool, paths []string) (gate.Gate, error) {
	var runs []bench.Run
	for _, p := range paths {
		run, err := results.ReadEnded(cmd.Context(), p)
		if err != nil {
			return gate.Gate{}, err
		}
		runs = append(runs, run)
	}
	merged, err := results.Merge(anyway, runs...)
	if err != nil {
		return gate.Gate{}, err
	}
	return s.resolveGate(cmd.Context(), cmd.ErrOrStderr(), measuredCells(merged), like(merged))
}

// mergeRuns makes the new run's folder with its report, or leaves nothing.
func mergeRuns(ctx context.Context, out string, anyway bool, paths []string) (results.Joined, error) {
	var folders []*results.Folder
	for _, p := range paths {
		f, err := results.OpenFolder(p)
		if err != nil {
			return results.Joined{}, err
		}
		folders = append(folders, f)
	}
	j, err := results.Join(ctx, out, anyway, folders...)
	if err != nil {
		return results.Joined{}, err
	}
	err = j.Folder.WriteReport(func(w io.Writer) error { return drawReport(ctx, w, j.Folder, j.Run, j.Folder.Path()) })
	if err != nil {
		return results.Joined{}, errors.Join(err, j.Folder.Discard())
	}
	return j, nil
}

// drawReport draws the report of a stored run, with the story of each cell's
// published attempt from its record, where that can be read. at is the folder in
// which the page will lie: links lead from there.
func drawReport(ctx context.Context, w io.Writer, folder *results.Folder, run bench.Run, at string) error {
	var stories []html.Story
	for _, c := range run.Cells {
		for _, a := range c.Attempts {
			if !a.Published {
				continue
			}
			rec, err := folder.ReadRecord(ctx, a.Record)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil { // its cell says so, and is shown without a figure
				continue
			}
			stories = append(stories, html.NewStory(c, rec, judge.Timeline(rec), folder.LogTail(ctx, a.Log)))
		}
	}
	return html.Write(w, run, stories, html.Options{Folder: folder.Path(), Find: folder.FindFrom(at)})
}
