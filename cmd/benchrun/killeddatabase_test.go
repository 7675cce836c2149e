package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/procfs"
)

// Nothing is left of the database either, if benchrun is killed while requests wait for it.
func TestNothingLeftOfADatabase(t *testing.T) {
	for family, waits := range map[string]func(process string) bool{
		"db-lock": func(process string) bool { return strings.Contains(process, "UPDATE waiting") },
		"db-stall": func(process string) bool {
			pid, _, _ := strings.Cut(process, " ")
			n, err := strconv.Atoi(pid)
			if err != nil {
				return false
			}
			s, err := procfs.ReadStat(n)
			return err == nil && s.State == 'T'
		},
	} {
		t.Run(family, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			dir := shortTempDir(t)
			cmd := benchrunCommand(ctx, t, "-s", "reference", "-p", "no-watchdog", "-c", family, "--attempts", "1", "--out", filepath.Join(dir, "out"))
			cmd.Env = append(cmd.Env, "TMPDIR="+dir)
			var said bytes.Buffer
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			for waiting := false; !waiting; time.Sleep(20 * time.Millisecond) {
				for _, process := range survivors(t, dir) {
					waiting = waiting || waits(process)
				}
				select {
				case err := <-ended:
					t.Fatalf("benchrun ended before anybody waited for the database: %v\n%s", err, said.String())
				default:
				}
			}
			ids := scratchIDs(t, dir)
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			nothingLeft(t, time.Minute, dir, ids)
			<-ended
		})
	}
}
