package place

import (
	"slices"
	"testing"

	"benchrun/internal/bench"
)

// The kernel ends the first process and the worker that took the memory. The other workers
// notice that their first process is gone and end in order, and are seen to do so before.
func TestOnlyAKilledProcessDiedAtTheCap(t *testing.T) {
	killed, inOrder, crashed := &bench.ExitStatus{Signal: "SIGKILL"}, &bench.ExitStatus{}, &bench.ExitStatus{Signal: "SIGSEGV"}
	var watch capDeaths
	var got []int
	for _, e := range []struct {
		pid  int
		exit *bench.ExitStatus
		n    int64 // processes that the kernel has ended by then
	}{
		{9, killed, 0}, // the server's own watchdog ended it
		{11, inOrder, 2}, {12, inOrder, 2}, {13, crashed, 2}, {1, killed, 2}, {10, killed, 2},
		{14, killed, 2}, {15, inOrder, 3}, {16, nil, 3}, {17, killed, 3},
	} {
		if watch.takes(bench.ProcEvent{PID: e.pid, Event: bench.Died, Exit: e.exit}, e.n) {
			got = append(got, e.pid)
		}
	}
	if want := []int{1, 10, 16}; !slices.Equal(got, want) {
		t.Errorf("taken for killed at the cap: %v, want %v", got, want)
	}
}
