package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
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
)

// stubborn is a server that ends only by SIGKILL. It double-forks a daemon into its own
// session. Both ignore all signals that can be ignored, and hold the port. The parent serves
// the app, so benchrun goes through every phase.
const stubborn = `
import os, signal, sys, time
from wsgiref.simple_server import make_server
from app import application
for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(s, signal.SIG_IGN)
httpd = make_server("127.0.0.1", int(sys.argv[1]), application)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(60)
    os._exit(0)
httpd.serve_forever()
`

// Whatever ends benchrun, and whenever, no process, listening port or folder of the server is
// left soon after. The next test checks how soon.
func TestNothingLeftWhenKilled(t *testing.T) {
	t.Parallel() // measures nothing
	server := writeStubborn(t)
	for _, tt := range []struct {
		who  string
		user *syscall.Credential
		sigs []syscall.Signal
	}{
		{"self", nil, []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT}},
		{"nobody", nobody, []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}},
	} {
		if tt.user != nil && os.Geteuid() != 0 {
			continue // only root can become another user
		}
		for _, sig := range tt.sigs {
			for _, phase := range []string{"boot", "baseline", "fault", "recovery", "shutdown"} {
				t.Run(fmt.Sprintf("%s/%s/%s", tt.who, unix.SignalName(sig), phase), func(t *testing.T) {
					t.Parallel()
					killIn(t, phase, sig, tt.user, server, time.Minute)
				})
			}
		}
	}
}

// It takes at most two seconds if little else uses the CPU.
func TestMeasuredNothingLeftWithinTwoSeconds(t *testing.T) {
	server := writeStubborn(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		for who, user := range map[string]*syscall.Credential{"self": nil, "nobody": nobody} {
			if user != nil && os.Geteuid() != 0 {
				continue // only root can become another user
			}
			t.Run(who+"/"+unix.SignalName(sig), func(t *testing.T) {
				t.Parallel() // they mostly wait for the phase
				killIn(t, "fault", sig, user, server, leaveTime)
			})
		}
	}
}

var nobody = &syscall.Credential{Uid: 65534, Gid: 65534}

func writeStubborn(t *testing.T) string {
	t.Helper()
	return writeServer(t, "stubborn", fmt.Sprintf(`["{python}", "-c", %q, "{port}", "{args}"]`, stubborn))
}

// killIn starts benchrun, sends the signal once the phase has begun, and checks that everything
// is gone within the given time.
func killIn(t *testing.T, phase string, sig syscall.Signal, user *syscall.Credential, server string, within time.Duration) {
	t.Helper()
	dir := openTo(t, user)
	binary := copyFile(t, os.Args[0], filepath.Join(dir, "benchrun-under-test"), 0o755)
	server = copyFile(t, server, filepath.Join(dir, "stubborn.yaml"), 0o644)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	port := freePort(t)
	cmd := exec.CommandContext(ctx, binary, "--server-file", server, "-c", "segfault-0.1pct",
		"--port", strconv.Itoa(port), "--out", filepath.Join(dir, "out"), "--python", "/usr/bin/python3")
	cmd.Env = append(os.Environ(), asMain+"=1", "TMPDIR="+dir, "HOME="+dir, "BENCHRUN_CACHE="+filepath.Join(dir, "cache"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	progress, terminal := openTerminal(t) // a terminal shows each phase at once
	cmd.Stderr = terminal
	seen := make(chan string, 1)
	said := make(chan string, 1)
	go func() { said <- awaitPhase(progress, phase, seen) }()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); _ = terminal.Close() }()
	select {
	case <-seen:
	case err := <-ended:
		t.Fatalf("benchrun ended before phase %s: %v\n%s", phase, err, <-said)
	case <-ctx.Done():
		t.Fatalf("phase %s never began", phase)
	}
	ids := scratchIDs(t, dir)
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	nothingLeft(t, within, dir, ids, port)
	t.Log("benchrun ended: ", <-ended)
	last := lastLine(<-said)
	if want := "0 of 1 cells have a verdict, and no attempt was over; to go on, type: benchrun --resume " + filepath.Join(dir, "out"); sig != syscall.SIGKILL && !strings.Contains(last, want) {
		t.Errorf("the last line is %q, want %q", last, want)
	}
	want := map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130, syscall.SIGKILL: -1}[sig]
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("exit code %d, want %d", got, want)
	}
}

