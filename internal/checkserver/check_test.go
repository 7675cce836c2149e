package checkserver

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

func TestSlotsResult(t *testing.T) {
	for _, tt := range []struct {
		claim int
		probe bench.Probe
		want  Verdict
	}{
		{0, bench.Probe{Slots: 4}, OK},
		{4, bench.Probe{Slots: 4}, OK},
		{8, bench.Probe{Slots: 4}, Differs},
		{4, bench.Probe{Slots: 1100, Unbounded: true}, Differs},
		{5000, bench.Probe{Slots: 1100, Unbounded: true}, Unmeasured},
		{4, bench.Probe{Note: "not ready for a probe"}, Unmeasured},
		{0, bench.Probe{Note: "no request was seen to be held"}, Unmeasured},
	} {
		if got := slotsResult(tt.claim, tt.probe); got.Verdict != tt.want || got.Seen == "" || got.Expected == "" {
			t.Errorf("claim %d, probe %+v: %+v, want %s", tt.claim, tt.probe, got, tt.want)
		}
	}
}

func TestWatchdogResult(t *testing.T) {
	for _, tt := range []struct {
		claim, took float64
		gone        bool
		want        Verdict
	}{
		{0, 0, false, Unmeasured}, // it was never wedged
		{0, 5, false, OK},
		{0, 3, true, Differs}, // one acts that the file does not know of
		{3, 3.9, true, OK},
		{3, 6.5, true, OK}, // 1.5 × 3 + 2
		{3, 6.6, true, Differs},
		{30, 14, true, Differs},
		{30, 47, false, Differs},     // it had its time
		{162, 60, false, Unmeasured}, // it had not
	} {
		if got := watchdogResult(tt.claim, tt.took, tt.gone); got.Verdict != tt.want {
			t.Errorf("claim %g, took %g, gone %v: %+v, want %s", tt.claim, tt.took, tt.gone, got, tt.want)
		}
	}
}

func TestZeroResultIsUnmeasured(t *testing.T) {
	if got := (Result{}).Verdict.String(); got != "unmeasured" {
		t.Errorf("a result that nobody got is %q", got)
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

func TestLoadResult(t *testing.T) {
	start := bench.Receipt{Fault: "cpu", PID: 7, Event: bench.ReceiptStart, T: 1}
	end := bench.Receipt{Fault: "cpu", PID: 7, Event: bench.ReceiptEnd, T: 2}
	right := bench.Sample{Outcome: bench.Completed, Status: 200, PID: 7}
	with := func(s bench.Sample, change func(*bench.Sample)) bench.Sample { change(&s); return s }
	for _, tt := range []struct {
		name string
		end  bench.Receipt
		got  bench.Sample
		cut  bool
		want Verdict
		says string
	}{
		{"right", end, right, false, OK, "by pid 7"},
		{"no end receipt", bench.Receipt{}, right, false, Failed, "no end receipt"},
		{"another's end receipt", bench.Receipt{Fault: "cpu", PID: 8, Event: bench.ReceiptEnd, T: 2}, right, false, Failed, "pid 8"},
		{"another's answer", end, with(right, func(s *bench.Sample) { s.PID = 8 }), false, Failed, "from pid 8"},
		{"an end before the start", at(end, 0), right, false, Failed, "ms apart"},
		{"a wrong answer", end, with(right, func(s *bench.Sample) { s.Error = "the answer has 65536 bytes" }), false, Failed, "65536"},
		{"an error page", end, with(right, func(s *bench.Sample) { s.Status = 500 }), false, Failed, "status 500"},
		{"cut", bench.Receipt{}, bench.Sample{Outcome: bench.Cut, Error: "EOF"}, false, Failed, "EOF"},
		{"cut by a watchdog", bench.Receipt{}, bench.Sample{Outcome: bench.Cut, Error: "EOF"}, true, Differs, "EOF"},
		{"for ever", bench.Receipt{}, bench.Sample{Outcome: bench.HeldOpen}, false, Failed, "within 20 s"},
	} {
		if f := loadResult("/fault/cpu", scenarios.Fault{}, start, tt.end, tt.got, tt.cut); f.Verdict != tt.want || !strings.Contains(f.Seen, tt.says) {
			t.Errorf("%s: %+v, want %s, %q", tt.name, f, tt.want, tt.says)
		}
	}
}

// The server writes the answer for an app that failed. If that is wrong, a family
// measures it, and the check fails nothing.
func TestLoadResultOfAnAppThatFails(t *testing.T) {
	start := bench.Receipt{Fault: "x", PID: 7, Event: bench.ReceiptStart, T: 1}
	end := bench.Receipt{Fault: "x", PID: 7, Event: bench.ReceiptEnd, T: 2}
	for _, tt := range []struct {
		got  bench.Sample
		want Verdict
	}{
		{bench.Sample{Outcome: bench.Completed, Status: 500}, OK},
		{bench.Sample{Outcome: bench.Completed, Status: 200, PID: 7}, Differs},
		{bench.Sample{Outcome: bench.Cut, Error: "EOF"}, Differs},
	} {
		family := scenarios.Fault{Family: bench.Family{Traits: bench.Traits{Status: 500}}}
		if f := loadResult("/fault/x", family, start, end, tt.got, false); f.Verdict != tt.want {
			t.Errorf("%+v: %+v, want %s", tt.got, f, tt.want)
		}
	}
}

// What servers make of an app that breaks its contract with them fails nothing either.
func TestLoadResultWhereServersDiffer(t *testing.T) {
	start := bench.Receipt{Fault: "x", PID: 7, Event: bench.ReceiptStart, T: 1}
	end := bench.Receipt{Fault: "x", PID: 7, Event: bench.ReceiptEnd, T: 2}
	got := bench.Sample{Outcome: bench.Completed, Status: 200, PID: 7, Error: "bytes come behind the answer"}
	if f := loadResult("/fault/x", scenarios.Fault{ServersDiffer: true}, start, end, got, false); f.Verdict != Differs || f.Seen != got.Error {
		t.Errorf("%+v", f)
	}
	if f := loadResult("/fault/x", scenarios.Fault{ServersDiffer: true}, start, bench.Receipt{}, bench.Sample{Outcome: bench.Completed, Status: 200, PID: 7}, false); f.Verdict != Failed {
		t.Errorf("without an end receipt: %+v", f)
	}
}

// Of two requests that come together a server may drop one, which is its own affair; an app
// without the fault is not.
func TestNotBegunResult(t *testing.T) {
	pair := scenarios.Fault{PairSent: true}
	for _, tt := range []struct {
		family scenarios.Fault
		got    *bench.Sample
		want   Verdict
	}{
		{pair, &bench.Sample{Outcome: bench.Completed, Status: 200}, Differs},
		{pair, &bench.Sample{Outcome: bench.Cut}, Differs},
		{pair, &bench.Sample{Outcome: bench.Completed, Status: 404}, Failed},
		{pair, nil, Failed},
		{scenarios.Fault{}, &bench.Sample{Outcome: bench.Completed, Status: 200}, Failed},
	} {
		if f := notBegunResult("/fault/x", tt.family, tt.got); f.Verdict != tt.want {
			t.Errorf("%+v: %+v, want %s", tt.got, f, tt.want)
		}
	}
}

// A server that keeps an endless answer to itself differs; one that sends a wrong one fails.
func TestStreamResult(t *testing.T) {
	silent := fmt.Errorf("read: %w", os.ErrDeadlineExceeded)
	for _, tt := range []struct {
		err  error
		want Verdict
	}{{nil, OK}, {silent, Differs}, {errors.New("status 500"), Failed}} {
		if f := streamResult(tt.err); f.Verdict != tt.want {
			t.Errorf("%v: %+v, want %s", tt.err, f, tt.want)
		}
	}
}

func TestBrokenOffResult(t *testing.T) {
	start := bench.Receipt{Fault: "x", PID: 7, Event: bench.ReceiptStart, T: 1}
	for _, tt := range []struct {
		got    bench.Sample
		closed bool
		want   Verdict
		says   string
	}{
		{bench.Sample{Outcome: bench.Cut, Status: 200}, true, OK, "by pid 7"},
		{bench.Sample{Outcome: bench.Completed, Status: 502}, true, OK, "by pid 7"},
		{bench.Sample{Outcome: bench.Completed, Status: 200}, true, Differs, "looked whole"},
		{bench.Sample{Outcome: bench.HeldOpen}, true, Differs, "waiting"},
		{bench.Sample{Outcome: bench.Cut, Status: 200}, false, Differs, "close()"},
	} {
		if f := brokenOffResult("x", start, tt.got, tt.closed); f.Verdict != tt.want || !strings.Contains(f.Seen, tt.says) {
			t.Errorf("%+v, closed %v: %+v, want %s, %q", tt.got, tt.closed, f, tt.want, tt.says)
		}
	}
}

func at(r bench.Receipt, t int64) bench.Receipt { r.T = t; return r }

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
		want := Differs
		if strings.HasPrefix(tt.seen, "0") {
			want = OK
		}
		if f.Seen != tt.seen || f.Verdict != want {
			t.Errorf("%s: %+v, want %s, %q", tt.name, f, want, tt.seen)
		}
	}
}

