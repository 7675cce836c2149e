package live

import (
	"context"
	"fmt"
	"slices"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/report/html"
	"benchrun/results"
)

// Order is a run to be made here and now.
type Order struct {
	campaign.Order
	campaign.Opening
	Tell bench.Listener // hears what the run is doing
}

// Outcome is what a run came to. If nothing was begun, it is empty.
type Outcome struct {
	Run    bench.Run
	Duel   bench.Duel   // of a duel
	Ladder bench.Ladder // of a ladder
	Folder string
}

// Run measures the order's cells. If it returns an error, the outcome has what was
// measured before.
func (o Order) Run(ctx context.Context) (Outcome, error) {
	if e := o.Earlier; e != nil && e.NothingToDo() {
		o.Tell.Note(e.NothingLeft())
		return Outcome{Run: e.Run, Folder: e.Folder.Path()}, nil
	}
	return o.within(ctx, func(r *campaign.Run, page *html.Listener) (out Outcome, err error) {
		if out.Run, err = r.Do(ctx); err == nil {
			err = page.Err()
		}
		stored := out.Run
		if o.Earlier != nil && stored.ID == "" { // it could not be continued, so its folder is as it was
			stored = o.Earlier.Run
		}
		if !campaign.Resumable(ctx, r.Folder, stored, err) {
			return out, err
		}
		resume := report.Shell("benchrun", "--resume", r.Folder.Path())
		if ctx.Err() != nil { // the error is the last line, below the results
			kept := campaign.KeptAttempts(context.WithoutCancel(ctx), r.Folder, stored)
			return out, fmt.Errorf("%w: %s; to go on, type: %s", err, o.haveVerdicts(stored, kept), resume)
		}
		r.Tell.Note("the rest of it: " + resume)
		return out, err
	})
}

// Duel measures the order's cells in pairs.
func (o Order) Duel(ctx context.Context) (Outcome, error) {
	return o.within(ctx, func(r *campaign.Run, page *html.Listener) (out Outcome, err error) {
		if out.Run, out.Duel, err = r.Duel(ctx); err == nil {
			err = page.Err()
		} else if ctx.Err() != nil {
			answers := slices.DeleteFunc(slices.Clone(out.Duel.Bouts), func(b bench.Bout) bool { return b.Answer == bench.DuelInvalid })
			err = fmt.Errorf("%w: %d of %d scenarios have an answer; a duel cannot be resumed", err, len(answers), len(o.Cells)/2)
		}
		return out, err
	})
}

// Ladder measures those of the order's cells that climb chooses.
func (o Order) Ladder(ctx context.Context, climb func(context.Context, *campaign.Run) (bench.Run, bench.Ladder, error)) (Outcome, error) {
	return o.within(ctx, func(r *campaign.Run, page *html.Listener) (out Outcome, err error) {
		if out.Run, out.Ladder, err = climb(ctx, r); err == nil {
			err = page.Err()
		} else if campaign.Resumable(ctx, r.Folder, out.Run, err) {
			err = fmt.Errorf("%w; the rest of it: %s", err, report.Shell("benchrun", "ladder", "--resume", r.Folder.Path()))
		}
		return out, err
	})
}

// haveVerdicts says how many of the order's cells have a verdict in the run, and how many
// attempts of others are kept: "3 of 12 cells have a verdict, and 2 attempts of other cells
// are kept". Cells that cannot be run do not count.
func (o Order) haveVerdicts(run bench.Run, kept int) string {
	n, all := 0, 0
	for _, c := range run.Cells {
		if c.Verdict.Claims() {
			n++
		}
	}
	for _, c := range o.Cells {
		if c.Unsupported == "" {
			all++
		}
	}
	verb := "have"
	if n == 1 {
		verb = "has"
	}
	said := fmt.Sprintf("%d of %d cells %s a verdict", n, all, verb)
	switch {
	case kept > 0:
		said += ", and " + bench.Things(kept, "attempt of other cells is", "attempts of other cells are") + " kept"
	case n == 0:
		said += ", and no attempt was over"
	}
	return said
}

// within prepares the host and opens the run for do. page writes the run's report.html.
func (o Order) within(ctx context.Context, do func(r *campaign.Run, page *html.Listener) (Outcome, error)) (Outcome, error) {
	host, leave, err := place.Enter(ctx, o.Benchrun, o.Port, o.Tell.Note)
	if err != nil {
		return Outcome{}, err
	}
	defer leave()
	r, release, err := campaign.Open(host, o.Order, o.Opening)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	o.Tell.Note(fmt.Sprintf("supervision: %s; results: %s", host.Describe(), r.Folder.Path()))
	for _, note := range plan.AppNotes(o.Cells) {
		o.Tell.Note(note)
	}
	page := reportPage(ctx, r.Folder)
	r.Tell = bench.Listeners(o.Tell, page.Hear)
	defer tellOfSignal(ctx, r.Tell)()
	out, err := do(r, page)
	out.Folder = r.Folder.Path()
	return out, err
}

// reportPage writes report.html into a run's folder when the run is done.
func reportPage(ctx context.Context, folder *results.Folder) *html.Listener {
	return &html.Listener{
		Write: folder.WriteReport,
		Log:   func(rel string) string { return folder.Log(context.WithoutCancel(ctx), rel) },
		Options: html.Options{Folder: folder.Path(), Find: folder.FindFrom(folder.Path()),
			Ladder: func() (bench.Ladder, bool) { return folder.Ladder(context.WithoutCancel(ctx)) }},
	}
}
