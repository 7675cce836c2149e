package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
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
	_, err := Install(ctx, InstallOptions{Server: toyServer(toyWheel(t, dir, "1.0.0")), Profile: "default"})
	if !errors.Is(err, why) {
		t.Fatalf("got %v, want that it was interrupted", err)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the group of the installer to end", func() bool {
		return errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH) || zombie(pid)
	})
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// A build that outlives a killed benchrun keeps the lock.
func TestLockIsKeptByWhatStillRuns(t *testing.T) {
	base := filepath.Join(t.TempDir(), "env")
	pidFile := base + ".pid"
	err := locked(t.Context(), base, func() {}, func(tl tool) error {
		return tl.run(t.Context(), "/bin/sh", "-c", `sleep 1000 & echo $! >"$0"`, pidFile)
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- locked(t.Context(), base, func() { close(waited) }, func(tool) error { return nil })
	}()
	<-waited // it was taken, and nobody but the orphan has it
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
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
