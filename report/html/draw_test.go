package html

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"benchrun/internal/bench"
)

// area measures a path of M, V, H and Z as layers draws it, in seconds × percent.
func area(t *testing.T, path string) float64 {
	t.Helper()
	x, y, sum := 0.0, 100.0, 0.0
	for _, m := range regexp.MustCompile(`([MVHZ])(-?[\d.]*) ?(-?[\d.]*)`).FindAllStringSubmatch(path, -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil && m[1] != "Z" {
			t.Fatalf("path %q: %v", path, err)
		}
		switch m[1] {
		case "M":
			x = v
		case "V":
			y = v
		case "H":
			sum += (v - x) * (100 - y)
			x = v
		}
	}
	return sum
}

// The number of victims can be measured in the drawing.
func TestLayersShowTheCounts(t *testing.T) {
	for name, length := range map[string]int{"by the second": 6, "in steps": 600} {
		rec := record(4, length, 3, lostIn{1, 30, bench.TimedOut}, lostIn{2, 30, bench.TimedOut}, lostIn{4, 80, bench.Late}, lostIn{5, 9, bench.Reset})
		got := layers(story(bench.Cell{}, rec, ""))
		if len(got) != 4 {
			t.Fatalf("%s: %d layers", name, len(got))
		}
		below := 0.0
		for i := len(got) - 1; i >= 0; i-- { // from the bottom
			want := below + float64(got[i].Victims)
			if a := area(t, got[i].Path); math.Abs(a-want) > 1+float64(length)/50 {
				t.Errorf("%s: %s and what is below it cover %.1f, %v victims", name, got[i].Class, a, want)
			}
			below = want
		}
		if got[3].Class != "ok" || got[0].Class != "broken-off" || got[0].Victims != 9 || got[1].Victims != 60 || got[2].Victims != 80 {
			t.Errorf("%s: layers %+v", name, got)
		}
		if n := len(got[0].Path); n > 6000 {
			t.Errorf("%s: a path of %d bytes", name, n)
		}
	}
}

func TestAxis(t *testing.T) {
	a := axis{-4, 16}
	if a.pct(1) != "25%" || a.pct(99) != "100%" || a.wide(0, 5) != "25%" || a.wide(12, 99) != "20%" || a.box() != "-4 0 20 100" {
		t.Error(a.pct(1), a.pct(99), a.wide(0, 5), a.wide(12, 99), a.box())
	}
	for _, span := range []float64{0.5, 3, 17, 100, 3000, 14000} {
		if n := len(axis{-span / 4, span}.ticks()); n < 1 || n > 12 {
			t.Errorf("%d ticks on %v s", n, span)
		}
	}
	if got := axisOf(false); got != (axis{0, 1}) {
		t.Errorf("the axis of nothing is %v", got)
	}
}

func TestProcMarksGather(t *testing.T) {
	var procs []ProcEvent
	for i := range 400 { // ten births and deaths a second
		procs = append(procs, ProcEvent{At: float64(i) / 20, PID: i, Died: i%2 == 0, Signal: map[bool]string{true: "SIGSEGV"}[i%2 == 0]})
	}
	marks, n := procMarks(procs, axis{0, 20}, true), 0
	for _, m := range marks {
		v, err := strconv.Atoi(m.Text)
		if err != nil {
			v = 1
		}
		n += v
	}
	if n != 200 || len(marks) > 41 || marks[0] != (mark{"0%", "5"}) {
		t.Errorf("%d deaths in %d marks, first %+v", n, len(marks), marks[0])
	}
}

func TestMemoryLineKeepsThePeak(t *testing.T) {
	var points []Point
	for i := range 5000 {
		points = append(points, Point{float64(i) / 100, 20})
	}
	points[2345].Value = 80
	path, peak := memoryLine(points, axis{0, 50})
	if peak != 80 || path != "M0 37h46l1-37l1 37h52" {
		t.Errorf("peak %v in %d bytes: %s", peak, len(path), path)
	}
	if path, peak := memoryLine(nil, axis{0, 1}); path != "" || peak != 0 {
		t.Errorf("no points give %q, %v", path, peak)
	}
}
