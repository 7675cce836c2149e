package runner

import (
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func TestSlotsFinding(t *testing.T) {
	for _, tt := range []struct {
		claim int
		probe bench.Probe
		want  FindingVerdict
	}{
		{0, bench.Probe{Slots: 4}, FindingOK},
		{4, bench.Probe{Slots: 4}, FindingOK},
		{8, bench.Probe{Slots: 4}, FindingDiffers},
		{4, bench.Probe{Slots: 1100, Unbounded: true}, FindingDiffers},
		{5000, bench.Probe{Slots: 1100, Unbounded: true}, FindingUnmeasured},
		{4, bench.Probe{Note: "not ready for a probe"}, FindingUnmeasured},
		{0, bench.Probe{Note: "no request was seen to be held"}, FindingUnmeasured},
	} {
		if got := slotsFinding(tt.claim, tt.probe); got.Verdict != tt.want || got.Seen == "" || got.Expected == "" {
			t.Errorf("claim %d, probe %+v: %+v, want %s", tt.claim, tt.probe, got, tt.want)
		}
	}
}

func TestWatchdogFinding(t *testing.T) {
	for _, tt := range []struct {
		claim, took float64
		gone        bool
		want        FindingVerdict
	}{
		{0, 0, false, FindingUnmeasured}, // it was never wedged
		{0, 5, false, FindingOK},
		{0, 3, true, FindingDiffers}, // one acts that the file does not know of
		{3, 3.9, true, FindingOK},
		{3, 6.5, true, FindingOK}, // 1.5 × 3 + 2
		{3, 6.6, true, FindingDiffers},
		{30, 14, true, FindingDiffers},
		{30, 47, false, FindingDiffers},     // it had its time
		{162, 60, false, FindingUnmeasured}, // it had not
	} {
		if got := watchdogFinding(tt.claim, tt.took, tt.gone); got.Verdict != tt.want {
			t.Errorf("claim %g, took %g, gone %v: %+v, want %s", tt.claim, tt.took, tt.gone, got, tt.want)
		}
	}
}

// The patience lasts until a claim is refuted, no longer than the user's, and
// never less than the probe's least.
func TestCheckPatience(t *testing.T) {
	for _, tt := range []struct {
		asked time.Duration
		claim float64
		want  time.Duration
	}{
		{time.Minute, 0, 5 * time.Second},
		{time.Minute, 3, 6500 * time.Millisecond},
		{time.Minute, 30, 47 * time.Second},
		{time.Minute, 162, time.Minute},
		{4 * time.Minute, 100, 152 * time.Second},
		{time.Second, 30, 5 * time.Second},
	} {
		c := ServerCheck{Patience: tt.asked}
		if got := c.patience(tt.claim); got != tt.want {
			t.Errorf("%v asked, %g s claimed: %v, want %v", tt.asked, tt.claim, got, tt.want)
		}
	}
}

func TestZeroFindingIsUnmeasured(t *testing.T) {
	if got := (Finding{}).Verdict.String(); got != "unmeasured" {
		t.Errorf("a finding that nobody made is %q", got)
	}
}

func TestLastWords(t *testing.T) {
	got := lastWords(bench.Boot{Note: "the server ended before it was ready", Exited: &bench.ExitStatus{Code: 1}, LogTail: "Traceback\nno licence"})
	if want := "the server ended before it was ready (exit code 1); it said: no licence"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := lastWords(bench.Boot{Note: "not ready", Exited: &bench.ExitStatus{Signal: "SIGSEGV"}}); got != "not ready (by SIGSEGV)" {
		t.Errorf("%q", got)
	}
}

// A worker that a watchdog kills while slots are counted, and its successor,
// would count as two.
func TestFirstSlotStepBeatsWatchdogs(t *testing.T) {
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	step := slotSteps[0]
	over := step.sleep.Seconds() + float64(step.n)/step.rate
	for _, name := range reg.Names() {
		s, err := reg.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for p, profile := range s.Profiles {
			if w := profile.Claims.Watchdog; w > 0 && w <= over {
				t.Errorf("%s/%s: the watchdog acts after %g s, the first step takes %g s", name, p, w, over)
			}
		}
	}
}
