package clients

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"
)

// drain ends with the last victim, even if the timer that was set for it is set anew
// before it wakes anybody. Then drain itself notices that the victim is over.
func TestDrainEndsWithTheLastVictim(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		aborted bool
	}{
		"aborted":   {time.Hour, true},
		"timed out": {time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, got := loop(rawServer(t, func(c net.Conn, _ *http.Request) { untilClosed(c) }), 1)
			abort, cancel := context.WithCancel(t.Context())
			defer cancel()
			o.Abort, o.SLO, o.Timeout = abort, c.timeout, c.timeout
			v, err := o.newVictims()
			if err != nil {
				t.Fatal(err)
			}
			defer v.free()
			v.send(0)
			if v.left() != 1 {
				t.Fatalf("not under way: %+v", got.all)
			}
			v.mu.Lock()
			v.setWake(int64(time.Hour))
			v.mu.Unlock()
			if c.aborted {
				cancel()
				eventually(t, "wakeUp was called", func() bool {
					v.mu.Lock()
					defer v.mu.Unlock()
					return v.wake == 0
				})
			} else {
				eventually(t, "the victim is overdue", func() bool { return o.Clock.Now() > o.Beat.Due(0)+int64(c.timeout) })
			}
			drained := make(chan error, 1)
			go func() { drained <- v.drain() }()
			select {
			case err := <-drained:
				if err != nil || got.len() != 1 {
					t.Errorf("%v, %d samples of one victim", err, got.len())
				}
			case <-time.After(time.Minute):
				t.Fatal("drain does not end, though nothing is left")
			}
		})
	}
}
