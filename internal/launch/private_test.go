package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// The System V key of what the leaver makes, and the name of its files and queue.
const (
	leftKey  = 0x4c656674
	leftName = "left-by-a-test-of-benchrun"
)

// leftFiles are the files that the leaver makes, besides one in the folder that its
// argument names.
var leftFiles = []string{"/tmp/" + leftName, "/var/tmp/" + leftName, "/dev/shm/" + leftName, "/run/lock/" + leftName, "/dev/mqueue/" + leftName}

// leave makes one of each thing that outlives a process. It prints which of them it can
// find itself, and whether it can read what was there before.
func leave(open, seen string) {
	var made []string
	for _, file := range append(slices.Clone(leftFiles), filepath.Join(open, leftName)) {
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			continue
		}
		if b, err := os.ReadFile(file); err == nil && string(b) == "x" {
			made = append(made, file)
		}
	}
	for what, call := range map[string][]uintptr{
		"shm": {unix.SYS_SHMGET, leftKey, 4096, unix.IPC_CREAT | 0o600},
		"sem": {unix.SYS_SEMGET, leftKey, 1, unix.IPC_CREAT | 0o600},
		"msg": {unix.SYS_MSGGET, leftKey, unix.IPC_CREAT | 0o600, 0},
	} {
		if _, _, err := unix.Syscall(call[0], call[1], call[2], call[3]); err == 0 {
			made = append(made, what)
		}
	}
	name, err := unix.BytePtrFromString(leftName)
	if err != nil {
		panic(err)
	}
	if _, _, err := unix.Syscall6(unix.SYS_MQ_OPEN, uintptr(unsafe.Pointer(name)), unix.O_CREAT|unix.O_RDWR, 0o600, 0, 0, 0); err == 0 {
		made = append(made, "mq")
	}
	b, err := os.ReadFile(seen)
	if err == nil && string(b) == "seen" {
		made = append(made, "seen")
	}
	slices.Sort(made)
	fmt.Println("made", strings.Join(made, " "))
	fmt.Println("ready")
	time.Sleep(time.Hour)
}

// leftovers lists what a leaver has made that is visible in this process's namespaces.
func leftovers(open string) (left []string) {
	for _, file := range append(slices.Clone(leftFiles), filepath.Join(open, leftName)) {
		if _, err := os.Lstat(file); err == nil {
			left = append(left, file)
		}
	}
	for _, what := range []string{"shm", "sem", "msg"} {
		b, err := os.ReadFile("/proc/sysvipc/" + what)
		if err != nil {
			left = append(left, err.Error())
		}
		if strings.Contains(string(b), strconv.Itoa(leftKey)) {
			left = append(left, what)
		}
	}
	name, err := unix.BytePtrFromString(leftName)
	if err != nil {
		panic(err)
	}
	if _, _, err := unix.Syscall(unix.SYS_MQ_UNLINK, uintptr(unsafe.Pointer(name)), 0, 0); err == 0 {
		left = append(left, "mq")
	}
	return left
}

// leaverSeen is what runLeaver found out.
type leaverSeen struct {
	Error  string
	Level  Level
	Made   string   // the things it made, as the server says
	During []string // what was visible from outside meanwhile
	After  []string
	Full   string // what happened when it wrote more than fits
	Limits bench.Limits
}

