package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// A real server with a database beside it. It loses its threads one after the other to
// requests that wait for a lock. A restart of the database costs nobody anything.
func TestMeasuredDatabase(t *testing.T) {
	t.Parallel()
	run, folder := measure(t, 0, "-s", "waitress", "-p", "default", "-c", "db-lock,db-restart")
	wantVerdicts(t, run, map[string]bench.Verdict{
		"waitress/default/db-lock-1pct": bench.Failed,
		"waitress/default/db-restart":   bench.Held,
	})
	judgedTheSame(t, folder)
}

// Nothing is left of a database either, if benchrun is ended while requests wait for it: no
// process, socket, folder or shared memory.
func TestNothingLeftOfADatabase(t *testing.T) {
	for _, tt := range []struct {
		who    string
		user   *syscall.Credential
		sig    syscall.Signal
		family string
		waits  func(process string) bool
	}{
		{"self", nil, syscall.SIGKILL, "db-stall", isStopped},
		{"self", nil, syscall.SIGINT, "db-lock", waitsForLock},
		{"nobody", nobody, syscall.SIGKILL, "db-lock", waitsForLock},
	} {
		if tt.user != nil && os.Geteuid() != 0 {
			continue // only root can become another user
		}
		t.Run(tt.who+"/"+unix.SignalName(tt.sig)+"/"+tt.family, func(t *testing.T) {
			t.Parallel() // measures nothing
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
			defer cancel()
			dir := openTo(t, tt.user)
			others := posixMemory(t)
			binary := copyFile(t, os.Args[0], filepath.Join(dir, "benchrun-under-test"), 0o755)
			cmd := exec.CommandContext(ctx, binary, "-s", "reference", "-p", "no-watchdog", "-c", tt.family, "--attempts", "1", "--out", filepath.Join(dir, "out"))
			cmd.Env = append(os.Environ(), asMain+"=1", "TMPDIR="+dir, "HOME="+dir, "BENCHRUN_CACHE="+filepath.Join(dir, "cache"))
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: tt.user}
			var said bytes.Buffer
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			var processes []string
			for ; !slices.ContainsFunc(processes, tt.waits); time.Sleep(20 * time.Millisecond) {
				select {
				case err := <-ended:
					t.Fatalf("benchrun ended before anybody waited for the database: %v\n%s", err, said.String())
				default:
					processes = survivors(t, dir)
				}
			}
			ids := scratchIDs(t, dir)
			if len(socketsBelow(t, dir)) == 0 {
				t.Error("the database has no socket that this test could miss")
			}
			if err := cmd.Process.Signal(tt.sig); err != nil {
				t.Fatal(err)
			}
			nothingLeft(t, time.Minute, dir, ids)
			if err := <-ended; err == nil {
				t.Error("benchrun ended with code 0 although it was interrupted")
			}
			left := slices.Concat(socketsBelow(t, dir), systemVMemoryOf(t, processes), slices.DeleteFunc(posixMemory(t), func(file string) bool { return slices.Contains(others, file) }))
			if len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// waitsForLock says whether a process is one of PostgreSQL's that waits for a lock: its
// title says so.
func waitsForLock(process string) bool { return strings.Contains(process, "UPDATE waiting") }

func isStopped(process string) bool {
	s, err := procfs.ReadStat(pidOf(process))
	return err == nil && s.State == 'T'
}

// pidOf is the pid of a process as survivors names it.
func pidOf(process string) int {
	pid, _, _ := strings.Cut(process, " ")
	n, _ := strconv.Atoi(pid)
	return n
}

// socketsBelow lists the Unix sockets that are bound to a path in dir.
func socketsBelow(t *testing.T, dir string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, " "+dir+"/") {
			lines = append(lines, line)
		}
	}
	return lines
}

// systemVMemoryOf lists the System V shared memory that these processes made.
func systemVMemoryOf(t *testing.T, processes []string) (left []string) {
	t.Helper()
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line) // key shmid perms size cpid …
		if slices.ContainsFunc(processes, func(p string) bool { return strconv.Itoa(pidOf(p)) == fields[4] }) {
			left = append(left, line)
		}
	}
	return left
}

// posixMemory lists the shared memory of all PostgreSQLs that has a name.
func posixMemory(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("/dev/shm/PostgreSQL.*")
	if err != nil {
		t.Fatal(err)
	}
	return files
}
