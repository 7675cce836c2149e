package campaign

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
	"benchrun/results"
)

// begun is what an earlier part of the run has measured of a cell.
type begun struct {
	attempts []bench.Attempt
	judged   []bench.Judgement
	command  []string
}

// wants says that the cell needs another attempt.
func (b begun) wants(k int) bool {
	return judge.Wanted(b.attempts, b.judged, k)
}

// alone says that company may have spoiled the last attempt, so the next one runs
// alone.
func (b begun) alone() bool {
	return len(b.attempts) > 0 && b.attempts[len(b.attempts)-1].Disturbed
}

// valid counts the valid attempts.
func (b begun) valid() int {
	n := 0
	for _, j := range b.judged {
		if j.Verdict != bench.Invalid {
			n++
		}
	}
	return n
}

// made is how many attempts of a cell need not be repeated.
func (r *Run) made(c plan.Cell) int { return r.order.made(r.begun, c) }

// made is the same, if had is what was measured of each cell.
func (o Order) made(had []begun, c plan.Cell) int {
	for i, other := range o.Cells[:min(len(had), len(o.Cells))] {
		if other.Target() == c.Target() && other.Scenario.Name() == c.Scenario.Name() {
			b := had[i]
			if b.wants(o.Attempts) { // so one is missing, even if k of them are valid
				return min(b.valid(), o.Attempts-1)
			}
			return b.valid()
		}
	}
	return 0
}

// before returns the attempts that an earlier part of the run has made.
func (o Order) before() []results.AttemptLine {
	if o.Earlier == nil {
		return nil
	}
	return o.Earlier.Attempts
}

// takeUp finds what the earlier part of the run has measured of each cell, by the
// records of order.Earlier, and puts the concluded cells into r.done. It returns a
// bench.UsageError if the version or the schedule of an earlier attempt differs from
// this run's.
func (r *Run) takeUp(ctx context.Context) error {
	r.done, r.begun = make([]*bench.Cell, len(r.order.Cells)), make([]begun, len(r.order.Cells))
	at, cells := map[string]int{}, make([]bench.Cell, len(r.order.Cells))
	for i, c := range r.order.Cells {
		cells[i] = r.cellOf(i, c)
		at[results.CellID(cells[i])] = i
	}
	for _, line := range r.order.before() {
		i, ok := at[line.ID]
		if !ok {
			return bench.Usagef("%s: %s was measured but is not a cell of the run", r.Folder.Join(results.CellsFile), line.ID)
		}
		if line.ScheduleHash != cells[i].ScheduleHash {
			return bench.Usagef("%s: %s was measured with a schedule other than the one that this benchrun makes", r.Folder.Join(results.CellsFile), line.ID)
		}
		t, err := r.order.Earlier.take(ctx, r.Folder, line.Attempt().Record)
		if err != nil {
			return err
		}
		b := &r.begun[i]
		b.command = line.Command
		b.attempts, b.judged = append(b.attempts, line.Attempt()), append(b.judged, t.judged)
		r.Tell.Tell(bench.AttemptJudged{
			Cell: i + 1, Attempt: line.Attempt(), Kept: true, Of: cells[i], Record: t.rest, Timeline: t.timeline,
		})
	}
	for i, cell := range cells {
		if b := r.begun[i]; len(b.judged) > 0 && !b.wants(r.order.Attempts) {
			cell.Command, cell.Attempts = b.command, b.attempts
			judge.Conclude(&cell, b.judged)
			r.conclude(i, cell)
		}
	}
	return nil
}

// cellOf is the measured cell i of the order, or an empty one if it is still to be
// measured.
func (r *Run) cellOf(i int, c plan.Cell) bench.Cell {
	cell := r.order.newCell(c, r.schedules[i])
	if r.run.Asked != nil && r.run.Asked.Cells[i].Installed != "" {
		cell.Version = r.run.Asked.Cells[i].Installed
	}
	return cell
}

// conclude puts a finished cell into its place in the run.
func (r *Run) conclude(i int, cell bench.Cell) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[i] = &cell
	r.run.Cells = r.run.Cells[:0:0]
	for _, c := range r.done {
		if c != nil {
			r.run.Cells = append(r.run.Cells, *c)
		}
	}
}

// open returns the cells that are still to be measured, from cell i on.
func (r *Run) open(i int) []plan.Cell {
	var out []plan.Cell
	for ; i < len(r.order.Cells); i++ {
		if r.done == nil || r.done[i] == nil {
			out = append(out, r.order.Cells[i])
		}
	}
	return out
}

// noteInstalled stores the versions, the Python and the PostgreSQL that the run uses, so that only a
// run with the same ones can resume it.
func (r *Run) noteInstalled() error {
	e := &r.run.Environment
	if err := keepTo("Python", &e.Python, r.python()); err != nil {
		return err
	}
	if err := keepTo("PostgreSQL", &e.PostgreSQL, r.postgresql()); err != nil {
		return err
	}
	if r.run.Asked == nil {
		return nil
	}
	asked := *r.run.Asked
	asked.Cells = slices.Clone(asked.Cells)
	for i, c := range r.order.Cells {
		t := r.prepared[c.Target()]
		if t == nil {
			continue
		}
		if err := keepTo(c.Server.Name, &asked.Cells[i].Installed, t.Installation.Version); err != nil {
			return err
		}
		if of := t.Installation.Release; of.Version != "" {
			asked.Cells[i].Resolved, asked.Cells[i].Unasked = of.Version, of.Unasked
		}
	}
	r.run.Asked = &asked
	return nil
}

// distinct returns a bench.UsageError if two targets that were asked for by different
// versions are the same, now that their versions are known: their cells could not be told
// apart.
func (r *Run) distinct() error {
	first := map[string]plan.Cell{}
	for _, c := range r.order.Cells {
		t := r.prepared[c.Target()]
		if t == nil {
			continue
		}
		key := c.Server.Name + "@" + t.Installation.Version + "/" + c.Profile
		if was, ok := first[key]; ok && was.Version != c.Version {
			return &bench.UsageError{
				Problem: fmt.Sprintf("%s and %s are the same: both are %s %s", was.TargetWords(), c.TargetWords(), c.Server.Name, t.Installation.Version),
				Hint:    "leave one of them out",
			}
		}
		first[key] = c
	}
	return nil
}

// keepTo stores what a run uses; "" = nothing. It returns an error if the run would continue
// with something else than it began with.
func keepTo(what string, stored *string, is string) error {
	if *stored != "" && is != "" && *stored != is {
		return &bench.UsageError{
			Problem: fmt.Sprintf("the run started with %s %s, but here it is %s", what, *stored, is),
			Hint:    "start a new run",
		}
	}
	*stored = cmp.Or(is, *stored)
	return nil
}