// runLeaver runs a leaver at a level, as root or as an ordinary user.
func runLeaver(level Level) (seen leaverSeen) {
	seen.Level = level
	fail := func(err error) leaverSeen { seen.Error = err.Error(); return seen }
	caps, err := TryLevel(context.Background(), level)
	if err != nil {
		return fail(err)
	}
	if !caps.Private {
		return fail(fmt.Errorf("no private places: %s", strings.Join(caps.Why, "; ")))
	}
	user, err := Unprivileged()
	if err != nil {
		return fail(err)
	}
	s, err := NewScratch(user)
	if err != nil {
		return fail(err)
	}
	defer s.Remove() //nolint:errcheck // an empty folder in ownTemp
	open := filepath.Join(os.TempDir(), "open")
	was := filepath.Join(os.TempDir(), "was")
	if err := os.Mkdir(open, 0o777); err != nil {
		return fail(err)
	}
	_ = os.Chmod(open, 0o777)
	if err := os.WriteFile(was, []byte("seen"), 0o644); err != nil {
		return fail(err)
	}
	_ = os.Chmod(was, 0o644)
	limits := smallLimits
	limits.TmpBytes = 2 << 20
	run := func(argv []string) (*Group, error) {
		return Start(context.Background(), caps, Spec{Argv: argv, Env: []string{"PATH=/usr/bin:/bin"}, Dir: s.Work,
			Log: filepath.Join(s.Dir, "log"), User: user, Limits: limits, Scratch: s})
	}
	g, err := run(part("leave", open, was))
	if err != nil {
		return fail(err)
	}
	seen.Limits = g.Limits()
	for range 5000 {
		if strings.Contains(logOf(g), "ready") {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	seen.Made, _, _ = strings.Cut(logOf(g), "\n")
	seen.During = leftovers(open)
	if err := g.Destroy(context.Background()); err != nil {
		return fail(err)
	}
	seen.After = leftovers(open)
	g, err = run([]string{"sh", "-c", "head -c 3000000 /dev/zero >/tmp/" + leftName + "; head -c 3000000 /dev/zero >/dev/shm/" + leftName + "; touch here && echo here"})
	if err != nil {
		return fail(err)
	}
	<-g.Done()
	if err := g.Destroy(context.Background()); err != nil {
		return fail(err)
	}
	_, seen.Full, _ = strings.Cut(logOf(g), "ready\n")
	return seen
}

// What a server leaves outside of its folders ends with it. It sees its own things and
// what was there before; outside, none of its things are visible. It cannot write more
// than the limit.
func TestPrivatePlaces(t *testing.T) {
	type person struct {
		who   string
		level Level
		user  *syscall.Credential
	}
	people := []person{{"self", UserNamespace, nil}}
	if os.Geteuid() == 0 {
		people = []person{{"root", PIDNamespace, nil}, {"root", UserNamespace, nil},
			{"nobody", UserNamespace, &syscall.Credential{Uid: 65534, Gid: 65534}}}
	}
	for _, p := range people {
		t.Run(p.who+"/"+string(p.level), func(t *testing.T) {
			if _, err := TryLevel(t.Context(), p.level); err != nil {
				t.Skipf("not available here: %v", err)
			}
			ownTemp(t)
			if p.user != nil {
				if err := os.Chown(os.TempDir(), int(p.user.Uid), int(p.user.Gid)); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "__part", "run-leaver", string(p.level))
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.user}
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var seen leaverSeen
			if err := json.Unmarshal(out, &seen); err != nil || seen.Error != "" {
				t.Fatalf("%s %v", out, err)
			}
			for _, want := range []string{"/tmp/" + leftName, "/dev/shm/" + leftName, "shm", "sem", "msg", "mq", "seen"} {
				if !slices.Contains(strings.Fields(seen.Made), want) {
					t.Errorf("the server has no %s: %s", want, seen.Made)
				}
			}
			if len(seen.During) > 0 || len(seen.After) > 0 {
				t.Errorf("outside: %v while it ran, %v afterwards", seen.During, seen.After)
			}
			if n := strings.Count(seen.Full, "No space left"); n != 2 || !strings.Contains(seen.Full, "here") || seen.Limits.TmpBytes != 2<<20 {
				t.Errorf("3 MB into %d bytes, twice, then a file in the working folder: %q", seen.Limits.TmpBytes, seen.Full)
			}
		})
	}
}

// A server can use its own folders wherever they are, also through a link. What
// benchrun must know about a killed run is closed to the server, even if both run as
// the same user.
func TestOwnFoldersBehindALink(t *testing.T) {
	ownTemp(t)
	real := filepath.Join(os.TempDir(), "real")
	if err := errors.Join(os.Mkdir(real, 0o711), os.Symlink("real", filepath.Join(os.TempDir(), "link"))); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(os.TempDir(), "link"))
	for _, caps := range available(t) {
		if !caps.Private {
			continue
		}
		s, err := NewScratch(nil) // a server of root could write everywhere
		if err != nil {
			t.Fatal(err)
		}
		state := filepath.Join(s.Dir, stateFile)
		before, err := os.ReadFile(state)
		if err != nil {
			t.Fatal(err)
		}
		g, err := Start(t.Context(), caps, Spec{
			Argv: []string{"sh", "-c", "echo app >in; echo work >../work/in; echo spoiled >" + state + "; echo spoiled >../" + lockFile},
			Env:  []string{"PATH=/usr/bin:/bin"}, Dir: s.App, Log: filepath.Join(s.Dir, "log"), Limits: smallLimits, Scratch: s,
		})
		if err != nil {
			t.Fatal(err)
		}
		<-g.Done()
		app, err1 := os.ReadFile(filepath.Join(s.App, "in"))
		work, err2 := os.ReadFile(filepath.Join(s.Work, "in"))
		if err := errors.Join(err1, err2); err != nil || string(app) != "app\n" || string(work) != "work\n" {
			t.Errorf("%s: app %q, work %q, %v: %s", caps.Level, app, work, err, logOf(g))
		}
		after, err := os.ReadFile(state)
		if err != nil || len(after) < len(before) || strings.Contains(string(after), "spoiled") {
			t.Errorf("%s: state %q, %v", caps.Level, after, err)
		}
		if lock, err := os.ReadFile(filepath.Join(s.Dir, lockFile)); err != nil || len(lock) > 0 {
			t.Errorf("%s: lock %q, %v", caps.Level, lock, err)
		}
		if err := errors.Join(g.Destroy(t.Context()), s.Remove()); err != nil {
			t.Error(err)
		}
	}
}

