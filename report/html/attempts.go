package html

import (
	"fmt"
	"net/url"

	"benchrun/report"
)

// toldAttempt is an attempt of a cell: its result, then its files.
type toldAttempt struct {
	Text  string
	Files []file
}

// file is a file of the run's folder. Link is "" if it does not exist.
type file struct{ Name, Link string }

func tellAttempts(r report.Row, opts Options) []toldAttempt {
	var out []toldAttempt
	for i, a := range r.Cell.Attempts {
		t := toldAttempt{Text: fmt.Sprintf("attempt %d: %s", a.Attempt, a.Verdict)}
		if a.H != nil {
			t.Text += ", H " + report.Percent(*a.H)
		}
		if a.Published && len(r.Cell.Attempts) > 1 {
			t.Text += ", shown here"
		}
		if beside := r.Beside(i); beside != "" {
			t.Text += "; " + beside
		}
		if a.Record == "" && a.Note != "" {
			t.Text += ", " + a.Note
		}
		if a.Record != "" {
			t.Files = append(t.Files, file{a.Record, opts.link(a.Record)})
		}
		if link := opts.link(a.Log); link != "" {
			t.Files = append(t.Files, file{a.Log, link})
		}
		out = append(out, t)
	}
	return out
}

// link is the address of a file of the run's folder, for the page; "" if there is no such file,
// or if nobody knows where the page will be.
func (o Options) link(rel string) string {
	if rel == "" || o.Find == nil {
		return ""
	}
	path, ok := o.Find(rel)
	if !ok {
		return ""
	}
	return (&url.URL{Path: path}).String()
}
