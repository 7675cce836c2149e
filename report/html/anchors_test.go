package html

import (
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/report"
)

func TestAnchors(t *testing.T) {
	things := [][]string{
		{"gunicorn", "", "default", "", "wedge-1pct"}, {"mod_wsgi", "6.1.1", "default", "", "wedge-0.5pct"},
		{"a-b", "", "c"}, {"a", "", "b-c"}, {"x", "y"}, {"x", "y"}, {"verdicts"}, {"日本"}, {"Ω", "<b>\"'"}, {"../..", "a b#?%/c"},
	}
	names := anchors(things)
	for i, want := range map[int]string{0: "gunicorn-default-wedge-1pct", 1: "mod_wsgi-6.1.1-default-wedge-0.5pct", 9: "..-..-a-b-c"} {
		if names[i] != want {
			t.Errorf("%q is %q, want %q", things[i], names[i], want)
		}
	}
	seen := map[string]bool{"verdicts": true, "trust": true}
	for i, n := range names {
		if seen[n] || n == "" || strings.Trim(n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
			t.Errorf("%q is %q", things[i], n)
		}
		seen[n] = true
	}
	// A name does not depend on what comes before, or on how many things there are.
	order := []int{3, 9, 0, 2, 8, 1, 7, 6}
	var shuffled [][]string
	for _, i := range order {
		shuffled = append(shuffled, things[i])
	}
	for k, n := range anchors(shuffled) {
		if n != names[order[k]] {
			t.Errorf("%q is %q, and in another order %q", shuffled[k], names[order[k]], n)
		}
	}
}

// A link to a cell stays valid when the run is measured again with more cells before it. It
// contains a version only if a server has several.
func TestLinksToCellsAreNames(t *testing.T) {
	run := bench.Run{Cells: []bench.Cell{cellOf("gunicorn", "default", "wedge-1pct", bench.Failed, 1), cellOf("uwsgi", "default", "wedge-1pct", bench.Held, 99)}}
	ids := func() (out []string) {
		for _, n := range find(parse(t, render(t, run, nil)), "a.v") {
			out = append(out, attr(n, "href"))
		}
		return out
	}
	if got := ids(); !slices.Equal(got, []string{"#gunicorn-default-wedge-1pct", "#uwsgi-default-wedge-1pct"}) {
		t.Error(got)
	}
	run.Cells = append([]bench.Cell{cellOf("granian", "default", "wedge-1pct", bench.Held, 99), cellOf("gunicorn", "default", "wedge-1pct", bench.Held, 99)}, run.Cells...)
	run.Cells[1].Version = "9.9"
	if got := ids(); !slices.Equal(got, []string{"#granian-default-wedge-1pct", "#gunicorn-9.9-default-wedge-1pct", "#gunicorn-1.2.3-default-wedge-1pct", "#uwsgi-default-wedge-1pct"}) {
		t.Error(got)
	}
	content(t, render(t, run, nil), run)
	// A duel of a target with itself has the same cell twice.
	run.Cells = append(run.Cells, run.Cells[3])
	content(t, render(t, run, nil), run)
}

// A scenario's name may break after its hyphens, and is otherwise unchanged.
func TestHeadingsBreakAtHyphens(t *testing.T) {
	m := newMatrix(cells(bench.Run{Cells: []bench.Cell{cellOf("a", "b", "slow-upload-1pct", bench.Held, 99)}},
		report.NewView(bench.Run{Cells: []bench.Cell{cellOf("a", "b", "slow-upload-1pct", bench.Held, 99)}}), nil))
	if got := m.Heads[0]; !slices.Equal(got.Pieces, []string{"slow-", "upload-", "1pct"}) || got.ID != "slow-upload-1pct" || got.Held != "1/1 held" {
		t.Errorf("%+v", got)
	}
}
