package clients

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wakeUp may still be called when a loop has ended. By then, its timer's number may be
// another's: that one keeps its time.
func TestWakeUpAfterTheEnd(t *testing.T) {
	o, _ := loop(closedPort(t), 1)
	v, err := o.newVictims()
	if err != nil {
		t.Fatal(err)
	}
	number := v.poll.timer
	v.free()
	var other *poller
	for range 100 {
		p, err := newPoller()
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		if p.timer == number {
			other = p
			break
		}
	}
	if other == nil {
		t.Fatalf("no other poller got %d for its timer", number)
	}
	other.wakeIn(time.Hour)
	v.wakeUp()
	var left unix.ItimerSpec
	if err := unix.TimerfdGettime(other.timer, &left); err != nil {
		t.Fatal(err)
	}
	if left.Value.Sec < 60 {
		t.Errorf("another poller's timer, set to an hour, fires in %d s", left.Value.Sec)
	}
}
