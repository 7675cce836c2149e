package launch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDestroyLeavesNothing(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			port, arg := testPort(t)
			g := startPart(t, caps, smallLimits, part("hostile", arg)...)
			eventually(t, "the server is ready", func() bool { return strings.Contains(logOf(g), "ready") })
			pids, err := g.Members()
			if err != nil || len(pids) != daemons+1 {
				t.Fatalf("%d members, want %d (%v)", len(pids), daemons+1, err)
			}
			began := time.Now()
			if err := g.Destroy(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Logf("destroyed %d processes in %v", len(pids), time.Since(began))
			if left, err := marked(g.scratch.ID); err != nil || len(left) > 0 {
				t.Errorf("left: %v %v", left, err)
			}
			if !PortFree(port) {
				t.Error("the port is not free")
			}
		})
	}
}

// TestDestroyCatchesTheHopper ends a server that forks and leaves its session
// endlessly.
func TestDestroyCatchesTheHopper(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		for _, cgroup := range withAndWithout(caps) {
			if caps.Level == ProcessGroup && cgroup == "" {
				continue // documented: nothing could catch it there
			}
			caps.Cgroup = cgroup
			t.Run(string(caps.Level)+"/"+cgroup, func(t *testing.T) {
				g := startPart(t, caps, smallLimits, part("hopper")...)
				<-g.Done() // the first hop
				if err := g.Destroy(t.Context()); err != nil {
					t.Fatal(err)
				}
				if left, err := marked(g.scratch.ID); err != nil || len(left) > 0 {
					t.Errorf("left: %v %v", left, err)
				}
			})
		}
	}
}

// TestSupervisorKilled kills the supervisor alone. Then the harness causes the
// server's death, and Destroy succeeds only if it can prove that nothing is left.
func TestSupervisorKilled(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		for _, cgroup := range withAndWithout(caps) {
			caps.Cgroup = cgroup
			t.Run(string(caps.Level)+"/"+cgroup, func(t *testing.T) {
				port, arg := testPort(t)
				s, user := newTestScratch(t)
				g, err := Start(t.Context(), caps, Spec{Argv: part("hostile", arg), Dir: s.Work,
					Log: filepath.Join(s.Dir, "log"), User: user, Limits: smallLimits, Scratch: s})
				if err != nil {
					t.Fatal(err)
				}
				eventually(t, "the server is ready", func() bool { return strings.Contains(logOf(g), "ready") })
				if err := g.shim.Kill(); err != nil {
					t.Fatal(err)
				}
				<-g.Done()
				if e := g.Exit(); e == nil || e.Signal != "SIGKILL" {
					t.Errorf("exit %+v", e)
				}
				if g.Err() == nil {
					t.Error("nothing said of the supervisor's death")
				}
				err = g.Destroy(t.Context())
				if proved := caps.Level.namespaced() || cgroup != ""; proved != (err == nil) {
					t.Errorf("Destroy: %v; emptiness can be proved: %v", err, proved)
				}
				if left, err := marked(s.ID); err != nil || len(left) > 0 || !PortFree(port) {
					t.Errorf("left: %v %v, port free %v", left, err, PortFree(port))
				}
			})
		}
	}
}

func TestDestroyIsIdempotent(t *testing.T) {
	ownTemp(t)
	g := startPart(t, best(t), smallLimits, "sleep", "60")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel() // as after Ctrl-C: Destroy goes on
	for range 2 {
		if err := g.Destroy(cancelled); err != nil {
			t.Fatal(err)
		}
	}
	if e := g.Exit(); e == nil || e.Signal != "SIGKILL" {
		t.Errorf("exit %+v", e)
	}
	if err := g.Err(); err != nil {
		t.Errorf("the supervisor is blamed: %v", err)
	}
	if g.cg != nil {
		for _, dir := range g.cg.folders() {
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there (%v)", dir, err)
			}
		}
	}
	if pids, err := g.Members(); err != nil || len(pids) > 0 {
		t.Errorf("members %v %v", pids, err)
	}
}
