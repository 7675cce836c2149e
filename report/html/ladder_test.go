package html

import (
	"math"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"benchrun/internal/bench"
)

func at(x float64) *float64 { return &x }

// climbed is a ladder of a server that holds 1 % and fails 2 %, with a watchdog after 3 s.
func climbed() bench.Ladder {
	return bench.Ladder{
		Server: "gunicorn", Version: "27.0.1", Profile: "hardened", Family: "wedge",
		Rungs: []bench.Rung{{Scenario: "wedge-1pct", Ratio: 1, Verdict: bench.Held}, {Scenario: "wedge-2pct", Ratio: 2, Verdict: bench.Failed}},
		Holds: at(1), Fails: at(2), Theory: &bench.Theory{Slots: 8, Hold: 4, Below: 2},
		Honest: bench.LongestHonest{Watchdog: 3, Serves: 2.9, Ends: 3.3},
	}
}

// ladderOf draws a page with a ladder, and finds the ladder there; nil = there is none.
func ladderOf(t *testing.T, l bench.Ladder, ok bool) *html.Node {
	t.Helper()
	run, _ := sample()
	doc := parse(t, renderWith(t, run, Options{Ladder: func() (bench.Ladder, bool) { return l, ok }}))
	if found := find(doc, "section.ladder"); len(found) > 0 {
		return found[0]
	}
	return nil
}

// The picture has the ratios, and on one axis how long a fault holds its slot and how long
// an honest request may last.
func TestLadderIsDrawn(t *testing.T) {
	section := ladderOf(t, climbed(), true)
	if section == nil {
		t.Fatal("no ladder on the page")
	}
	rows := find(section, "div.strip")
	if len(rows) != 5 { // three strips and two axes
		t.Fatalf("%d strips", len(rows))
	}
	for i, want := range []string{
		"ratio that holds holds 1 %, fails 2 % theory: 2 % ✓ ✗ 1 %",
		"0.1 % 0.2 % 0.5 % 1 % 2 % 5 % 10 % 20 % 50 %",
		"a fault holds its slot a fault holds its slot: 4 s documented watchdog: 3 s 4 s",
		"longest honest request longest honest request: 2.9 s is served, 3.3 s is not; the documented watchdog is 3 s documented watchdog: 3 s 2.9 s",
		"0 s 1 s 2 s 3 s 4 s",
	} {
		if got := textOf(rows[i]); got != want {
			t.Errorf("strip %d reads %q, want %q", i, got, want)
		}
	}
	// The second scale ends at 1.15 times 4 s, the longest of all.
	for i, want := range map[int][][2]string{
		0: {{"0%", "39.4%"}, {"39.4%", "9.1%"}, {"48.5%", "51.5%"}},
		2: {{"0%", "87%"}},
		3: {{"0%", "63%"}, {"63%", "8.7%"}, {"71.7%", "28.3%"}},
	} {
		rects := find(rows[i], "rect")
		if len(rects) != len(want) {
			t.Fatalf("strip %d has %d parts", i, len(rects))
		}
		for j, r := range rects {
			if attr(r, "x") != want[j][0] || attr(r, "width") != want[j][1] {
				t.Errorf("strip %d, part %d: from %s, %s wide, want %v", i, j, attr(r, "x"), attr(r, "width"), want[j])
			}
		}
	}
	if watchdog := find(rows[3], "line"); len(watchdog) != 1 || attr(watchdog[0], "x1") != "65.2%" {
		t.Errorf("the documented watchdog is not where it belongs")
	}
}

// What was not measured is not drawn as if it was.
func TestLadderOfLittle(t *testing.T) {
	if ladderOf(t, climbed(), false) != nil {
		t.Error("a run that is no ladder has one")
	}
	l := climbed()
	l.Holds, l.Fails, l.Theory, l.Honest = nil, nil, nil, bench.LongestHonest{Note: "the server did not come up"}
	rows := find(ladderOf(t, l, true), "div.strip")
	if len(rows) != 4 || len(find(rows[2], "svg")) != 0 || !strings.Contains(textOf(rows[2]), "the server did not come up") {
		t.Errorf("%d strips, an honest request that was not measured: %s", len(rows), textOf(rows[2]))
	}
	if parts := find(rows[0], "rect"); attr(parts[0], "width") != "0%" || attr(parts[1], "width") != "100%" || attr(parts[2], "width") != "0%" {
		t.Error("ratios that nothing is known of are drawn as held or failed")
	}
	l = climbed()
	l.Theory.Hold, l.Honest = 0, bench.LongestHonest{Serves: 30}
	rows = find(ladderOf(t, l, true), "div.strip")
	if hold := find(rows[2], "rect"); attr(hold[0], "width") != "100%" || !strings.Contains(textOf(rows[2]), "no end") {
		t.Error("a fault that nothing ends is drawn with an end")
	}
	if parts := find(rows[3], "rect"); attr(parts[2], "width") != "0%" || attr(parts[1], "width") == "0%" {
		t.Error("longer requests than were tried are drawn as ended")
	}
}

// A ladder may come from anyone.
func TestHostileLadder(t *testing.T) {
	const bad = "</title></svg><script>\x1b[2J"
	l := climbed()
	l.Server, l.Version, l.Family, l.Between = bad, bad, bad, []string{bad}
	l.Holds, l.Fails, l.Theory.Below, l.Theory.Hold = at(-1), at(math.MaxFloat64), -3, math.MaxFloat64
	l.Honest = bench.LongestHonest{Watchdog: -5, Serves: math.MaxFloat64, Ends: -1}
	l.Rungs = append(l.Rungs, bench.Rung{Ratio: -7}, bench.Rung{Ratio: math.MaxFloat64})
	section := ladderOf(t, l, true)
	if section == nil || len(find(section, "script")) != 0 || strings.Contains(textOf(section), "\x1b") {
		t.Fatal("a text is obeyed")
	}
	for n := range below(section) {
		for _, a := range n.Attr {
			if strings.Contains(a.Val, "NaN") || strings.Contains(a.Val, "Inf") || (a.Key == "width" || a.Key == "x") && strings.HasPrefix(a.Val, "-") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
}
