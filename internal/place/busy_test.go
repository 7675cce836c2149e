package place

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestBusyLine(t *testing.T) {
	at := func(s, busy, own float64) cpuReading { return cpuReading{at: int64(s * 1e9), busy: busy, own: own} }
	for _, tt := range []struct {
		name string
		is   cpuReading
		cpus int
		want string
	}{
		{"quiet", at(1, 0.1, 0), 2, ""},
		{"its own work", at(1, 1.1, 1), 2, ""},
		{"others", at(1, 1.3, 0.1), 2, "other programs use 1.2 of 2 CPUs now (load average 3.4)"},
		{"the same on a large machine", at(1, 1.3, 0.1), 16, ""},
		{"many on a large machine", at(2, 10, 0), 16, "other programs use 5.0 of 16 CPUs"},
		{"no time", at(0, 1, 0), 2, ""},
	} {
		if got := busyLine(at(0, 0, 0), tt.is, tt.cpus, 3.4); (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestBusyIsMeasured(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	spin := exec.CommandContext(ctx, "/bin/sh", "-c", "while :; do :; done")
	if err := spin.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = spin.Wait() }()
	found := Busy(t.Context(), bench.Environment{CPUs: 2})
	if len(found) == 0 || !strings.HasPrefix(found[len(found)-1].What, "this machine is busy: other programs use ") {
		t.Errorf("%q", found)
	}
}
