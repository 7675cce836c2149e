package report

import (
	"math"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestFigure(t *testing.T) {
	for _, c := range []struct {
		v        float64
		unit     string
		censored string
		want     string
	}{
		{97.3, "%", "", "97.3 %"}, {97.3 - 1e-13, "%", "", "97.3 %"}, {0, "%", "", "0.0 %"}, {100, "%", "", "100.0 %"},
		{94.999, "%", "", "94.9 %"}, {97.96, "%", "", "97.9 %"}, {99.9999, "%", "", "99.9 %"},
		{0, "s", "", "0 s"}, {0.001, "s", "", "< 0.01 s"}, {0.31, "s", "", "0.31 s"}, {0.999, "s", "", "1.0 s"}, {4.12, "s", "", "4.1 s"},
		{12, "s", "", "12.0 s"}, {99.96, "s", "", "100 s"}, {512, "s", "", "512 s"}, {1500, "s", "", "25 min"}, {8640, "s", "", "2.4 h"},
		{5, "s", ">", "> 5 s"}, {4.5, "s", ">", "> 4.5 s"}, {60, "s", ">", "> 60 s"}, {32, "requests", ">", "> 32 requests"},
		{31.4, "MiB", "", "31 MiB"}, {2.46, "MiB", "", "2.5 MiB"}, {0.2, "MiB", "", "0.20 MiB"}, {-1.5, "MiB", "", "-1.5 MiB"}, {3744.2, "MiB", "", "3,744 MiB"},
		{43.4, "ms", "", "43 ms"}, {3, "", "", "3"}, {1234567, "victims", "", "1,234,567 victims"}, {-1234, "x", "", "-1,234 x"},
		{math.NaN(), "s", "", None}, {math.Inf(1), "%", ">", None},
	} {
		m := bench.Measure{Value: &c.v, Unit: c.unit, Censored: c.censored}
		if got := Figure(m); got != c.want {
			t.Errorf("%v %s is %q, want %q", c.v, c.unit, got, c.want)
		}
	}
	if got := Figure(bench.Measure{Unit: "s"}); got != None {
		t.Errorf("nothing is %q", got)
	}
}

// A figure never looks like that of a better verdict.
func TestPercentAgreesWithVerdicts(t *testing.T) {
	for _, edge := range []float64{95, 98, 100} {
		below := math.Nextafter(edge, 0) - 1e-6
		if got, at := Percent(below), Percent(edge); got == at {
			t.Errorf("%v and %v both read %q", below, edge, got)
		}
	}
}

func TestCountAndChange(t *testing.T) {
	m := bench.Measures{}
	m.Set("worker_deaths", 4, 1)
	m.Set("memory_growth", 2.4, 1)
	if got := Count(m["worker_deaths"]); got != "4" {
		t.Error(got)
	}
	if got := Change(m["memory_growth"]); got != "+2.4 MiB" {
		t.Error(got)
	}
	m.Set("memory_growth", -2.4, 1)
	if got := Change(m["memory_growth"]); got != "-2.4 MiB" {
		t.Error(got)
	}
	if got := Change(m["memory_peak"]); got != None {
		t.Error(got)
	}
}

func TestAbout(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Millisecond: "about 1 s", 7 * time.Second: "about 7 s", 41 * time.Second: "about 45 s", 100 * time.Second: "about 100 s",
		4*time.Minute + 10*time.Second: "about 4 min", time.Hour: "about 60 min", 78 * time.Minute: "about 1 h 20 min", 118 * time.Minute: "about 2 h",
	} {
		if got := about(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestGibi(t *testing.T) {
	for bytes, want := range map[int64]string{2 << 30: "2 GiB", 512 << 20: "512 MiB", 3 << 29: "1.5 GiB", 25769803776: "24 GiB"} {
		if got := gibi(bytes); got != want {
			t.Errorf("%d is %q, want %q", bytes, got, want)
		}
	}
}

func TestFigureIsClean(t *testing.T) {
	v := 3.0
	if got := Figure(bench.Measure{Value: &v, Unit: "\x1b[2J", Censored: "\u202e"}); got != `\u202e 3 \x1b[2J` {
		t.Errorf("got %q", got)
	}
}
