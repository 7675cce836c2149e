package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/report/html"
	"benchrun/results"
	"benchrun/targets"
)

// benchmark is the main command: it resolves, runs and prints.
func benchmark(cmd *cobra.Command, s settings) error {
	if err := s.check(); err != nil {
		return err
	}
	reg, err := targets.Load(targets.DefaultLoadOptions(s.serverFiles))
	if err != nil {
		return err
	}
	cells, err := s.cells(cmd.Context(), reg)
	if err != nil {
		return s.origins.OfSelection(err)
	}
	gate, err := s.resolveGate(cmd.Context(), cmd.ErrOrStderr(), plan.Selected(cells), s.here(cmd.Context(), cells))
	if err != nil {
		return err
	}
	if s.dryRun {
		return s.foretell(cmd, cells, 1)
	}
	if err := s.outlets(cmd).Prepare(); err != nil { // before minutes are spent
		return err
	}
	if s.asked, err = s.asking(cells); err != nil {
		return err
	}
	run, runErr := s.execute(cmd, cells)
	if runErr != nil && len(run.Cells) == 0 { // nothing was measured
		return runErr
	}
	verdict, err := s.deliver(cmd, run, s.folder(run), gate, runErr)
	return errors.Join(bench.Ended(verdict, runErr), err)
}

// here says where and how a run of these cells will be measured.
func (s settings) here(ctx context.Context, cells []plan.Cell) measuring {
	return func() ([]bench.Origin, error) {
		patiently(ctx) // finding out tries levels of supervision and starts an interpreter
		o, err := place.ForeseenOrigin(ctx, cells, s.python, s.mode(), benchrunVersion(), s.port)
		return []bench.Origin{o}, err
	}
}

// folder is where a run's folder lies.
func (s settings) folder(run bench.Run) string {
	if s.earlier != nil {
		return s.earlier.Folder.Path()
	}
	return filepath.Join(s.out, run.ID)
}

// cells resolves the selection. A resumed run has its own.
func (s settings) cells(ctx context.Context, reg *targets.Registry) ([]plan.Cell, error) {
	cells, err := s.selected(reg)
	return plan.OnHost(cells, place.HostHas(ctx)), err
}

func (s settings) selected(reg *targets.Registry) ([]plan.Cell, error) {
	if s.earlier != nil {
		return plan.FromAsked(reg, *s.earlier.Run.Asked)
	}
	return plan.Choose(reg, plan.Selection{Servers: s.servers, Profiles: s.profiles, Scenarios: s.scenarios}, s.serverFiles)
}

// execute runs the cells. If it begins nothing, it returns a run without an ID.
func (s settings) execute(cmd *cobra.Command, cells []plan.Cell) (bench.Run, error) {
	if e := s.earlier; e != nil {
		tellDamage(cmd.ErrOrStderr(), e.Damaged)
	}
	if e := s.earlier; e != nil && e.NothingToDo() {
		s.listener(cmd.ErrOrStderr()).Note(e.Folder.Path() + ": nothing to do: every cell was measured as often as its retries allow; a cell that is invalid needs a new run")
		return e.Run, nil
	}
	r, page, done, err := s.open(cmd, s.order(cells))
	if err != nil {
		return bench.Run{}, err
	}
	defer done()
	run, err := r.Do(cmd.Context())
	if err == nil {
		err = page.Err()
	}
	if campaign.Resumable(cmd.Context(), r.Folder, run, err) {
		r.Tell.Note("the rest of it: " + report.Shell("benchrun", "--resume", r.Folder.Path()))
	}
	return run, err
}

// foretell prints what would run. together is how many cells are measured one after the
// other.
func (s settings) foretell(cmd *cobra.Command, cells []plan.Cell, together int) error {
	patiently(cmd.Context()) // it starts interpreters
	return say(cmd, func(ctx context.Context) (string, error) {
		text, err := s.order(cells).DryRun(ctx, together)
		return s.origins.Words() + text, err
	})
}

// say prints a text to stdout.
func say(cmd *cobra.Command, text func(context.Context) (string, error)) error {
	t, err := text(cmd.Context())
	if err != nil {
		return err
	}
	if _, err := io.WriteString(cmd.OutOrStdout(), t); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}

// order is what a campaign must measure.
func (s settings) order(cells []plan.Cell) campaign.Order {
	return campaign.Order{
		Cells: cells, Mode: s.mode(), Seed: s.seed, Attempts: s.attempts, Jobs: s.atMost(), Reprobe: s.reprobe, Python: s.python,
		Earlier: s.earlier, MaxTime: s.maxTime,
	}
}

// open prepares the host and opens a run there; page writes the run's report.html. The
// caller calls done at the end.
func (s settings) open(cmd *cobra.Command, order campaign.Order) (r *campaign.Run, page *html.Listener, done func(), err error) {
	patiently(cmd.Context())
	tell := s.listener(cmd.ErrOrStderr())
	host, leave, err := place.Enter(cmd.Context(), benchrunVersion(), s.port, tell.Note)
	if err != nil {
		return nil, nil, nil, err
	}
	r, release, err := campaign.Open(host, order, campaign.Opening{
		Out: s.out, Benchrun: benchrunVersion(), Args: s.effectiveArgs(), Asked: s.asked,
	})
	if err != nil {
		leave()
		return nil, nil, nil, err
	}
	tell.Note(fmt.Sprintf("supervision: %s; results: %s", host.Describe(), r.Folder.Path()))
	page = reportPage(cmd.Context(), r.Folder)
	r.Tell = bench.Listeners(tell, page.Hear)
	return r, page, func() { release(); leave() }, nil
}

// reportPage writes report.html into a run's folder when the run is done.
func reportPage(ctx context.Context, folder *results.Folder) *html.Listener {
	return &html.Listener{
		Write:   folder.WriteReport,
		LogTail: func(rel string) string { return folder.LogTail(context.WithoutCancel(ctx), rel) },
		Options: html.Options{Folder: folder.Path(), Find: folder.FindFrom(folder.Path())},
	}
}
