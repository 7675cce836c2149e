package html

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// The lines of a surge begin and end with it, and are as high as what they count.
func TestSurgeLines(t *testing.T) {
	rec := record(4, 6, 3)
	cell := cellOf("a", "p", "x", bench.Held, 100)
	s := story(cell, rec, "")
	if sent, good, most, best := surgeLines(s); sent+good != "" || most+best != 0 {
		t.Errorf("without a surge: %q %q %d %d", sent, good, most, best)
	}
	for i, n := range []int{9, 99, 9} { // at 0, 1 and 2 s
		s.Seconds[4+i].Offered, s.Seconds[4+i].Good = n, 9
	}
	s.Seconds[7].Good = 9 // answers still come
	sent, good, most, best := surgeLines(s)
	if most != 99 || best != 9 {
		t.Errorf("at most %d sent and %d answered", most, best)
	}
	if want := "M0 100V50H1V0H2V50H3V100H4V100"; sent != want {
		t.Errorf("sent %q, want %q", sent, want)
	}
	if want := "M0 100V50H1V50H2V50H3V50H4V100"; good != want {
		t.Errorf("answered %q, want %q", good, want)
	}
	if path, longest := waitLine(s); path != "" || longest != 0 {
		t.Errorf("nobody waited: %q %g", path, longest)
	}
	s.Seconds[4].Waited, s.Seconds[6].Waited = 0.5, 2 // none of those due in between began
	wait, longest := waitLine(s)
	if want := "M0 75H1M2 0H3"; wait != want || longest != 2 {
		t.Errorf("waited %q, at most %g, want %q", wait, longest, want)
	}
	c := cells(bench.Run{Cells: []bench.Cell{cell}}, viewOf(cell), []Story{s})[0]
	f := newChart(c)
	if f.Sent != sent || f.Good != good || f.Wait != wait || !strings.Contains(f.Key[len(f.Key)-3].Text, "at most 99 in a second") || !strings.Contains(f.Key[len(f.Key)-1].Text, "at most 2 s") {
		t.Errorf("the chart has %q, %q, %+v", f.Sent, f.Good, f.Key)
	}
}
