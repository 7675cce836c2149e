package runner

import (
	"testing"
	"time"
)

func TestHostBusy(t *testing.T) {
	second := int64(time.Second)
	at := func(n int64, busy, idle, tree, own float64) cpuReading {
		return cpuReading{at: n * second, busy: busy, idle: idle, tree: tree, own: own}
	}
	for _, tt := range []struct {
		name string
		now  cpuReading
		want bool
	}{
		{"a quiet host", at(1, 0.3, 1.7, 0.2, 0.1), false},
		{"the target and we use it all", at(1, 2, 0, 1.5, 0.45), false},
		{"others use what would be idle", at(1, 1.5, 0.5, 0.2, 0.1), false},
		{"others leave nothing", at(1, 2, 0, 0.4, 0.2), true},
		{"nothing was read", at(1, 0, 0, 0, 0), false},
	} {
		var h hostWatch
		if d := h.look(at(0, 0, 0, 0, 0)); d != nil {
			t.Fatalf("doubt after one reading: %+v", d)
		}
		d := h.look(tt.now)
		if (d != nil) != tt.want {
			t.Errorf("%s: %+v", tt.name, d)
		}
		if d != nil && (d.From != 0 || d.To != second || d.Cause != "host-busy") {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
	var h hostWatch
	h.look(at(0, 0, 0, 0, 0))
	if d := h.look(cpuReading{at: second / 2, busy: 1}); d != nil {
		t.Errorf("half a second is too short to tell: %+v", d)
	}
}
