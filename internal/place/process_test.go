package place

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

func TestWhoWasReplaced(t *testing.T) {
	p := &Place{journal: &Journal{}}
	for _, e := range []bench.ProcEvent{
		{T: 1, PID: 5, Event: bench.Born}, {T: 1, PID: 6, Event: bench.Born},
		{T: 20, PID: 9, Event: bench.Born}, {T: 30, PID: 5, Event: bench.Died},
	} {
		p.see(e)
	}
	if got := p.Living([]int{5, 6, 7}); !slices.Equal(got, []int{6, 7}) {
		t.Errorf("living: %v", got)
	}
	if got := p.BornSince(20, []int{5, 6, 7, 9}); !slices.Equal(got, []int{9}) {
		t.Errorf("born since: %v", got)
	}
}

// The process that a receipt names gets the signal; what is stopped goes on when it is
// resumed, and the leader never gets one.
func TestSignalServing(t *testing.T) {
	host, target := appHost(t)
	front := target("honest")
	front.Server.CommandWords = append([]string{"/bin/sh", "-c", `"$@" & wait`, "sh"}, front.Server.CommandWords...)
	p, journal := appPlace(t, host, front, bench.NewClock())
	if boot, err := p.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
		t.Fatalf("%+v, %v", boot, err)
	}
	signal := func(nonce string, s syscall.Signal) error {
		p.Expect(nonce)
		askFault(t, p, nonce)
		return p.SignalServing(t.Context(), nonce, s)
	}
	if err := signal("f1", syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it does not answer", func() bool { // its other threads go on until one of them has taken the signal
		_, err := clients.Ping(briefly(t), p.addr)
		return err != nil
	})
	p.Resume()
	if err := signal("f2", syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var marks []bench.Mark
	for _, m := range journal.Snapshot().Marks {
		if m.Name == bench.MarkSignal {
			marks = append(marks, m)
		}
	}
	if len(marks) != 2 || marks[0].Note != "f1" || marks[1].Note != "f2" || marks[0].PID != marks[1].PID || marks[0].PID == p.Leader() {
		t.Errorf("marks %+v, leader %d", marks, p.Leader())
	}

	alone, journal := appPlace(t, host, target("honest"), bench.NewClock())
	if boot, err := alone.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
		t.Fatalf("%+v, %v", boot, err)
	}
	p = alone
	if err := signal("f3", syscall.SIGKILL); err == nil || alone.Exit() != nil {
		t.Errorf("the leader got a signal: %v", err)
	}
	if err := alone.SignalServing(briefly(t), "f4", syscall.SIGKILL); err == nil {
		t.Error("somebody serves what nobody has asked for")
	}
	if n := len(journal.Snapshot().Marks); n != 0 {
		t.Errorf("%d marks of signals that were not sent", n)
	}
}

// briefly is a context that ends soon.
func briefly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// The process that benchrun launched is the master. A receipt names the process
// that answers. Both pids are those that the server itself sees.
func TestProcessesByRole(t *testing.T) {
	host, target := appHost(t)
	p, _ := appPlace(t, host, target("honest"), bench.NewClock())
	if boot, err := p.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
		t.Fatalf("%+v, %v", boot, err)
	}
	serving := p.Serving(t.Context(), ServingWait)
	if len(serving) != 1 || serving[0] != p.Leader() {
		t.Errorf("serving %v, leader %d: the app is one process", serving, p.Leader())
	}
	if _, ok := p.Server("f1", bench.ReceiptStart); ok {
		t.Error("somebody serves what nobody has asked for")
	}
	p.Expect("f1")
	askFault(t, p, "f1")
	var by bench.Receipt
	eventually(t, "the receipt has been read", func() bool {
		by, _ = p.Server("f1", bench.ReceiptStart)
		return by.PID != 0
	})
	if by.PID != p.Leader() {
		t.Errorf("served by %+v, leader %d", by, p.Leader())
	}
}

// As long as a few requests do not find all workers, more and more come at once.
func TestSearchForWorkersGrows(t *testing.T) {
	for round, want := range map[int]int{0: 16, 3: 16, 4: 32, 8: 64, 12: 128, 500: 128} {
		if got := atOnce(8, round); got != want {
			t.Errorf("round %d: %d at once, want %d", round, got, want)
		}
	}
}
