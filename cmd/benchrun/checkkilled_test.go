package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A killed check leaves no folder behind, not even that of its log.
func TestKilledCheckLeavesNothing(t *testing.T) {
	server := writeServer(t, "sleeper", `["/bin/sleep", "60"]`)
	dir := openTo(t, nil)
	cmd := exec.Command(os.Args[0], "check-server", server, "-p", "default")
	cmd.Env = append(os.Environ(), asMain+"=1", "TMPDIR="+dir, "HOME="+dir, "BENCHRUN_CACHE="+filepath.Join(dir, "cache"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await := func(what string, ok func() bool) {
		for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Errorf("not within a minute: %s", what)
				return
			}
		}
	}
	found := func(pattern string) []string {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	await("the server is launched", func() bool { return len(found("benchrun-*/*/app/attempt.json")) > 0 })
	_ = cmd.Process.Kill()
	_ = cmd.Wait()            // the error says that it was killed
	left := func() []string { // what is in a scratch folder, and any folder beside them
		return append(found("benchrun-*/*/*"), found("benchrun-check*")...)
	}
	await("nothing is left", func() bool { return len(left()) == 0 })
}
