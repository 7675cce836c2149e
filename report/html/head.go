package html

import (
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
)

// mostTitle and mostDescription are how many characters of them a link's preview shows.
const mostTitle, mostDescription = 120, 300

// title says what was measured and the result: "gunicorn default failed under wedge-1pct",
// "3 servers, 114 of 180 cells held: wsgiref, waitress, uwsgi".
func title(v report.View) string {
	rows := slices.DeleteFunc(slices.Clone(v.Rows), func(r report.Row) bool { return r.Own })
	if len(rows) == 0 {
		return "no cell was measured"
	}
	if len(rows) == 1 {
		r := rows[0]
		return short(r.Short+" "+r.Verdict.String()+" under "+r.Scenario, mostTitle)
	}
	var servers []string
	sum := score{}
	for _, r := range rows {
		sum.add(r.Verdict)
		if !slices.Contains(servers, r.Cell.Server) {
			servers = append(servers, r.Cell.Server)
		}
	}
	outcome := sum.String() + " cells held"
	if sum.all == 0 {
		outcome = "nothing is claimed about " + bench.Things(len(rows), "cell", "cells")
	}
	return short(bench.Things(len(servers), "server", "servers")+", "+outcome+": "+strings.Join(servers, ", "), mostTitle)
}

// description is the answer as plain text.
func description(answer []clause) string {
	var b strings.Builder
	for _, c := range answer {
		b.WriteString(c.Text)
	}
	return short(b.String(), mostDescription)
}

// short cuts a text at a space and adds "…".
func short(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	cut := string(runes[:most-1])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = strings.TrimRight(cut[:i], " ,;:")
	}
	return cut + "…"
}