// lastLine is the last line of what a terminal was sent.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// A second signal ends benchrun at once, whatever it waits for after the first one: here for
// somebody to read its stderr. Nothing is left.
func TestSecondSignalEndsARun(t *testing.T) {
	t.Parallel() // measures nothing
	dir := openTo(t, nil)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = reader.Close(), writer.Close() }()
	filler, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", writer.Fd()), os.O_WRONLY|unix.O_NONBLOCK, 0) // benchrun's own end must block
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = filler.Close() }()
	cmd := benchrunCommand(t.Context(), t, "--server", "reference", "--profile", "default", "--scenario", "segfault", "--out", filepath.Join(dir, "out"))
	cmd.Env = append(cmd.Env, "TMPDIR="+dir)
	cmd.Stderr = writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	untilUnderWay(t, dir)
	ids := scratchIDs(t, dir)
	fill(t, filler)
	for deadline := time.Now().Add(time.Minute); ; { // one signal may be lost in another that is not handled yet
		if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case <-ended:
			if code := cmd.ProcessState.ExitCode(); code != bench.ExitInterrupted {
				t.Errorf("exit %d, want %d", code, bench.ExitInterrupted)
			}
			nothingLeft(t, time.Minute, dir, ids)
			return
		case <-time.After(200 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			<-ended
			t.Fatal("benchrun goes on waiting")
		}
	}
}

// leaveTime is how long everything may take to be gone after benchrun has ended, if nothing
// else uses the CPU.
const leaveTime = 2 * time.Second

// nothingLeft waits until nothing is left of a benchrun that has just ended: dir was its
// TMPDIR, ids are the attempts that were under way, ports those of its servers.
func nothingLeft(t *testing.T, within time.Duration, dir string, ids []string, ports ...int) {
	t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		left := append(survivors(t, dir), leftovers(t, dir, ids)...)
		open := slices.ContainsFunc(ports, listening)
		if len(left) == 0 && !open {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v after its end: port open %v, left: %s", within, open, strings.Join(left, "; "))
		}
	}
}

// scratchIDs are the names of the existing scratch folders.
func scratchIDs(t *testing.T, dir string) []string {
	t.Helper()
	locks, err := filepath.Glob(filepath.Join(dir, "benchrun-*", "*", "lock"))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range locks {
		ids = append(ids, filepath.Base(filepath.Dir(l)))
	}
	return ids
}

// leftovers are the scratch folders in dir and the cgroups of ids that still exist.
func leftovers(t *testing.T, dir string, ids []string) []string {
	t.Helper()
	out := scratchIDs(t, dir)
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil // other cgroups come and go meanwhile
		}
		for _, id := range ids {
			if strings.HasPrefix(d.Name(), "benchrun-"+id) {
				out = append(out, path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// awaitPhase reads progress to its end, tells once when the phase begins, and gives
// what it read.
func awaitPhase(progress io.Reader, phase string, seen chan<- string) string {
	var text bytes.Buffer
	buf := make([]byte, 4096)
	told := false
	for {
		n, err := progress.Read(buf)
		text.Write(buf[:n])
		if !told && strings.Contains(text.String(), "segfault-0.1pct  "+phase) {
			told = true
			seen <- phase
		}
		if err != nil {
			return text.String()
		}
	}
}

// openTerminal makes a pseudo-terminal (pty(7)).
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// survivors lists live processes whose program or environment lies in dir.
func survivors(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		exe, _ := os.Readlink("/proc/" + e.Name() + "/exe")
		cwd, _ := os.Readlink("/proc/" + e.Name() + "/cwd")
		env, _ := os.ReadFile("/proc/" + e.Name() + "/environ")
		if strings.HasPrefix(exe, dir) || strings.HasPrefix(cwd, dir) || bytes.Contains(env, []byte("TMPDIR="+dir)) {
			cmdline, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
			if len(cmdline) == 0 { // a zombie, or it has ended
				continue
			}
			out = append(out, fmt.Sprintf("%d %.60q", pid, cmdline))
		}
	}
	return out
}

func listening(port int) bool {
	c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), 200*time.Millisecond)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// openTo makes a folder of the user's that every user may enter.
func openTo(t *testing.T, user *syscall.Credential) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "killed-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if user != nil {
		if err := os.Chown(dir, int(user.Uid), int(user.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) string {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	// If another test forked meanwhile, its child would have the file open for writing, and
	// then the file could not be executed.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(to, b, mode); err != nil {
		t.Fatal(err)
	}
	return to
}
