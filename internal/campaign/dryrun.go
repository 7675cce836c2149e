package campaign

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/results"
	"benchrun/targets"
)

// DryRun says what would be run on a host: each target with its command, its cells, and
// the time they take. Of a run that is resumed, these are the cells that are not
// concluded. It installs nothing. Together cells are measured one after the other.
func (o Order) DryRun(ctx context.Context, h *place.Host, together int) (string, error) {
	if o.Earlier != nil && o.Earlier.NothingToDo() {
		return o.Earlier.NothingLeft() + "\n", nil
	}
	preview := place.Preview{Python: o.Python}
	r, err := o.wouldBegin(ctx, h, &preview.Outlook)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	last := ""
	had, k, rest := r.begun, r.knowledge(), 0
	for i, c := range o.Cells {
		if o.Earlier != nil && (c.Unsupported != "" || r.done[i] != nil) {
			continue
		}
		rest++
		if name := c.TargetWords(); name != last {
			last = name
			fmt.Fprintf(&b, "%s\n", name)
			first := slices.IndexFunc(o.Cells[i:], func(of plan.Cell) bool { return of.Unsupported == "" || of.TargetWords() != name })
			if first >= 0 && o.Cells[i+first].TargetWords() == name {
				if err := preview.Write(ctx, &b, o.Cells[i+first]); err != nil {
					return "", err
				}
			}
		}
		if c.Unsupported != "" {
			fmt.Fprintf(&b, "  %3d  %-22s unsupported: %s\n", i+1, c.Scenario.Name(), c.Unsupported)
			continue
		}
		fmt.Fprintf(&b, "  %3d  %-22s %s", i+1, c.Scenario.Name(), aboutWords(plan.Foresee(c, k).Of(1)))
		if more := c.FamilyArgs(); len(more) > 0 {
			fmt.Fprintf(&b, ", with %s", place.ShellQuote(more))
		}
		if made := had[i].attempts; len(made) > 0 {
			fmt.Fprintf(&b, ", attempt %d", next(made))
		}
		b.WriteString("\n")
	}
	number := bench.Things(rest, "cell", "cells")
	switch {
	case o.Most > 0:
		number = fmt.Sprintf("about %d of %s", min(rest, o.Most), number)
	case o.Earlier != nil:
		number = fmt.Sprintf("%d of %s still to be measured", rest, bench.Things(len(o.Cells), "cell", "cells"))
	}
	fmt.Fprintf(&b, "%s, %s mode, seed %d: %s, plus installation where something is missing\n", number, o.Mode, o.Seed, r.forecastWords(together))
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

// Forecast says in words how long the order takes on a host: "about 3m0s, one at a time".
func (o Order) Forecast(ctx context.Context, h *place.Host, together int) (string, error) {
	r, err := o.wouldBegin(ctx, h, new(targets.Outlook))
	if err != nil {
		return "", err
	}
	return r.forecastWords(together), nil
}

// wouldBegin is a run of the order with all that it would know when it begins, if nothing
// is installed that is missing now. It cannot be done.
func (o Order) wouldBegin(ctx context.Context, h *place.Host, ahead *targets.Outlook) (*Run, error) {
	o.Cells = plan.WithPatience(o.Cells, o.Mode)
	r := &Run{Host: h, order: o, begun: o.begun(), done: make([]*bench.Cell, len(o.Cells)), prepared: map[string]*place.Target{}}
	r.loads.limits = h.Limits
	looked := map[string]bool{}
	for i, c := range o.Cells {
		if o.Earlier != nil && len(r.begun[i].judged) > 0 && !r.begun[i].wants(o.Attempts) {
			r.done[i] = &bench.Cell{}
			continue
		}
		if key := c.Target(); c.Unsupported == "" && !looked[key] {
			looked[key] = true
			if t := recallInstalled(ctx, h, ahead, c, o.Python); t != nil {
				r.prepared[key] = t
			}
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	r.recallProbes()
	return r, nil
}

// forecastWords says how long the run takes.
func (r *Run) forecastWords(together int) string {
	estimate, quiet := expected(r.foresee(together))
	text := aboutWords(estimate) + ", " + r.order.jobsWords()
	if quiet > 0 {
		text += fmt.Sprintf(", about %s if the machine becomes quiet", quiet.Round(time.Second))
	}
	if r.order.Attempts > 1 {
		text += fmt.Sprintf(", counting %d attempts for a cell that is expected not to hold", r.order.Attempts)
	}
	return text
}

// aboutWords is, for example, "about 50s", or "about 1m10s to 2m0s" if more than usual is
// open.
func aboutWords(s bench.Span) string {
	if open := s.Open(); open != (bench.Range{}) {
		return fmt.Sprintf("about %s to %s", open.Least.Round(time.Second), open.Most.Round(time.Second))
	}
	return "about " + s.Likely.Round(time.Second).String()
}

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
