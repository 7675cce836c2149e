package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/live"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/stored"
	"benchrun/report"
	"benchrun/scenarios"
)

// benchmark is the main command: it resolves, runs and prints.
func benchmark(cmd *cobra.Command, s settings) error {
	if err := s.check(); err != nil {
		return err
	}
	cells, err := s.selected()
	if err != nil {
		return err
	}
	cells = plan.OnHost(cells, place.HostHas(cmd.Context()))
	gate, err := s.resolveGate(cmd.Context(), cmd.ErrOrStderr(), plan.Selected(cells), s.here(cmd.Context(), cells))
	if err != nil {
		return err
	}
	if s.dryRun {
		return s.foretell(cmd, cells, 1)
	}
	out, err := s.readyOutlets(cmd) // before minutes are spent
	if err != nil {
		return err
	}
	order, err := s.resumable(cmd, cells)
	if err != nil {
		return err
	}
	patiently(cmd.Context())
	made, err := order.Run(cmd.Context())
	return stored.Delivery{Run: made.Run, Folder: made.Folder, Gate: gate, Broke: err}.Fresh(out)
}

// selected resolves the selection. A resumed run has its own.
func (s settings) selected() ([]plan.Cell, error) {
	reg, err := s.registry()
	if err != nil {
		return nil, err
	}
	if s.earlier != nil {
		cells, err := plan.FromAsked(reg, *s.earlier.Run.Asked)
		return cells, s.origins.OfSelection(err)
	}
	scens, err := s.allScenarios()
	if err != nil {
		return nil, s.origins.OfSelection(err)
	}
	cells, err := plan.Choose(reg, plan.Selection{Servers: s.servers, Profiles: s.profiles, Scenarios: scens}, s.own.files)
	if err == nil {
		cells, err = s.withOwn(reg, cells)
	}
	return cells, s.origins.OfSelection(err)
}

// allScenarios are those of --scenario, and the name of each --mix.
func (s settings) allScenarios() ([]string, error) {
	out := slices.Clone(s.scenarios)
	for _, mix := range s.mixes {
		name, err := scenarios.MixName(mix)
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

// here says where and how a run of these cells will be measured.
func (s settings) here(ctx context.Context, cells []plan.Cell) measuring {
	return func() ([]bench.Origin, error) {
		patiently(ctx) // finding out tries levels of supervision and starts an interpreter
		o, err := place.ForeseenOrigin(ctx, cells, s.python, s.mode(), benchrunVersion(), s.port)
		return []bench.Origin{o}, err
	}
}

// foretell prints what would run. together is how many cells are measured one after the
// other.
func (s settings) foretell(cmd *cobra.Command, cells []plan.Cell, together int) error {
	patiently(cmd.Context()) // it starts interpreters
	if e := s.earlier; e != nil {
		report.Damaged(cmd.ErrOrStderr(), e.Damaged)
		here, err := s.here(cmd.Context(), cells)()
		if err == nil {
			err = e.Continuable(here[0].Environment)
		}
		if err != nil {
			return err
		}
	}
	return say(cmd, func(ctx context.Context) (string, error) {
		here, err := place.Look(ctx, benchrunVersion())
		if err != nil {
			return "", err
		}
		text, err := s.order(cells).DryRun(ctx, here, together)
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
		Cells: cells, Most: s.most, Mode: s.mode(), Seed: s.seed, Attempts: s.attempts, Jobs: int(s.jobs), Port: s.port, Reprobe: s.reprobe, Python: s.python,
		Earlier: s.earlier, MaxTime: s.maxTime,
	}
}

// live is an order with where its results go and who listens.
func (s settings) live(cmd *cobra.Command, cells []plan.Cell) live.Order {
	return live.Order{
		Order:   s.order(cells),
		Opening: campaign.Opening{Out: s.out, Benchrun: benchrunVersion(), Args: s.effectiveArgs()},
		Tell:    report.Listen(s.progress, cmd.ErrOrStderr()),
	}
}

// resumable is an order that --resume can continue, or that continues a run.
func (s settings) resumable(cmd *cobra.Command, cells []plan.Cell) (order live.Order, err error) {
	order = s.live(cmd, cells)
	if order.Asked, err = plan.Asked(cells, s.attempts, s.python, s.own.files); err != nil {
		return order, err
	}
	if s.earlier != nil {
		report.Damaged(cmd.ErrOrStderr(), s.earlier.Damaged)
	}
	return order, nil
}

// readyOutlets are the outlets, once it is sure that they can be written to.
func (s settings) readyOutlets(cmd *cobra.Command) (report.Outlets, error) {
	out := s.outlets(cmd)
	return out, out.Prepare()
}

// outlets are where a command writes its results.
func (s settings) outlets(cmd *cobra.Command) report.Outlets {
	return report.Outlets{
		Stdout: cmd.OutOrStdout(), Stderr: cmd.ErrOrStderr(),
		Format: s.format, Verbose: s.verbose, JSON: s.jsonFile, JUnit: s.junitFile,
	}
}
