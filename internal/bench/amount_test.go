package bench

import "testing"

func TestAmounts(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567", -1: "-1", -1234: "-1,234", -0.2: "0", 999.6: "1,000"} {
		if got := Grouped(n); got != want {
			t.Errorf("%v is %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 cells", 1: "1 cell", 2: "2 cells", 1200: "1,200 cells", -1: "-1 cells"} {
		if got := Things(n, "cell", "cells"); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
