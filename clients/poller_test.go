package clients

import (
	"testing"
	"time"
)

// wait ends without any event, again and again, and still finds the one that comes.
func TestPollerLooksAgain(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	waited := make(chan int, 3)
	go func() {
		defer close(waited)
		for i := range 3 {
			if i == 2 {
				p.wakeIn(0)
			}
			events, err := p.wait()
			if err != nil {
				t.Error(err)
				return
			}
			waited <- len(events)
		}
	}()
	for i, want := range []int{0, 0, 1} {
		select {
		case got := <-waited:
			if got != want {
				t.Errorf("wait %d: %d events, want %d", i+1, got, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("wait %d does not end without events", i+1)
		}
	}
}
