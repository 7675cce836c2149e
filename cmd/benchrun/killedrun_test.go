package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"benchrun/results"
)

// killedAfter starts a run, kills it once this many attempts are stored, checks that nothing is
// left of the attempts under way, and returns its folder.
func killedAfter(t *testing.T, attempts int, out string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	tmp := shortTempDir(t)
	cmd := benchrunCommand(ctx, t, append(args, "--out", out)...)
	cmd.Env = append(cmd.Env, "TMPDIR="+tmp)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	for {
		files, err := filepath.Glob(filepath.Join(out, "*", results.CellsFile))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 1 {
			folder, err := results.OpenFolder(filepath.Dir(files[0]))
			if err != nil {
				t.Fatal(err)
			}
			if lines, _, _, err := folder.ReadAttempts(t.Context()); err == nil && len(lines) >= attempts {
				untilUnderWay(t, tmp) // so that the next attempt is under way
				ids := scratchIDs(t, tmp)
				if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				<-ended
				nothingLeft(t, leaveTime, tmp, ids)
				return filepath.Dir(files[0])
			}
		}
		select {
		case <-ended:
			t.Fatalf("benchrun %v ended by itself: %s", args, stderr.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// shortTempDir is a folder with a path that is short enough for a server's sockets.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "b")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { // servers run as another user
		t.Fatal(err)
	}
	return dir
}

// untilUnderWay waits until a benchrun with this TMPDIR has an attempt under way, which may
// have to wait for cells of other tests. The scratch folder of an attempt is removed before the
// attempt is stored.
func untilUnderWay(t *testing.T, tmp string) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		found, err := filepath.Glob(filepath.Join(tmp, "benchrun-*", "*", "app", "attempt.json"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no attempt is under way")
		}
	}
}
