package probe

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A probe is repeated while the host stalls, but only tries times, and never after
// an error of its own.
func TestUndisturbed(t *testing.T) {
	broken := errors.New("broken")
	for name, tt := range map[string]struct {
		misses []int
		err    error
		tries  int
		want   error
	}{
		"a quiet host":       {[]int{0}, nil, 1, nil},
		"one stall":          {[]int{2, 0}, nil, 2, nil},
		"nothing but stalls": {[]int{1, 1, 1}, nil, tries, ErrHostStalled},
		"an error":           {[]int{1}, broken, 1, broken},
	} {
		tries := 0
		err := undisturbed("x", func() (int, error) {
			tries++
			return tt.misses[tries-1], tt.err
		})
		if tries != tt.tries || !errors.Is(err, tt.want) {
			t.Errorf("%s: %d tries, %v; want %d, %v", name, tries, err, tt.tries, tt.want)
		}
	}
}

// A stopped control shows as a stall. A running one does not, on a host that has a
// quiet second.
func TestBesideControl(t *testing.T) {
	control, err := clients.StartControl(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = control.Close() }()
	misses, err := missesOf(t.Context(), bench.NewClock(), control, func() {
		if err := syscall.Kill(control.PID(), syscall.SIGSTOP); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * bench.ControlSLO)
		if err := syscall.Kill(control.PID(), syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	})
	if err != nil || misses == 0 {
		t.Errorf("%d misses of a control that was stopped, %v", misses, err)
	}
	for range 20 {
		if misses, err = besideControl(t.Context(), bench.NewClock(), func() { time.Sleep(300 * time.Millisecond) }); err != nil || misses == 0 {
			break
		}
	}
	if misses != 0 || err != nil {
		t.Errorf("%d misses of a control that was let be, %v", misses, err)
	}
}
