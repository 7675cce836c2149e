package launch

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A signal reaches the one process that the server knows by its pid, whatever pid the
// host has for it, and no process outside of the group.
func TestSignalProcess(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			g := startPart(t, caps, smallLimits, "sh", "-c", "sleep 1000 & echo child=$!.; wait $!; echo status=$?; sleep 1000")
			pid := 0
			eventually(t, "the child is named", func() bool {
				_, rest, _ := strings.Cut(logOf(g), "child=")
				name, _, whole := strings.Cut(rest, ".")
				pid, _ = strconv.Atoi(name)
				return whole
			})
			if err := g.SignalProcess(pid, syscall.SIGUSR1); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the child has ended of it", func() bool { return strings.Contains(logOf(g), "status="+strconv.Itoa(128+int(syscall.SIGUSR1))) })
			if g.Exit() != nil {
				t.Error("the leader has ended too")
			}
			for _, gone := range []int{pid, 1 << 30} {
				if err := g.SignalProcess(gone, syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
					t.Errorf("a signal to %d, which is gone: %v", gone, err)
				}
			}
			if g.Level() == ProcessGroup || caps.Private {
				return
			}
			if err := g.SignalProcess(os.Getpid(), syscall.Signal(0)); os.Getpid() != g.LeaderPID() && !errors.Is(err, os.ErrProcessDone) {
				t.Errorf("a signal to the test itself: %v", err)
			}
		})
	}
}
