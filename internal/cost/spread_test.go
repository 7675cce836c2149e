package cost

import (
	"math"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values spread
		median float64
		text   string
	}{
		{spread{3}, 3, "3.00 µs"},
		{spread{30, 10, 20.25}, 20.25, "20.2 µs (10.0–30.0)"},
		{spread{4, 1, 2, 3}, 2, "2.00 µs (1.00–4.00)"},
	} {
		if got := c.values.median(); got != c.median {
			t.Errorf("%v: median %v, want %v", c.values, got, c.median)
		}
		if got := c.values.in("µs"); got != c.text {
			t.Errorf("%v: %q, want %q", c.values, got, c.text)
		}
	}
	if !math.IsNaN(spread(nil).median()) || spread(nil).in("s") != "not measured" {
		t.Error("nothing has a median")
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]int64, 100)
	for i := range hundred {
		hundred[i] = int64(100 - i)
	}
	for _, c := range []struct {
		values []int64
		q      float64
		want   int64
	}{
		{nil, 99, 0}, {[]int64{7}, 99, 7}, {hundred, 99, 99}, {hundred, 100, 100}, {hundred, 50, 50}, {hundred, 0, 1},
	} {
		if got := percentile(c.values, c.q); got != c.want {
			t.Errorf("p%v of %d values: %d, want %d", c.q, len(c.values), got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 9.994: "9.99", 10: "10.0", 99.94: "99.9", 123.6: "124", 12345: "12,345", 1234567: "1,234,567", -2.5: "-2.50"} {
		if got := number(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

func TestProcFiles(t *testing.T) {
	// The name may hold spaces and brackets; utime and stime are 250 and 50 ticks.
	cpu, err := parseStat("7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 9 9 20 0 1 0 100 0 0")
	if err != nil || cpu != 3*time.Second {
		t.Errorf("stat: %v, %v", cpu, err)
	}
	if _, err := parseStat("7 (a) S 1"); err == nil {
		t.Error("a short stat was read")
	}
	peak, err := parsePeak("Name:\ta\nVmPeak:\t 900 kB\nVmHWM:\t 512 kB\nVmRSS:\t 100 kB\n")
	if err != nil || peak != 512<<10 {
		t.Errorf("status: %d, %v", peak, err)
	}
	if _, err := parsePeak("Name:\ta\nState:\tZ (zombie)\n"); err == nil {
		t.Error("a zombie has a peak")
	}
}
