package place

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// playPrepare installs a server with the given version command.
func playPrepare(command []string) {
	host, err := NewHost(context.Background(), bench.Environment{MemoryBytes: 4 << 30}, "test", 0)
	if err != nil {
		panic(err)
	}
	_, _ = versionOf(context.Background(), host, command...)
}

// versionOf installs a server whose version this command prints.
func versionOf(ctx context.Context, host *Host, command ...string) (string, error) {
	server := &targets.Server{
		Name: "toy", App: targets.AppBuiltin, File: "toy.yaml", VersionCommand: command,
		CommandWords: []string{"/bin/false"}, Profiles: map[string]targets.Profile{"default": {Workers: 1}},
	}
	p, err := host.Install(ctx, plan.Cell{Server: server, Profile: "default"}, "", func(string) {})
	if err != nil {
		return "", err
	}
	return p.Installation.Version, nil
}

// openTemp makes a TMPDIR for this test that every user may enter.
func openTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "place")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o777); err != nil { // the servers' user leaves its pids here
		t.Fatal(err)
	}
	return dir
}

func testHost(t *testing.T) *Host {
	t.Helper()
	host, err := NewHost(t.Context(), bench.Environment{MemoryBytes: 4 << 30}, "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// running says whether some process has this word in its command line.
func running(t *testing.T, word string) bool {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		b, err := os.ReadFile(file)
		if err == nil && bytes.Contains(b, []byte("\x00"+word+"\x00")) {
			return true
		}
	}
	return false
}

// seldom is a number of seconds for which no other process sleeps.
func seldom(n int) string { return strconv.Itoa(1_000_000 + os.Getpid()*10 + n) }

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// benchrun ends the processes that a version command leaves in a session of their
// own, and does not wait for their output.
func TestVersionCommandLeavesNothing(t *testing.T) {
	openTemp(t)
	host := testHost(t)
	sleep := seldom(1)
	began := time.Now()
	version, err := versionOf(t.Context(), host, "/bin/sh", "-c", "setsid sleep "+sleep+" & echo 1.2.3")
	if err != nil || version != "1.2.3" {
		t.Errorf("version %q, %v", version, err)
	}
	if running(t, sleep) {
		t.Errorf("sleep %s is left after %v", sleep, time.Since(began))
	}
}

// An interruption ends a version command that ignores signals.
func TestVersionCommandEndsWithItsContext(t *testing.T) {
	openTemp(t)
	host := testHost(t)
	sleep := seldom(2)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	go func() {
		defer cancel(why)
		eventually(t, "the version command runs", func() bool { return running(t, sleep) })
	}()
	_, err := versionOf(ctx, host, "/bin/sh", "-c",
		"trap : TERM INT HUP; setsid sleep "+sleep+" & while :; do sleep 1; done")
	if !errors.Is(err, why) {
		t.Errorf("error %v", err)
	}
	if running(t, sleep) {
		t.Errorf("sleep %s is left", sleep)
	}
}

// When benchrun is killed, its version command ends as well.
func TestVersionCommandEndsWithAKilledBenchrun(t *testing.T) {
	openTemp(t)
	testHost(t)
	sleep := seldom(3)
	cmd := exec.Command("/proc/self/exe", "__prepare", "/bin/sh", "-c",
		"trap : TERM INT HUP; setsid sleep "+sleep+" & while :; do sleep 1; done")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the version command runs", func() bool { return running(t, sleep) })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	eventually(t, "nothing of it is left", func() bool { return !running(t, sleep) })
	if _, err := launch.Sweep(); err != nil {
		t.Error(err)
	}
}

// A version command gets a server's memory limit; a build gets more.
func TestProgramsMemory(t *testing.T) {
	openTemp(t)
	host := testHost(t)
	if !host.Caps.Memory {
		t.Skip("no limit of memory can be set here")
	}
	host.Limits.MemoryBytes, host.Environment.MemoryBytes = 64<<20, 400<<20
	const hog = `b = bytearray(150 << 20); print("1.2.3")`
	_, err := versionOf(t.Context(), host, "/usr/bin/python3", "-c", hog)
	var env *bench.EnvironmentError
	if !errors.As(err, &env) || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("with a server's memory: %v", err)
	}
	for builds, want := range map[bool]bench.ExitStatus{true: {}, false: {Signal: "SIGKILL"}} {
		exit, _, err := host.RunProgram(t.Context(), targets.Program{
			Argv: []string{"/usr/bin/python3", "-c", hog}, Builds: builds, Out: &bytes.Buffer{},
		})
		if err != nil || exit != want {
			t.Errorf("builds %v: ended %+v, %v, want %+v", builds, exit, err, want)
		}
	}
}

// benchrun ends a program before it takes the last of the host's memory, even if
// no cgroup limits it.
func TestProgramsLeaveTheHostMemory(t *testing.T) {
	openTemp(t)
	host := testHost(t)
	host.MemoryFloor = 1 << 60 // more than there is
	sleep := seldom(4)
	_, err := versionOf(t.Context(), host, "/bin/sleep", sleep)
	var env *bench.EnvironmentError
	if !errors.As(err, &env) || !strings.Contains(err.Error(), "memory are available") || env.Hint == "" {
		t.Errorf("error %v", err)
	}
	if running(t, sleep) {
		t.Errorf("sleep %s is left", sleep)
	}
}

// If nothing may be run on a file system, the error names it. The server is
// benchrun's own, which benchrun copies there.
func TestScratchOnNoexec(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	dir := openTemp(t)
	host := testHost(t)
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOEXEC, "mode=1777"); err != nil {
		t.Skipf("cannot mount: %v", err)
	}
	defer func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	server, err := reg.Lookup("reference")
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := host.Install(t.Context(), plan.Cell{Server: server, Profile: "default"}, "", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), host, prepared, Options{Clock: bench.NewClock(), Journal: &Journal{}, LogPath: filepath.Join(t.TempDir(), "log")})
	var env *bench.EnvironmentError
	if !errors.As(err, &env) || !strings.Contains(err.Error(), "noexec") || !strings.Contains(env.Hint, "TMPDIR") {
		t.Errorf("error %v", err)
	}
}

// A version command leaves nothing in places that everybody may write to. A build
// writes to its user's caches.
func TestWhereProgramsWrite(t *testing.T) {
	dir := openTemp(t)
	host := testHost(t)
	if !host.Caps.Private {
		t.Skip("no private places can be had here")
	}
	for builds, want := range map[bool]bool{true: true, false: false} {
		file := filepath.Join(dir, strconv.FormatBool(builds))
		_, _, err := host.RunProgram(t.Context(), targets.Program{Argv: []string{"/bin/sh", "-c", `: >"$0"`, file}, Builds: builds, Out: &bytes.Buffer{}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); (err == nil) != want {
			t.Errorf("builds %v: %v", builds, err)
		}
	}
}
