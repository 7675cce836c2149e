package main

import (
	"context"

	"github.com/spf13/cobra"

	"benchrun/internal/calibrate"
	"benchrun/internal/place"
)

// calibrationPage is where --write writes its page by default.
const calibrationPage = "docs/calibration.md"

// calibrating has the flags of calibrate.
type calibrating struct {
	settings
	short bool
	page  string // "" = write none
}

func newCalibrateCommand() *cobra.Command {
	c := calibrating{settings: newSettings()}
	cmd := &cobra.Command{
		Use:   "calibrate [FAMILY|null|SABOTAGE...]",
		Short: "check that benchrun reaches the known verdicts of planted flaws",
		Long: `calibrate tests benchrun itself. It runs each family twice on benchrun's own
reference server: the sound server must be held, and the one with the planted
flaw that the family should find must be failed. Null faults ("null") go the
whole way of a fault and do nothing: the sound server must be held. Then it
sabotages the harness (the generator is late, the control is dead, the faults
are never sent), and the verdict must be invalid with a reason that names the
cause, whether the server is sound or not.

Name families, null and sabotages to run only those. benchrun repeats a cell that is
unexpectedly invalid twice, as in any run. Results of a sabotaged harness have
the sabotage in their scenario's name and the flag "sabotaged".

--short runs all sabotages and null faults, and one family for each way to lose
users:
` + calibrate.ShortReasons() + `
The exit code is 0 if all verdicts are as expected, 10 if one is wrong, and 5
if something could not be measured.`,
		Example: "  benchrun calibrate --short\n  benchrun calibrate wedge dead-control\n  benchrun calibrate --write\n" +
			"  benchrun calibrate --dry-run",
		Args:      cobra.ArbitraryArgs,
		ValidArgs: calibrate.Words(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.check(); err != nil {
				return err
			}
			return c.run(cmd, calibrate.Asked{Words: args, Short: c.short})
		},
	}
	f := cmd.Flags()
	declare(f, "short", &c.short)
	c.declare(f, "attempts", "seed", "out")
	declare(f, "write", &c.page, "another file than "+calibrationPage+" is named with '=': --write=FILE")
	f.Lookup("write").NoOptDefVal = calibrationPage
	c.declare(f, "progress", "dry-run", "jobs", "port")
	return cmd
}

// run calibrates, or prints what it would do.
func (c calibrating) run(cmd *cobra.Command, asked calibrate.Asked) error {
	cases, err := asked.Cases()
	if err != nil {
		return err
	}
	cells := calibrate.Cells(cases, place.HostHas(cmd.Context()))
	if c.dryRun {
		return say(cmd, func(ctx context.Context) (string, error) {
			here, err := place.Look(ctx, benchrunVersion())
			if err != nil {
				return "", err
			}
			return calibrate.DryRun(ctx, here, cases, c.order(cells))
		})
	}
	if err := calibrate.CheckPage(c.page); err != nil { // before measuring for minutes
		return err
	}
	patiently(cmd.Context())
	made, runErr := c.live(cmd, cells).Run(cmd.Context())
	return asked.Deliver(cmd.OutOrStdout(), calibrate.Made{
		Cases: cases, Run: made.Run, Folder: made.Folder, Attempts: c.attempts, Seed: c.seed, Page: c.page, Broke: runErr,
	})
}
