package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/procfs"
)

func TestInstallEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	pidFile := filepath.Join(dir, "pid")
	fakeUV(t, fmt.Sprintf(`echo $$ >%q.new; mv %q.new %q; sleep 1000; true`, pidFile, pidFile, pidFile))
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	go func() {
		defer cancel(why)
		waitFor(t, "the installation to begin", func() bool { return exists(pidFile) })
	}()
	_, err := Install(ctx, InstallOptions{Server: toyServer(toyWheel(t, dir, "1.0.0")), Profile: "default", Run: supervised})
	if !errors.Is(err, why) {
		t.Fatalf("got %v, want that it was interrupted", err)
	}
	pid := pidIn(t, pidFile)
	waitFor(t, "the group of the installer to end", func() bool {
		return errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH) || zombie(pid)
	})
}

func zombie(pid int) bool {
	s, err := procfs.ReadStat(pid)
	return err != nil || s.Gone()
}

// apt-get outlives a killed benchrun, and keeps the lock.
func TestLockIsKeptByWhatStillRuns(t *testing.T) {
	base := filepath.Join(t.TempDir(), "env")
	pidFile := base + ".pid"
	err := locked(t.Context(), base, func() {}, func(tl tool) error {
		return tl.alone(t.Context(), func() {}, "/bin/sh", "-c", `sleep 1000 & echo $! >"$0"`, pidFile)
	})
	if err != nil {
		t.Fatal(err)
	}
	pid := pidIn(t, pidFile)
	waited := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- locked(t.Context(), base, func() { close(waited) }, func(tool) error { return nil })
	}()
	<-waited // somebody has the lock, which can only be the orphan
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A supervised step holds the lock while it lives, and the processes that it leaves are
// ended.
func TestStepHoldsTheLockAndLeavesNothing(t *testing.T) {
	base := filepath.Join(t.TempDir(), "env")
	pidFile := base + ".pid"
	err := locked(t.Context(), base, func() {}, func(tl tool) error {
		return tl.step(t.Context(), supervised, "/bin/sh", "-c",
			`setsid sleep 1000 & echo $! >"$0"; test "$(readlink /proc/$$/fd/5)" = "$1" || exit 9`, pidFile, base+".lock")
	})
	if err != nil {
		t.Fatal(err)
	}
	if pid := pidIn(t, pidFile); !zombie(pid) {
		t.Errorf("the sleeper %d lives", pid)
	}
}

// An interruption does not end apt-get: benchrun asks it to stop, and waits.
func TestAloneIsWaitedFor(t *testing.T) {
	base := filepath.Join(t.TempDir(), "apt")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	begun, done, told := base+".begun", base+".done", false
	go func() {
		defer cancel(why)
		waitFor(t, "the installation to begin", func() bool { return exists(begun) })
	}()
	err := locked(ctx, base, func() {}, func(tl tool) error {
		return tl.alone(ctx, func() { told = true }, "/bin/sh", "-c",
			`trap 'asked=yes' INT; : >"$0"; while [ -z "$asked" ]; do sleep 0.01; done; sleep 0.1; : >"$1"`, begun, done)
	})
	if !errors.Is(err, why) || !exists(done) || !told {
		t.Errorf("got %v, done %v, said that it waits %v", err, exists(done), told)
	}
}

// A program that prints endlessly takes no memory, and ends at its time limit.
func TestEndlessOutputIsBounded(t *testing.T) {
	var kept bytes.Buffer
	err := RunProgram(supervised).bounded(t.Context(), 2*time.Second, Program{
		Argv: []string{"/bin/sh", "-c", "yes & exec yes"}, Out: &capped{w: &kept, left: askOutput},
	}, kept.String)
	if err == nil || !strings.Contains(err.Error(), "/bin/sh -c yes & exec yes did not end within 2s") {
		t.Errorf("error %v", err)
	}
	if kept.Len() != askOutput {
		t.Errorf("%d bytes are kept, want %d", kept.Len(), askOutput)
	}
}

func pidIn(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestMeaningfulLine(t *testing.T) {
	for want, output := range map[string]string{
		"ERROR: No matching distribution found for x==1": `Looking in links: /opt/wheels
ERROR: Could not find a version that satisfies the requirement x==1 (from versions: none)
ERROR: No matching distribution found for x==1
[notice] A new release of pip is available`,
		"RuntimeError: The 'apxs' command appears not to be installed.": `  error: subprocess-exited-with-error
  × python setup.py egg_info did not run successfully.
      Traceback (most recent call last):
          raise RuntimeError('The %r command'
      RuntimeError: The 'apxs' command appears not to be installed.
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
error: metadata-generation-failed
hint: See above for details.`,
		"toy.c:1:10: fatal error: Python.h: No such file or directory": `building 'toy' extension
toy.c:1:10: fatal error: Python.h: No such file or directory
compilation terminated.
error: command '/usr/bin/gcc' failed with exit code 1`,
		"E: Unable to locate package libtoy-dev": "Reading package lists...\nE: Unable to locate package libtoy-dev\n",
		"killed":                                 "one\nkilled\n\n",
		"":                                       "",
	} {
		if got := meaningfulLine(output); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
