package cost

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/report/html"
	"benchrun/results"
)

// The goals for a report of Full.Cells.
const (
	reportBytes   = 1 << 20
	reportSeconds = 2.0
)

// reported is what a run of many cells takes when nothing is run.
type reported struct {
	Judging, Writing, Rendering time.Duration
	Bytes                       int64 // of report.html
}

func (r reported) all() time.Duration { return r.Judging + r.Writing + r.Rendering }

// measureReport makes a run of many cells from two: one that holds and one that
// fails, for that has more to tell.
func measureReport(ctx context.Context, l *Lab) ([]Row, error) {
	f := ordinary()
	two, err := l.runCells(ctx, filepath.Join(l.Dir, "two"),
		"--server", bench.ReferenceServer, "--profile", f.Sound, "--profile", f.Flaw, "--scenario", f.Scenario().Name())
	if err != nil {
		return nil, err
	}
	for _, c := range two.run.Cells {
		l.Note("report: " + c.Name() + ": " + c.Verdict.String())
	}
	r, err := repeat(ctx, two.folder, two.run, filepath.Join(l.Dir, "many"), l.Scale.Cells)
	if err != nil {
		return nil, err
	}
	return reportRows(l.Scale.Cells, r), nil
}

// repeat makes a run of n cells in the folder out from the cells of a stored
// one, one after the other and under other names, and does with each of them
// what is done after an attempt.
func repeat(ctx context.Context, from *results.Folder, run bench.Run, out string, n int) (r reported, err error) {
	originals := run.Cells
	records, logs := make([]*bench.Record, len(originals)), make([]string, len(originals))
	for i, c := range originals {
		if len(c.Attempts) == 0 {
			return r, fmt.Errorf("cell %s has no attempt", c.Name())
		}
		if records[i], err = from.ReadRecord(ctx, c.Attempts[0].Record); err != nil {
			return r, err
		}
		logs[i] = from.Log(ctx, c.Attempts[0].Log)
	}
	run.ID, run.Cells = results.NewRunID(), nil
	folder, err := results.Create(out, run)
	if err != nil {
		return r, err
	}
	timed := func(sum *time.Duration, work func() error) {
		if err == nil {
			began := time.Now()
			err = work()
			*sum += time.Since(began)
		}
	}
	var stories []html.Story
	for i := range n {
		cell, rec := originals[i%len(originals)], records[i%len(originals)]
		cell.Server += "-" + strconv.Itoa(i)
		a := cell.Attempts[0]
		a.Record = folder.RecordPath(results.CellID(cell), a.Attempt)
		cell.Attempts = []bench.Attempt{a}
		var j bench.Judgement
		timed(&r.Judging, func() error { j = judge.Judge(rec); return nil })
		timed(&r.Rendering, func() error {
			stories = append(stories, html.NewStory(cell, rec, judge.Timeline(rec), logs[i%len(logs)]))
			return nil
		})
		timed(&r.Writing, func() error { return folder.WriteRecord(a.Record, rec) })
		timed(&r.Writing, func() error { return folder.AppendAttempt(results.NewAttemptLine(cell, a, j)) })
		timed(&r.Judging, func() error { judge.Conclude(&cell, []bench.Judgement{j}); return nil })
		run.Cells = append(run.Cells, cell)
		timed(&r.Writing, func() error { return folder.KeepRun(run) })
	}
	timed(&r.Writing, func() error { return folder.WriteRun(run) })
	timed(&r.Rendering, func() error {
		return folder.WriteReport(func(w io.Writer) error {
			return html.Write(w, run, stories, html.Options{Folder: folder.Path(), Find: folder.FindFrom(folder.Path())})
		})
	})
	if err != nil {
		return r, err
	}
	info, err := os.Stat(folder.Join(results.ReportFile))
	if err != nil {
		return r, err
	}
	r.Bytes = info.Size()
	return r, nil
}

func reportRows(n int, r reported) []Row {
	return []Row{
		{
			What:   fmt.Sprintf("report.html of %s cells", bench.Grouped(n)),
			Figure: number(float64(r.Bytes)/(1<<20)) + " MB",
			Goal:   "≤ 1 MB", Missed: r.Bytes > reportBytes,
		},
		{
			What: fmt.Sprintf("writing, judging and rendering %s cells", bench.Grouped(n)),
			Figure: fmt.Sprintf("%s s: writing %s, judging %s, rendering %s", number(r.all().Seconds()),
				number(r.Writing.Seconds()), number(r.Judging.Seconds()), number(r.Rendering.Seconds())),
			Goal: "≤ 2 s", Missed: r.all().Seconds() > reportSeconds,
		},
	}
}
