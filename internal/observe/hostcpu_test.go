package observe

import (
	"testing"
	"time"
)

// CPU time that a program uses shows as busy, in seconds.
func TestHostCPU(t *testing.T) {
	busy0, idle0, err := HostCPU()
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 300*time.Millisecond; {
	}
	busy1, idle1, err := HostCPU()
	if err != nil {
		t.Fatal(err)
	}
	if busy1-busy0 < 0.1 || idle1 < idle0 {
		t.Errorf("busy went from %g to %g s, idle from %g to %g s", busy0, busy1, idle0, idle1)
	}
}
