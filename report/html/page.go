package html

import (
	"bytes"
	_ "embed" // page.tmpl and style.css
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
)

//go:embed page.tmpl
var pageTemplate string

//go:embed style.css
var style string

// Options says what a page knows beside the run.
type Options struct {
	// Folder is the run's folder, for the command that judges it again; "" =
	// none is known.
	Folder string
}

// page is all that page.tmpl shows.
type page struct {
	Style   template.CSS
	ID      string
	Answer  []clause
	Tally   []tallied
	Trust   []fact
	Matrix  matrix
	Figures []strips
	Masks   bool // a figure has seconds that do not count
	Stories []told
	Open    bool // the stories are unfolded: they are few
}

// mostOpen is how many stories are shown unfolded. Of more than these, a reader
// opens the one that is asked for.
const mostOpen = 8

type tallied struct {
	Class, Text string
}

// told is the story of one cell, ready to be shown.
type told struct {
	cell
	First    string   // reason, which stands beside the heading
	Others   []string // reasons
	Chart    chart
	Flags    []string
	Figures  []pair
	Measures []pair
	Zero     string // names of the measures that are 0
	Counted  int    // measures, those too
	Command  string
	Again    string
	Attempts []string
	Doubts   []string
	Log      string
}

type pair struct{ Name, Value string }

// Write draws the page of a run. Stories are matched to cells by their target
// and scenario; a cell without one, or whose story holds no record, is shown
// without a figure. Errors are those of w.
func Write(w io.Writer, run bench.Run, stories []Story, opts Options) error {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("report.html: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, newPage(run, stories, opts)); err != nil {
		return fmt.Errorf("report.html: %w", err)
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("report.html: %w", err)
	}
	return nil
}

func newPage(run bench.Run, stories []Story, opts Options) page {
	v := report.NewView(run)
	all := cells(run, v, stories)
	p := page{Style: template.CSS(style), ID: v.ID, Matrix: newMatrix(all), Trust: trust(run, v, stories, opts)}
	p.Answer = answer(p.Matrix)
	for _, t := range v.Tally {
		p.Tally = append(p.Tally, tallied{t.Verdict.String(), report.Badge(t.Verdict) + " " + things(t.Cells, "cell", "cells")})
	}
	for i := range p.Matrix.Scenarios {
		f := newStrips(p.Matrix, i)
		p.Masks = p.Masks || slices.ContainsFunc(f.Strips, func(s strip) bool { return len(s.Masked) > 0 })
		p.Figures = append(p.Figures, f)
	}
	p.Open = len(all) <= mostOpen
	for i, c := range all {
		p.Stories = append(p.Stories, tell(run, run.Cells[i], c))
	}
	return p
}

func tell(run bench.Run, raw bench.Cell, c cell) told {
	r := c.Row
	t := told{cell: c, Command: report.Shell(raw.Command...), Again: report.Again(run, raw), Log: shownLog(c)}
	if len(r.Reasons) > 0 {
		t.First, t.Others = r.Reasons[0], r.Reasons[1:]
	}
	if c.Drawn {
		t.Chart = newChart(c)
	}
	for _, f := range r.Flags {
		t.Flags = append(t.Flags, flagText(f))
	}
	for _, p := range []pair{{"goodput H", r.H}, {"recovery", r.Recover}, {"longest outage", r.Outage}, {"collapse", r.Collapse},
		{"reclaimed", r.Reclaimed}, {"worker deaths", r.Deaths}, {"memory peak", r.MemoryPeak}, {"growth", r.MemoryGrowth}, {"stop", r.Stop}} {
		if p.Value != report.None {
			t.Figures = append(t.Figures, p)
		}
	}
	var zero []string
	for _, spec := range bench.MeasureTable {
		switch m := r.Cell.Measures[spec.Name]; {
		case m.Value == nil:
		case *m.Value == 0 && m.Censored == "":
			zero = append(zero, spec.Name)
		default:
			t.Measures = append(t.Measures, pair{spec.Name, report.Figure(m)})
		}
	}
	t.Zero, t.Counted = strings.Join(zero, ", "), len(zero)+len(t.Measures)
	for _, a := range r.Cell.Attempts {
		text := fmt.Sprintf("attempt %d: %s", a.Attempt, a.Verdict)
		if a.H != nil {
			text += ", H " + report.Percent(*a.H)
		}
		if a.Published && len(r.Cell.Attempts) > 1 {
			text += ", shown here"
		}
		if a.Record != "" {
			text += ", " + a.Record
		} else if a.Note != "" {
			text += ", " + a.Note
		}
		t.Attempts = append(t.Attempts, text)
	}
	for _, d := range c.Story.Doubts {
		t.Doubts = append(t.Doubts, report.Clean(d))
	}
	return t
}