// A refusal of a large upload differs where it is clean, whatever its status.
func TestLargeUploadRefused(t *testing.T) {
	second := int64(time.Second)
	for _, tt := range []struct {
		got  bench.Sample
		body string
		want Verdict
		seen string
	}{
		{bench.Sample{Outcome: bench.Completed, Status: 200}, "{}", OK, "all of it"},
		{bench.Sample{Outcome: bench.Completed, Status: 200, Error: "another digest"}, "{}", Failed, "another digest"},
		{bench.Sample{Outcome: bench.Completed, Status: 413}, "", Differs, "refused: status 413, after 1.0 s"},
		{bench.Sample{Outcome: bench.Completed, Status: 400}, "Bad\nRequest", Differs, `refused: status 400: "Bad Request", after 1.0 s`},
		{bench.Sample{Outcome: bench.Completed, Status: 500}, "oops", Failed, `status 500: "oops"`},
		{bench.Sample{Outcome: bench.Completed, Status: 302}, "", Failed, "status 302"},
		{bench.Sample{Outcome: bench.Cut, Status: 413, Error: "reset"}, "", Failed, "cut"},
	} {
		tt.got.Done = second
		if f := uploadResult(tt.got, []byte(tt.body)); f.Verdict != tt.want || !strings.HasPrefix(f.Seen, tt.seen) {
			t.Errorf("%+v: %s, %q; want %s, %q", tt.got, f.Verdict, f.Seen, tt.want, tt.seen)
		}
	}
}

func TestServedOtherwise(t *testing.T) {
	for said, want := range map[targets.Serving][2]bool{ // whether the leader answers, or not: is that wrong?
		"": {false, false}, targets.ServingChildren: {true, false}, targets.ServingLeader: {false, true},
	} {
		for i, leader := range []bool{true, false} {
			if got := servedOtherwise(said, leader); (got != "") != want[i] {
				t.Errorf("file says %q, the leader answers: %v: %q", said, leader, got)
			}
		}
	}
}
