package place

import (
	"os/exec"
	"testing"
	"time"

	"benchrun/internal/observe"
)

func TestHostBusy(t *testing.T) {
	second := int64(time.Second)
	at := func(n int64, busy, idle, tree, own float64) cpuReading {
		return cpuReading{at: n * second, busy: busy, idle: idle, tree: tree, own: own}
	}
	under := func(quota float64, r cpuReading) cpuReading {
		r.quota = quota
		return r
	}
	beside := func(company float64, r cpuReading) cpuReading {
		r.company = company
		return r
	}
	for _, tt := range []struct {
		name string
		now  cpuReading
		want string // cause
	}{
		{"a quiet host", at(1, 0.3, 1.7, 0.2, 0.1), ""},
		{"the target and we use it all", at(1, 2, 0, 1.5, 0.45), ""},
		{"others use what would be idle", at(1, 1.5, 0.5, 0.2, 0.1), ""},
		{"others leave nothing", at(1, 2, 0, 0.4, 0.2), "host-busy"},
		{"others leave nothing, but the target had all its quota", under(1.5, at(1, 2, 0, 1.45, 0.2)), ""},
		{"others took of its quota", under(1.5, at(1, 2, 0, 1.4, 0.2)), "host-busy"},
		{"company uses what would be idle", beside(1.2, at(1, 1.5, 0.5, 0.2, 0.1)), ""},
		{"company leaves nothing", beside(1.3, at(1, 2, 0, 0.4, 0.2)), "company"},
		{"company leaves nothing, but the target had all its quota", under(1.5, beside(0.3, at(1, 2, 0, 1.45, 0.2))), ""},
		{"company and other programs leave nothing", beside(0.7, at(1, 2, 0, 0.4, 0.2)), "host-busy"},
		{"a few programs among many CPUs change nothing", beside(60, at(1, 64, 0, 1.4, 0.2)), "company"},
		{"nothing was read", at(1, 0, 0, 0, 0), ""},
	} {
		var h hostWatch
		if d := h.look(at(0, 0, 0, 0, 0)); d != nil {
			t.Fatalf("doubt after one reading: %+v", d)
		}
		d := h.look(tt.now)
		if (d != nil) != (tt.want != "") {
			t.Errorf("%s: %+v", tt.name, d)
		}
		if d != nil && (d.From != 0 || d.To != second || d.Cause != tt.want) {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
	var h hostWatch
	h.look(at(0, 0, 0, 0, 0))
	if d := h.look(cpuReading{at: second / 2, busy: 1}); d != nil {
		t.Errorf("half a second is too short to tell: %+v", d)
	}
}

// The CPU time of benchrun's other processes is benchrun's own, also after they
// have ended.
func TestOwnCPUOfHelpers(t *testing.T) {
	var h hostWatch
	burning := exec.Command("/bin/sh", "-c", "while :; do :; done")
	if err := burning.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = burning.Process.Kill()
		_ = burning.Wait()
	}()
	const most = 0.2 // CPU seconds
	pid := burning.Process.Pid
	eventually(t, "a busy process uses CPU", func() bool {
		used, ok := observe.ProcessCPU(pid)
		return ok && used > most
	})
	before := OwnCPU()
	if got := h.own(pid); got < before+most {
		t.Errorf("own %g s, want at least %g and the helper's %g", got, before, most)
	}
	_ = burning.Process.Kill()
	_ = burning.Wait()
	if used, ok := observe.ProcessCPU(pid); ok {
		t.Errorf("%g s of a process that is gone", used)
	}
	if got := h.own(pid); got < before+most {
		t.Errorf("own %g s after its end, want at least %g and the helper's %g", got, before, most)
	}
}
