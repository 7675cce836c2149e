package html

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"benchrun/internal/bench"
	"benchrun/report"
)

// Doubt has all doubts of a record with one cause.
type Doubt struct {
	Cause   string
	Seconds float64  // how many seconds are in doubt; 0 = the whole record is
	Each    []string // each doubt in words
}

// doubts groups the doubts of a record by cause, in the order in which the causes first occur.
func doubts(list []bench.Doubt, l bench.Timeline) []Doubt {
	at := since(l.Zero)
	type span struct{ from, to int64 }
	var out []Doubt
	spans := map[string][]span{}
	for _, d := range list {
		i := slices.IndexFunc(out, func(o Doubt) bool { return o.Cause == d.Cause })
		if i < 0 {
			i = len(out)
			out = append(out, Doubt{Cause: d.Cause})
		}
		text := d.Cause
		if d.Note != "" {
			text += ": " + d.Note
		}
		from, to := d.From, d.To
		switch {
		case d.From == 0 && d.To == 0:
			text += " (the whole record)"
		case d.To < d.From:
			text += fmt.Sprintf(" (from %.1f s on)", at(from))
			to = max(l.To, from)
		default:
			text += fmt.Sprintf(" (%.1f to %.1f s)", at(from), at(to))
		}
		out[i].Each = append(out[i].Each, text)
		spans[d.Cause] = append(spans[d.Cause], span{from, to})
	}
	for i := range out {
		all := spans[out[i].Cause]
		slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
		sum, end := int64(0), int64(0)
		for _, s := range all {
			if s.from == 0 && s.to == 0 { // a doubt about everything covers each second
				sum = 0
				break
			}
			sum += max(0, s.to-max(s.from, end))
			end = max(end, s.to)
		}
		out[i].Seconds = float64(sum) / float64(second)
	}
	return out
}

// toldDoubt is a doubt as the page shows it: one line, which unfolds to Each if there are
// several.
type toldDoubt struct {
	Text string
	Each []string // nil = there is only Text
}

func tellDoubt(d Doubt) toldDoubt {
	t := toldDoubt{}
	for _, each := range d.Each {
		t.Each = append(t.Each, report.Clean(each))
	}
	if len(t.Each) == 1 {
		return toldDoubt{Text: t.Each[0]}
	}
	t.Text = report.Clean(d.Cause) + ", the whole record"
	if d.Seconds > 0 {
		t.Text = report.Clean(d.Cause) + ", " + bench.Things(max(1, int(math.Round(d.Seconds))), "second", "seconds")
	}
	return t
}
