package main

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
)

// However a run with several cells under way ends, nothing is left of them, the run's folder
// can be read, and each attempt is stored completely or not at all.
func TestMeasuredRunEndedWithSeveralUnderWay(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) { // the tests that call measures begin later
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			tmp, out := shortTempDir(t), t.TempDir()
			cmd := benchrunCommand(ctx, t, "--server", "reference", "--profile", "default,hardened", "--scenario", "slow,legit-slow", "--out", out)
			cmd.Env = append(cmd.Env, "TMPDIR="+tmp)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			var ids []string
			for deadline := time.Now().Add(time.Minute); len(ids) < 3; time.Sleep(50 * time.Millisecond) {
				if ids = scratchIDs(t, tmp); time.Now().After(deadline) {
					t.Fatalf("only %d cells are under way at once\n%s", len(ids), stderr.String())
				}
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Log(err)
			}
			if code := cmd.ProcessState.ExitCode(); signal == syscall.SIGINT && code != bench.ExitInterrupted {
				t.Errorf("exit code %d\n%s", code, stderr.String())
			}
			nothingLeft(t, leaveTime, tmp, ids)
			runs, err := filepath.Glob(filepath.Join(out, "*", results.RunFile))
			if err != nil || len(runs) != 1 {
				t.Fatalf("%d runs: %v", len(runs), err)
			}
			folder, err := results.OpenFolder(filepath.Dir(runs[0]))
			if err != nil {
				t.Fatal(err)
			}
			run, err := folder.Run(t.Context())
			if err != nil || run.Asked == nil || run.Interrupted != (signal == syscall.SIGINT) {
				t.Errorf("run %+v, %v", run, err)
			}
			lines, _, damaged, err := folder.ReadAttempts(t.Context())
			if err != nil || len(damaged) > 0 {
				t.Errorf("attempts: %v, %v", damaged, err)
			}
			var stored []string
			for _, l := range lines {
				stored = append(stored, l.Attempt().Record)
			}
			records, err := folder.Records()
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range records {
				if signal == syscall.SIGINT && !slices.Contains(stored, file) {
					t.Errorf("%s belongs to no attempt", file)
				}
			}
		})
	}
}
