package campaign

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/observe"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/results"
)

// DryRun says what would be run: each target with its command, its cells, and the
// time they take. Of a run that is resumed, these are the cells that are not
// concluded. It installs nothing. Together cells are measured one after the other.
func (o Order) DryRun(ctx context.Context, together int) (string, error) {
	if o.Earlier != nil && o.Earlier.NothingToDo() {
		return o.Earlier.NothingLeft() + "\n", nil
	}
	var b strings.Builder
	last, targets := "", place.Preview{Python: o.Python}
	had, k := o.begun(), o.knowledge()
	if o.Earlier != nil {
		k.Made = func(c plan.Cell) int { return o.made(had, c) }
	}
	var rest []plan.Cell
	for i, c := range o.Cells {
		if o.Earlier != nil && (c.Unsupported != "" || !had[i].wants(o.Attempts)) {
			continue
		}
		rest = append(rest, c)
		if name := c.TargetWords(); name != last {
			last = name
			fmt.Fprintf(&b, "%s\n", name)
			first := slices.IndexFunc(o.Cells[i:], func(of plan.Cell) bool { return of.Unsupported == "" || of.TargetWords() != name })
			if first >= 0 && o.Cells[i+first].TargetWords() == name {
				if err := targets.Write(ctx, &b, o.Cells[i+first]); err != nil {
					return "", err
				}
			}
		}
		if c.Unsupported != "" {
			fmt.Fprintf(&b, "  %3d  %-22s unsupported: %s\n", i+1, c.Scenario.Name(), c.Unsupported)
			continue
		}
		fmt.Fprintf(&b, "  %3d  %-22s about %s", i+1, c.Scenario.Name(), plan.CellEstimate(c, k).Round(time.Second))
		if more := c.Server.Profiles[c.Profile].Families[c.Scenario.Family.ID].Args; len(more) > 0 {
			fmt.Fprintf(&b, ", with %s", place.ShellQuote(more))
		}
		if made := had[i].attempts; len(made) > 0 {
			fmt.Fprintf(&b, ", attempt %d", next(made))
		}
		b.WriteString("\n")
	}
	number := bench.Things(len(rest), "cell", "cells")
	if o.Earlier != nil {
		number = fmt.Sprintf("%d of %s still to be measured", len(rest), bench.Things(len(o.Cells), "cell", "cells"))
	}
	forecast, err := o.forecast(rest, k, together)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "%s, %s mode, seed %d: %s, plus installation where something is missing\n", number, o.Mode, o.Seed, forecast)
	return b.String(), nil
}

// begun is what the earlier part of the run has measured of each cell, by its stored
// lines.
func (o Order) begun() []begun {
	out := make([]begun, len(o.Cells))
	if o.Earlier == nil {
		return out
	}
	lines := map[string]begun{}
	for _, l := range o.Earlier.Attempts {
		b := lines[l.ID]
		b.attempts, b.judged = append(b.attempts, l.Attempt()), append(b.judged, l.Judgement())
		lines[l.ID] = b
	}
	for i, c := range o.Cells {
		cell := o.newCell(c, plan.Schedule{})
		cell.Version = o.Earlier.Run.Asked.Cells[i].Installed // as its attempts were measured
		out[i] = lines[results.CellID(cell)]
	}
	return out
}

// Forecast says in words how long the order takes on this machine, as far as that
// is known before anything is looked at: "about 3m0s, one at a time".
func (o Order) Forecast(together int) (string, error) {
	return o.forecast(o.Cells, o.knowledge(), together)
}

func (o Order) forecast(cells []plan.Cell, k plan.Knowledge, together int) (string, error) {
	env, err := observe.Host()
	if err != nil {
		return "", err
	}
	h := &place.Host{Environment: env, Limits: bench.Limits{CPUs: place.CPUQuota(env.CPUs)}, MemoryFloor: place.MemoryFloor}
	h.Caps.CPU = true
	total := foreseen(cells, together, k, h.Limits, room(h, o.atMost()))
	text := fmt.Sprintf("about %s, %s", total.Round(time.Second), o.jobsWords())
	if o.Attempts > 1 {
		text += fmt.Sprintf(", counting %d attempts for a cell that is expected not to hold", o.Attempts)
	}
	return text, nil
}

// knowledge is what is known of any cell before anything is looked at.
func (o Order) knowledge() plan.Knowledge { return plan.Knowledge{Mode: o.Mode, Attempts: o.Attempts} }

// jobsWords says how cells are measured at once.
func (o Order) jobsWords() string {
	switch jobs := o.atMost(); jobs {
	case 0:
		return "as many at once as there is room for"
	case 1:
		return "one at a time"
	default:
		return fmt.Sprintf("up to %d at once", jobs)
	}
}
