package place

import (
	"math"
	"testing"
)

func TestCompany(t *testing.T) {
	var c company
	a, b, late := new(hostWatch), new(hostWatch), new(hostWatch)
	step := func(who *hostWatch, used, wantOthers float64, wantN int) {
		t.Helper()
		if others, n := c.note(who, use{cpu: used, memory: 1 << 20}); math.Abs(others-wantOthers) > 1e-9 || n != wantN {
			t.Errorf("others used %.1f s, %d of them; want %.1f s, %d", others, n, wantOthers, wantN)
		}
	}
	step(a, 1, 0, 0)
	step(b, 2, 1, 1)
	step(a, 1.5, 2, 1)
	if got := c.memory(); got != 2<<20 {
		t.Errorf("two places that take 1 MiB each take %d bytes", got)
	}
	c.leave(b) // a closed place's use still counts
	c.leave(b)
	step(a, 1.5, 2, 0)
	step(late, 0.5, 3.5, 1)
	step(a, 0, 2.5, 1) // its cgroup is gone
	if got := c.total(); math.Abs(got-4) > 1e-9 {
		t.Errorf("all used %.1f s, want 4", got)
	}
	step(a, 2, 2.5, 1)
	c.leave(new(hostWatch))
	step(a, 2, 2.5, 1)
}
