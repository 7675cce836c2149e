package cost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// Lab is what the measurements share.
type Lab struct {
	Self   string // the benchrun binary
	Rivals Rivals
	Dir    string // an empty folder for whatever the measurements write
	Scale  Scale
	Note   func(string) // called at every step
	Caps   launch.Capabilities
}

// Rivals are the programs beside which benchrun is measured: their paths. One
// without a path is left out of the table.
type Rivals struct{ Vegeta, Wrk, SlowHTTPTest string }

// Scale is how much is measured.
type Scale struct {
	Rounds   int           // of each attack and of the cell
	Attack   time.Duration // length of an attack
	Rates    []int         // at which the lateness is measured, requests/s
	Crowd    int           // slow clients at once
	Arrivals int           // of them a second
	Hold     time.Duration // for which all of them are held
	Watch    time.Duration // for which processes are watched
	Procs    []int         // how many
	Cells    int           // of the report
}

// Full is the scale of the published table.
var Full = Scale{
	Rounds: 3, Attack: 10 * time.Second, Rates: []int{100, 1000, 3000},
	Crowd: 10_000, Arrivals: 1000, Hold: 10 * time.Second,
	Watch: 10 * time.Second, Procs: []int{1, 10, 50}, Cells: 100,
}

// Section is a group of rows that is measured by itself.
type Section struct {
	Name    string
	What    string
	rows    []string // how its rows begin, by which they are found in a table
	measure func(context.Context, *Lab) ([]Row, error)
}

// has says that a line of a table is one of the section's rows.
func (s Section) has(line string) bool {
	return slices.ContainsFunc(s.rows, func(begin string) bool { return strings.HasPrefix(line, "| "+begin) })
}

// Sections are all there are, in the order of the table.
func Sections() []Section {
	return []Section{
		{"victims", "CPU of a victim request beside vegeta and wrk", []string{"CPU of a victim request"}, measureVictims},
		{"lateness", "how late victims are sent", []string{"lateness of victims"}, measureLateness},
		{"crowd", "memory and CPU of slow uploaders and silent clients beside slowhttptest", []string{"10,000 s"}, measureCrowds},
		{"watch", "CPU of watching processes", []string{"watching "}, measureWatch},
		{"jobs", "cells an hour side by side and one at a time", []string{"light cells", "side by side: "}, measureJobs},
		{"cell", "a cell's time beyond its phases", []string{"a cell, beyond", "a run's own"}, measureCell},
		{"report", "time and size of a report of many cells", []string{"report.html", "writing, judging"}, measureReport},
	}
}

// Select finds sections by their names; no names are all of them. An unknown
// name is a bench.UsageError.
func Select(names []string) ([]Section, error) {
	if len(names) == 0 {
		return Sections(), nil
	}
	var out []Section
	for _, name := range names {
		found := false
		for _, s := range Sections() {
			if s.Name == name {
				out, found = append(out, s), true
			}
		}
		if !found {
			return nil, &bench.UsageError{Problem: fmt.Sprintf("nothing called %q is measured", name), Hint: "see --help"}
		}
	}
	return out, nil
}

// Measure measures the sections one after the other. What could not be measured
// is in the error; the others still have their rows.
func (l *Lab) Measure(ctx context.Context, sections []Section) (rows []Row, err error) {
	for _, s := range sections {
		began := time.Now()
		l.Note(s.Name + ": " + s.What)
		got, serr := s.measure(ctx, l)
		rows = append(rows, got...)
		if serr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", s.Name, serr))
		}
		if ctx.Err() != nil {
			return rows, context.Cause(ctx)
		}
		l.Note(fmt.Sprintf("%s: took %.0f s", s.Name, time.Since(began).Seconds()))
	}
	return rows, err
}
