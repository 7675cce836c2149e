package stored

import (
	"context"
	"io"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/report/html"
	"benchrun/results"
)

// Draw draws the report of a run that was judged again, as a page in the folder at.
func (a Again) Draw(ctx context.Context, at string) func(io.Writer) error {
	return func(w io.Writer) error { return draw(ctx, w, a.Folder, a.Run, at) }
}

// draw draws the report of a stored run, with the story of each cell's
// published attempt from its record, where that can be read. at is the folder in
// which the page will lie: links lead from there.
func draw(ctx context.Context, w io.Writer, folder *results.Folder, run bench.Run, at string) error {
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
			stories = append(stories, html.NewStory(c, rec, judge.Timeline(rec), folder.Log(ctx, a.Log)))
		}
	}
	return html.Write(w, run, stories, html.Options{
		Folder: folder.Path(), Find: folder.FindFrom(at),
		Ladder: func() (bench.Ladder, bool) { return folder.Ladder(ctx) },
	})
}
