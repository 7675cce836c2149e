package main

import (
	"context"
	"io"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/report"
	"benchrun/results"
	"benchrun/scenarios"
)

// newDemands demands nothing yet; flags add demands.
func newDemands() gate.Demands {
	return gate.Demands{StrictFlags: bench.StrictFlags(), Family: scenarios.Family}
}

// addGateFlags declares the flags that say what must hold of a run.
func addGateFlags(f *pflag.FlagSet, d *gate.Demands) {
	addRuleFlags(f, d)
	declare(f, "strict", &d.Strict)
	declare(f, "baseline", &d.Baseline)
	declare(f, "baseline-anyway", &d.Anyway)
	declare(f, "waivers", &d.Waivers)
}

func addRuleFlags(f *pflag.FlagSet, d *gate.Demands) {
	declare(f, "fail-on", &d.Rules)
	declare(f, "gate", &d.Files)
}

// measuring says where and how a run is measured; a merged run has several origins.
type measuring func() ([]bench.Origin, error)

// like says where and how a stored run was measured.
func like(run bench.Run) measuring {
	return func() ([]bench.Origin, error) { return run.Origins(), nil }
}

// resolveGate reads what must hold of a run, and reports problems.
func (s settings) resolveGate(ctx context.Context, stderr io.Writer, cells []gate.Selected, measured measuring) (gate.Gate, error) {
	g, err := s.gate.Resolve(ctx, cells, results.ReadEnded, measured)
	report.Lines(stderr, g.Told)
	return g, err
}
