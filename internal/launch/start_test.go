package launch

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"benchrun/internal/bench"
)

func TestExitIsReported(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		for _, c := range []struct {
			script string
			want   bench.ExitStatus
		}{
			{"exit 0", bench.ExitStatus{}},
			{"exit 7", bench.ExitStatus{Code: 7}},
			{"kill -SEGV $$", bench.ExitStatus{Signal: "SIGSEGV"}},
		} {
			t.Run(string(caps.Level)+"/"+c.script, func(t *testing.T) {
				g := startPart(t, caps, bench.Limits{}, "sh", "-c", c.script)
				eventually(t, "the leader is done", func() bool {
					select {
					case <-g.Done():
						return true
					default:
						return false
					}
				})
				if got := g.Exit(); got == nil || *got != c.want {
					t.Errorf("exit %+v, want %+v", got, c.want)
				}
				if err := g.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
					t.Errorf("a signal to a dead leader: %v", err)
				}
				if err := g.Err(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestLeaderSeesItsOwnProc(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			g := startPart(t, caps, bench.Limits{}, "sh", "-c", `read pid rest </proc/self/stat; echo "$$ $pid" /proc/[0-9]*; exec sleep 60`)
			eventually(t, "the log is written", func() bool { return strings.HasSuffix(logOf(g), "\n") })
			f := strings.Fields(logOf(g))
			if f[0] != strconv.Itoa(g.LeaderPID()) || f[1] != f[0] {
				t.Errorf("the leader knows itself as %s and %s in /proc, benchrun says %d", f[0], f[1], g.LeaderPID())
			}
			if caps.Level.namespaced() && len(f) != 4 {
				t.Errorf("in its namespace the server sees %v, want the supervisor and itself", f[2:])
			}
			if innermost(g.LeaderHostPID()) != g.LeaderPID() {
				t.Errorf("host pid %d is not the leader", g.LeaderHostPID())
			}
		})
	}
}

func TestStartErrors(t *testing.T) {
	ownTemp(t)
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	caps := best(t)
	for _, c := range []struct {
		name string
		argv []string
		dir  string
		want string
	}{
		{"no such command", []string{"benchrun-has-no-such-command"}, "/", "no executable"},
		{"no such file", []string{"/no/such/file"}, "/", "no such file"},
		{"not executable", []string{script}, "/", "permission denied"},
		{"no such folder", []string{"true"}, "/no/such/folder", "working folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, user := newTestScratch(t)
			spec := Spec{Argv: c.argv, Dir: c.dir, Log: filepath.Join(s.Dir, "log"), User: user, Limits: smallLimits, Scratch: s}
			_, err := Start(t.Context(), caps, spec)
			var env *bench.EnvironmentError
			if !errors.As(err, &env) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.argv[0]) {
				t.Errorf("error %v, want an environment error with %q and %q", err, c.want, c.argv[0])
			}
			if len(s.state.Groups) > 0 {
				t.Errorf("left: %+v", s.state.Groups)
			}
		})
	}
	for name, spec := range map[string]Spec{
		"no command": {Dir: "/", Log: os.DevNull, Scratch: &Scratch{}},
		"no scratch": {Argv: []string{"true"}, Dir: "/", Log: os.DevNull},
		"relative":   {Argv: []string{"true"}, Dir: "x", Log: os.DevNull, Scratch: &Scratch{}},
		"no log":     {Argv: []string{"true"}, Dir: "/", Scratch: &Scratch{}},
	} {
		if _, err := Start(t.Context(), caps, spec); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestUnknownLevel(t *testing.T) {
	ownTemp(t)
	if _, err := TryLevel(t.Context(), "magic"); err == nil || !strings.Contains(err.Error(), "magic") {
		t.Errorf("error %v, want one that names the level", err)
	}
}

// TestTwoGroups runs two servers from one scratch folder at once.
func TestTwoGroups(t *testing.T) {
	ownTemp(t)
	s, user := newTestScratch(t)
	caps := best(t)
	spec := Spec{Argv: []string{"sleep", "60"}, Dir: s.Work, Log: filepath.Join(s.Dir, "log"), User: user, Limits: smallLimits, Scratch: s}
	var groups []*Group
	for range 2 {
		g, err := Start(t.Context(), caps, spec)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := g.Destroy(t.Context()); err != nil {
				t.Error(err)
			}
		})
		groups = append(groups, g)
	}
	if err := groups[0].Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pids, err := groups[1].Members(); err != nil || len(pids) != 1 || groups[1].Exit() != nil {
		t.Errorf("the second group: members %v, exit %v, %v", pids, groups[1].Exit(), err)
	}
}

func TestProbeExplains(t *testing.T) {
	ownTemp(t)
	caps := best(t)
	if os.Geteuid() != 0 && (caps.Level == PIDNamespace || len(caps.Why) == 0) {
		t.Errorf("an ordinary user got %+v without a word", caps)
	}
	if (caps.Cgroup != "") != (caps.CPU || caps.Memory || caps.PIDs) {
		t.Errorf("%+v: a cgroup without limits, or limits without a cgroup", caps)
	}
	t.Logf("%+v", caps)
}
