package cost

import (
	"math"
	"os"
	"testing"
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

func TestUseOfAProcess(t *testing.T) {
	if cpu, err := cpuOf(os.Getpid()); err != nil || cpu <= 0 {
		t.Errorf("CPU time: %v, %v", cpu, err)
	}
	if peak, err := peakOf(os.Getpid()); err != nil || peak < 1<<20 {
		t.Errorf("peak: %d, %v", peak, err)
	}
	const nobody = 1 << 30
	if _, err := cpuOf(nobody); err == nil {
		t.Error("CPU time of a process that is not there")
	}
	if _, err := peakOf(nobody); err == nil {
		t.Error("peak of a process that is not there")
	}
}
