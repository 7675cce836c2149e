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

// Options is what a page needs besides the run.
type Options struct {
	// Folder is the run's folder, for the command that judges it again; "" = unknown.
	Folder string
	// Find returns the path of a file of the run's folder, as seen from where the page
	// will be, with slashes; false = there is no such file. nil = there are none.
	Find func(rel string) (path string, ok bool)
	// Ladder returns the ladder that the run is; false = it is none. nil = it is none.
	Ladder func() (l bench.Ladder, ok bool)
}

// page has everything that page.tmpl shows.
type page struct {
	Style  template.CSS
	Title  string // of the window and of a link's preview
	About  string // for a link's preview
	Answer []clause
	Tally  []tallied // of the servers
	// Reference is the tally of benchrun's own reference, which is counted separately.
	Reference []tallied
	Trust     []fact
	Matrix    matrix
	Ladder    *ladder // nil = the run is none
	Figures   []strips
	Masks     bool // some figure has seconds that do not count
	Stories   []told
	Open      bool // the stories are unfolded, because they are few
}

// mostOpen is how many stories are shown unfolded. If there are more, the reader opens the one
// that matters.
const mostOpen = 8

type tallied struct {
	Class, Text string
}

// told is the story of one cell, ready to be shown.
type told struct {
	cell
	First    string   // the first reason, which is beside the heading
	Others   []string // the other reasons
	Chart    chart
	Flags    []string
	Figures  []pair
	Measures []pair
	Zero     string // the names of the measures that are 0
	Counted  int    // how many measures there are, those included
	Command  string
	Again    string
	Attempts []toldAttempt
	Doubts   []toldDoubt
	Log      string
}

type pair struct{ Name, Value string }

// Write writes the page of a run. It matches stories to cells by target and scenario. A cell
// without a story, or whose story has no record, gets no figure. Errors are those of w.
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
	p := page{Title: title(v), Matrix: newMatrix(all), Trust: trust(run, v, stories, opts)}
	p.Style = template.CSS(style + p.Matrix.style()) //nolint:gosec // made of numbers
	p.Answer = answer(p.Matrix)
	p.About = description(p.Answer)
	p.Tally, p.Reference = tally(v.Tally), tally(v.Reference)
	for i := range p.Matrix.Scenarios {
		f := newStrips(p.Matrix, i)
		p.Masks = p.Masks || slices.ContainsFunc(f.Strips, func(s strip) bool { return len(s.Masked) > 0 })
		p.Figures = append(p.Figures, f)
	}
	if opts.Ladder != nil {
		if l, ok := opts.Ladder(); ok {
			p.Ladder = newLadder(l)
		}
	}
	p.Open = len(all) <= mostOpen
	for i, c := range all {
		p.Stories = append(p.Stories, tell(run, run.Cells[i], c, opts))
	}
	return p
}

func tally(list []report.Tally) (out []tallied) {
	for _, t := range list {
		out = append(out, tallied{t.Verdict.String(), report.Badge(t.Verdict) + " " + bench.Things(t.Cells, "cell", "cells")})
	}
	return out
}

func tell(run bench.Run, raw bench.Cell, c cell, opts Options) told {
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
	t.Attempts = tellAttempts(r, opts)
	for _, d := range c.Story.Doubts {
		t.Doubts = append(t.Doubts, tellDoubt(d))
	}
	return t
}
