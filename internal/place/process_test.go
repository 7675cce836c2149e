package place

import (
	"slices"
	"testing"
	"time"

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
	for deadline := time.Now().Add(10 * time.Second); by.PID == 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		by, _ = p.Server("f1", bench.ReceiptStart)
	}
	if by.PID != p.Leader() {
		t.Errorf("served by %+v, leader %d", by, p.Leader())
	}
}
