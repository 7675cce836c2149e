package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/report"
)

// outlets are where a command writes its results.
func (s settings) outlets(cmd *cobra.Command) report.Outlets {
	return report.Outlets{
		Stdout: cmd.OutOrStdout(), Stderr: cmd.ErrOrStderr(),
		Format: s.format, Verbose: s.verbose, JSON: s.jsonFile, JUnit: s.junitFile,
	}
}

// deliver tells everybody what a run came to: the reader of stdout, the files
// asked for, and CI. The verdict is what the gate says of it; err says that
// something could not be written. broke is what kept the run from coming to its
// end; nil = it did.
func (s settings) deliver(cmd *cobra.Command, run bench.Run, folder string, g gate.Gate, broke error) (verdict, err error) {
	out, decided := s.outlets(cmd), g.Decide(run)
	err = out.Print(run, folder)
	if decided.Tally != "" {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "gate: %s\n", decided.Tally)
	}
	tell(cmd.ErrOrStderr(), decided.Lines(run))
	err = errors.Join(err, out.TellCI(run, folder, decided.Findings, decided.Notes, broke))
	return decided.Err(), err
}

// deliverStored delivers a run that was measured before. An invalid cell in it is no news, and
// without a rule not a reason to fail. If the run is incomplete, its rules are not kept.
func (s settings) deliverStored(cmd *cobra.Command, run bench.Run, folder string, g gate.Gate, broke error) error {
	verdict, err := s.deliver(cmd, run, folder, g, broke)
	if !g.Asks() && !g.Strict() { // judging again is not measuring
		return err
	}
	if broke != nil && verdict == nil {
		verdict = bench.ErrUnmeasured
	}
	return errors.Join(err, verdict)
}
