package launch

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"benchrun/internal/procfs"
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

// A signal to all reaches the leader and its children.
func TestSignalAll(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			g := startPart(t, caps, smallLimits, "sh", "-c", "sleep 1000 & sleep 1000 & wait")
			all := func(stopped bool) func() bool {
				return func() bool {
					members, err := g.Members()
					if err != nil || len(members) != 3 {
						return false
					}
					for _, host := range members {
						if s, err := procfs.ReadStat(host); err != nil || (s.State == 'T') != stopped {
							return false
						}
					}
					return true
				}
			}
			eventually(t, "both children run", all(false))
			if err := g.SignalAll(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			eventually(t, "all are stopped", all(true))
			if err := g.SignalAll(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			eventually(t, "all go on", all(false))
		})
	}
}
