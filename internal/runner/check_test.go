package runner

import (
	"errors"
	"slices"
	"strings"
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
	over := (step.sleep + step.sending()).Seconds()
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

func TestLoadFinding(t *testing.T) {
	start := bench.Receipt{Fault: "cpu", PID: 7, Event: bench.ReceiptStart, T: 1}
	end := bench.Receipt{Fault: "cpu", PID: 7, Event: bench.ReceiptEnd, T: 2}
	right := bench.Sample{Outcome: bench.Completed, Status: 200, PID: 7}
	with := func(s bench.Sample, change func(*bench.Sample)) bench.Sample { change(&s); return s }
	for _, tt := range []struct {
		name string
		end  bench.Receipt
		got  bench.Sample
		cut  bool
		want FindingVerdict
		says string
	}{
		{"right", end, right, false, FindingOK, "by pid 7"},
		{"no end receipt", bench.Receipt{}, right, false, FindingFailed, "no end receipt"},
		{"another's end receipt", bench.Receipt{Fault: "cpu", PID: 8, Event: bench.ReceiptEnd, T: 2}, right, false, FindingFailed, "pid 8"},
		{"another's answer", end, with(right, func(s *bench.Sample) { s.PID = 8 }), false, FindingFailed, "from pid 8"},
		{"an end before the start", at(end, 0), right, false, FindingFailed, "ms apart"},
		{"a wrong answer", end, with(right, func(s *bench.Sample) { s.Error = "the answer has 65536 bytes" }), false, FindingFailed, "65536"},
		{"an error page", end, with(right, func(s *bench.Sample) { s.Status = 500 }), false, FindingFailed, "status 500"},
		{"cut", bench.Receipt{}, bench.Sample{Outcome: bench.Cut, Error: "EOF"}, false, FindingFailed, "EOF"},
		{"cut by a watchdog", bench.Receipt{}, bench.Sample{Outcome: bench.Cut, Error: "EOF"}, true, FindingDiffers, "EOF"},
		{"for ever", bench.Receipt{}, bench.Sample{Outcome: bench.HeldOpen}, false, FindingFailed, "within 20 s"},
	} {
		if f := loadFinding("/fault/cpu", start, tt.end, tt.got, tt.cut); f.Verdict != tt.want || !strings.Contains(f.Seen, tt.says) {
			t.Errorf("%s: %+v, want %s, %q", tt.name, f, tt.want, tt.says)
		}
	}
}

func at(r bench.Receipt, t int64) bench.Receipt { r.T = t; return r }

func TestWhoWasReplaced(t *testing.T) {
	seen := []bench.ProcEvent{
		{T: 1, PID: 5, Event: bench.Born}, {T: 1, PID: 6, Event: bench.Born},
		{T: 20, PID: 9, Event: bench.Born}, {T: 30, PID: 5, Event: bench.Died},
	}
	if got := living([]int{5, 6, 7}, seen); !slices.Equal(got, []int{6, 7}) {
		t.Errorf("living: %v", got)
	}
	if got := bornSince(20, []int{5, 6, 7, 9}, seen); !slices.Equal(got, []int{9}) {
		t.Errorf("born since: %v", got)
	}
}

func TestLostAtReload(t *testing.T) {
	const asked = 100
	v := func(done int64, o bench.Outcome) bench.Sample {
		return bench.Sample{Role: bench.RoleVictim, Done: done, Outcome: o, Error: "why"}
	}
	calm := []bench.Sample{v(99, bench.Reset), v(100, bench.OK), v(200, bench.Late), {Role: bench.RoleVictim, Outcome: bench.Unsent}}
	for _, tt := range []struct {
		name    string
		samples []bench.Sample
		napped  error
		seen    string
	}{
		{"before it and never sent", calm, nil, "0 of 3 lost"},
		{"refused", append(calm[:2:2], v(300, bench.Refused)), nil, "1 of 3 lost; the last one: refused why"},
		{"in flight", calm, errors.New("cut"), "1 of 3 lost; the last one: cut"},
	} {
		f := lostAtReload(tt.samples, asked, tt.napped)
		want := FindingDiffers
		if strings.HasPrefix(tt.seen, "0") {
			want = FindingOK
		}
		if f.Seen != tt.seen || f.Verdict != want {
			t.Errorf("%s: %+v, want %s, %q", tt.name, f, want, tt.seen)
		}
	}
}

func TestClaimStep(t *testing.T) {
	for _, tt := range []struct {
		claim int
		probe bench.Probe
		n     int // 0 = no try
	}{
		{3000, bench.Probe{Slots: 1100, Unbounded: true}, 3150},
		{3000, bench.Probe{Slots: 1099}, 3150},
		{3000, bench.Probe{Slots: 600}, 0},
		{1000, bench.Probe{Slots: 1100, Unbounded: true}, 0},
		{5000, bench.Probe{Slots: 1100, Unbounded: true}, 0},
	} {
		step, ok := claimStep(tt.claim, tt.probe)
		if step.n != tt.n || ok != (tt.n > 0) {
			t.Errorf("claim %d, %+v: %+v, %v", tt.claim, tt.probe, step, ok)
		}
		if sending := float64(step.n) / 250; ok && step.sleep.Seconds() <= sending {
			t.Errorf("the first of %d wakes before the last is sent", step.n)
		}
	}
}

// A refusal of a large upload differs where it is clean, whatever its status.
func TestLargeUploadRefused(t *testing.T) {
	second := int64(time.Second)
	for _, tt := range []struct {
		got  bench.Sample
		body string
		want FindingVerdict
		seen string
	}{
		{bench.Sample{Outcome: bench.Completed, Status: 200}, "{}", FindingOK, "all of it"},
		{bench.Sample{Outcome: bench.Completed, Status: 200, Error: "another digest"}, "{}", FindingFailed, "another digest"},
		{bench.Sample{Outcome: bench.Completed, Status: 413}, "", FindingDiffers, "refused: status 413, after 1.0 s"},
		{bench.Sample{Outcome: bench.Completed, Status: 400}, "Bad\nRequest", FindingDiffers, `refused: status 400: "Bad Request", after 1.0 s`},
		{bench.Sample{Outcome: bench.Completed, Status: 500}, "oops", FindingFailed, `status 500: "oops"`},
		{bench.Sample{Outcome: bench.Completed, Status: 302}, "", FindingFailed, "status 302"},
		{bench.Sample{Outcome: bench.Cut, Status: 413, Error: "reset"}, "", FindingFailed, "cut"},
	} {
		tt.got.Done = second
		if f := uploadFinding(tt.got, []byte(tt.body)); f.Verdict != tt.want || !strings.HasPrefix(f.Seen, tt.seen) {
			t.Errorf("%+v: %s, %q; want %s, %q", tt.got, f.Verdict, f.Seen, tt.want, tt.seen)
		}
	}
}
