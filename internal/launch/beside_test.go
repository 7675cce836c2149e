package launch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// startBoth starts a shell script, and another one beside it, which QUIT ends.
func startBoth(t *testing.T, caps Capabilities, script, beside string, grace time.Duration) *Group {
	t.Helper()
	s, user := newTestScratch(t)
	env := []string{"PATH=/usr/bin:/bin"}
	g, err := Start(t.Context(), caps, Spec{
		Argv: []string{"sh", "-c", script}, Env: env, Dir: s.Work, Log: filepath.Join(s.Dir, "log"), User: user, Limits: smallLimits, Scratch: s, Again: true,
		Beside: &Beside{Argv: []string{"sh", "-c", beside}, Env: append(env, "WHO=beside"), Dir: s.Work, Stop: syscall.SIGQUIT, Grace: grace},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Destroy(context.Background()); err != nil {
			t.Error(err)
		}
		if g.BesideExit() == nil && g.BesidePID() != 0 {
			t.Error("the second command was not ended")
		}
	})
	return g
}

// A second command runs in the group, outlives the first one, which may be started again
// beside it, and is asked to end before it.
func TestBeside(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			g := startBoth(t, caps,
				`trap 'echo first.; exit 0' TERM; echo up=$WHO.; while :; do sleep 0.01; done`,
				`trap 'sleep 0.3; echo second.; exit 3' QUIT; echo up=$WHO.; while :; do sleep 0.01; done`, 5*time.Second)
			ups := func(what string) func() bool { return func() bool { return strings.Count(logOf(g), "up="+what) == 1 } }
			eventually(t, "the first is up", ups("."))
			if g.BesidePID() != 0 || g.BesideExit() != nil {
				t.Errorf("pid %d before it is started", g.BesidePID())
			}
			if err := g.StartBeside(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the second is up", ups("beside."))
			members, err := g.Members() // those of the cgroup, if there is one
			isBeside := func(host int) bool { return innermost(host) == g.BesidePID() }
			if err != nil || !slices.ContainsFunc(members, isBeside) || g.BesidePID() == g.LeaderPID() || g.Exit() != nil {
				t.Errorf("members %v, %v; pids %d and %d", members, err, g.LeaderPID(), g.BesidePID())
			}
			if err := g.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-g.Done()
			if err := g.Again(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the first is up again", func() bool { return strings.Count(logOf(g), "up=.") == 2 })
			if e := g.BesideExit(); e != nil {
				t.Fatalf("the second ended with the first: %+v", e)
			}
			stop := Stop(t.Context(), bench.NewClock(), g, nil, syscall.SIGTERM, 10*time.Second, 0)
			if e := g.BesideExit(); e == nil || e.Code != 3 {
				t.Errorf("the second ended %+v, want exit code 3", e)
			}
			if stop.Exit == nil || *stop.Exit != (bench.ExitStatus{}) || stop.Survivors != 0 || stop.Seconds < 0.3 || !strings.HasSuffix(logOf(g), "second.\nfirst.\n") {
				t.Errorf("%+v, and the log\n%s", stop, logOf(g))
			}
			if err := g.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// One that does not end in its grace gets SIGTERM, and the first one is asked to end then.
func TestBesideIsSlow(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			g := startBoth(t, caps, "exec sleep 1000", `trap '' QUIT; echo up.; while :; do sleep 0.01; done`, 200*time.Millisecond)
			if err := g.StartBeside(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it is up", func() bool { return strings.Contains(logOf(g), "up.") })
			stop := Stop(t.Context(), bench.NewClock(), g, nil, syscall.SIGTERM, 10*time.Second, 0)
			if e := g.BesideExit(); e == nil || e.Signal != "SIGTERM" || stop.Survivors != 0 || stop.Seconds < 0.2 || stop.NeededSIGKILL {
				t.Errorf("%+v, the second %+v", stop, e)
			}
		})
	}
}

// If it was never started, nobody waits for it. If it cannot be, the error says so.
func TestBesideThatIsNot(t *testing.T) {
	ownTemp(t)
	caps := available(t)[0]
	g := startBoth(t, caps, "exec sleep 1000", "true", time.Hour)
	if stop := Stop(t.Context(), bench.NewClock(), g, nil, syscall.SIGTERM, 10*time.Second, 0); stop.Seconds > 5 || stop.NeededSIGKILL {
		t.Errorf("%+v", stop)
	}
	s, user := newTestScratch(t)
	spec := Spec{Argv: []string{"sleep", "1000"}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: s.Work, Log: filepath.Join(s.Dir, "log"), User: user, Limits: smallLimits, Scratch: s}
	for want, b := range map[string]*Beside{
		"no second command":   {Dir: s.Work},
		`"x" is not absolute`: {Argv: []string{"y"}, Dir: "x"},
	} {
		spec.Beside = b
		if _, err := Start(t.Context(), caps, spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	spec.Beside = &Beside{Argv: []string{"no-such-proxy"}, Dir: s.Work, Stop: syscall.SIGQUIT}
	g, err := Start(t.Context(), caps, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.Destroy(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	var env *bench.EnvironmentError
	if err := g.StartBeside(t.Context()); !errors.As(err, &env) || !strings.Contains(err.Error(), fmt.Sprintf("cannot start %q", "no-such-proxy")) {
		t.Error(err)
	}
	if g.Exit() != nil {
		t.Error("the first ended")
	}
}
