package place

import (
	"math"
	"os/exec"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

func TestOtherPrograms(t *testing.T) {
	var o otherPrograms
	at, busy, own := 0.0, 100.0, 40.0
	note := func(span, others, ours float64) float64 {
		at, busy, own = at+span, busy+span*(others+ours), own+span*ours
		return o.note(cpuReading{at: int64(at * float64(time.Second)), busy: busy, own: own})
	}
	for _, tt := range []struct {
		what               string
		span, others, ours float64
		want               float64
	}{
		{"the first look has nothing to compare with", 1, 5, 5, 0},
		{"what benchrun uses is not theirs", 1, 1.5, 0.5, 1.5},
		{"a look that is too short", 0.1, 0, 2, 1.5},
		{"a second counts for a tenth", 0.9, 0.5, 1, 1.5 + 0.1*(0.45-1.5)},
		{"ten seconds replace what was known", 10, 0, 2, 0},
		{"a cell's last CPU is counted late", 1, -0.5, 1, 0},
	} {
		if got := note(tt.span, tt.others, tt.ours); math.Abs(got-tt.want) > 1e-6 {
			t.Errorf("%s: %.3f CPUs, want %.3f", tt.what, got, tt.want)
		}
	}
}

// What other programs do lately is known sooner than what they use on average: that they have
// begun, and above all that they have ended.
func TestOtherProgramsLately(t *testing.T) {
	host := Host{others: &otherPrograms{}}
	busy := 0.0
	for second := range 60 {
		if second >= 20 && second < 40 {
			busy += 2
		}
		host.others.note(cpuReading{at: int64(second) * int64(time.Second), busy: busy})
		mean, lately := host.others.mean, host.LatelyCPU()
		if (second == 24 && (mean > 1 || lately < 1.5)) || (second == 44 && (mean < 1 || lately > 0.5)) {
			t.Errorf("after %d s: %.2f CPUs on average and %.2f lately", second, mean, lately)
		}
	}
	if got := (&Host{}).LatelyCPU(); got != 0 {
		t.Errorf("a host that does not look: %v", got)
	}
}

// What benchrun's processes use that install servers is not other programs'. Once targets run,
// those that have ended are counted with them.
func TestPreparingIsNoOtherProgram(t *testing.T) {
	host := Host{others: &otherPrograms{}, company: &company{}}
	work := func() (counted, used float64) {
		before := host.ownCPU()
		c := exec.CommandContext(t.Context(), "/bin/sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		return host.ownCPU() - before, (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	}
	if counted, used := work(); used <= 0 || counted < used {
		t.Errorf("before the first target: %.3f s counted of %.3f s", counted, used)
	}
	host.company.gone = 1
	host.ownCPU()
	if counted, used := work(); counted >= used {
		t.Errorf("with targets: %.3f s counted of %.3f s", counted, used)
	}
}

// What a target uses is not other programs', even where no cgroup counts it.
func TestTargetWithoutACgroupIsNoOtherProgram(t *testing.T) {
	host, target := appHost(t)
	host.Caps = launch.Capabilities{Level: launch.Subreaper}
	busy := target("honest")
	busy.Server.CommandWords = []string{"/bin/sh", "-c", "while :; do :; done"}
	p, _ := appPlace(t, host, busy, bench.NewClock())
	if used, ok := p.group.CPUSeconds(); ok {
		t.Fatalf("a cgroup counts %.1f s", used)
	}
	eventually(t, "the target's CPU is known", func() bool { return host.company.total() > 0.5 })
}