// A server has its folders and private places, also if these folders lie in shared
// memory.
func TestOwnFoldersInSharedMemory(t *testing.T) {
	dir, err := os.MkdirTemp(sharedMemory, "launch")
	if err != nil {
		t.Skipf("no folder in shared memory can be made: %v", err)
	}
	t.Cleanup(func() { _ = removeTree(dir, time.Now().Add(time.Minute)) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	levels := available(t)
	t.Setenv("TMPDIR", dir)
	for _, level := range levels {
		if !level.Private {
			continue
		}
		caps, err := TryLevel(t.Context(), level.Level)
		if err != nil || !caps.Private {
			t.Errorf("%s: private %v, %v, %v", level.Level, caps.Private, caps.Why, err)
			continue
		}
		user, err := Unprivileged()
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewScratch(user)
		if err != nil {
			t.Fatal(err)
		}
		g, err := Start(t.Context(), caps, Spec{
			Argv: []string{"sh", "-c", "echo app >in; echo work >../work/in; echo x >" + sharedMemory + "/" + leftName + " && echo ready"},
			Env:  []string{"PATH=/usr/bin:/bin"}, Dir: s.App, Log: filepath.Join(s.Dir, "log"), User: user, Limits: smallLimits, Scratch: s,
		})
		if err != nil {
			t.Fatal(err)
		}
		<-g.Done()
		app, err1 := os.ReadFile(filepath.Join(s.App, "in"))
		work, err2 := os.ReadFile(filepath.Join(s.Work, "in"))
		if err := errors.Join(err1, err2); err != nil || string(app) != "app\n" || string(work) != "work\n" || !strings.Contains(logOf(g), "ready") {
			t.Errorf("%s: app %q, work %q, %v: %s", caps.Level, app, work, err, logOf(g))
		}
		if err := errors.Join(g.Destroy(t.Context()), s.Remove()); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(filepath.Join(sharedMemory, leftName)); err == nil {
			t.Errorf("%s: what it wrote to shared memory is left", caps.Level)
		}
	}
}

// Folders that everybody may write to, but that are not for temporary files, are
// read-only for the server: nobody would remove its files there.
func TestElsewhereIsReadOnly(t *testing.T) {
	dir, err := os.MkdirTemp("/var", "launch")
	if err != nil {
		t.Skipf("no folder outside of /tmp can be made: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	ownTemp(t)
	tried := false
	for _, caps := range available(t) {
		if !caps.Private {
			continue
		}
		tried = true
		g := startPart(t, caps, smallLimits, "sh", "-c", "echo x >"+filepath.Join(dir, leftName)+"; echo x >/dev/null && echo ready")
		<-g.Done()
		if !strings.Contains(logOf(g), "Read-only file system") || !strings.Contains(logOf(g), "ready") {
			t.Errorf("%s: %s", caps.Level, logOf(g))
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if !tried {
		t.Skip("no private places here")
	}
}
