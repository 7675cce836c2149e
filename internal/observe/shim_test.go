package observe

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary runs itself again as a shim: "__shim plain|namespace
// COMMAND…". It starts COMMAND with file 3 as standard input, adopts orphans,
// and ends with all its descendants when its own standard input ends.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "__shim" {
		if err := shimMain(os.Args[2] == "namespace", os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "shim:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func shimMain(namespace bool, command []string) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	if namespace {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			return err
		}
	}
	files := []*os.File{os.NewFile(3, "commands"), os.Stdout, os.Stderr}
	if _, err := os.StartProcess(command[0], command, &os.ProcAttr{Files: files}); err != nil {
		return err
	}
	for _, f := range files[:2] {
		_ = f.Close() // otherwise the test would not notice the command's end
	}
	ending := make(chan struct{})
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadByte()
		close(ending)
		// Lists of children have gaps while orphans get a new parent. Only wait4 knows
		// when no child is left.
		for {
			for _, pid := range ownChildren() {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
			time.Sleep(time.Millisecond)
		}
	}()
	for {
		if _, err := unix.Wait4(-1, nil, 0, nil); err == unix.ECHILD {
			<-ending
			return nil
		}
	}
}

func ownChildren() (pids []int) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		b, _ := os.ReadFile(list)
		for _, word := range strings.Fields(string(b)) {
			pid, _ := strconv.Atoi(word)
			pids = append(pids, pid)
		}
	}
	return pids
}

// agentSource runs each line of its standard input as Python.
const agentSource = `
import ctypes, mmap, os, signal, socket, sys, threading
def say(*words): os.write(1, (" ".join(map(str, words)) + "\n").encode())
def fork(f):
    pid = os.fork()
    if pid == 0:
        try: f()
        finally: os._exit(99)
    return pid
def gate():
    "a child that waits for a byte, and the pipe that wakes it"
    return os.pipe()
say("ready", os.getpid())
for line in sys.stdin: exec(line, globals())
`

// agent is a Python process, a child of a shim, that executes what the test sends.
type agent struct {
	t        testing.TB
	shim     int // host pid
	pid      int // as the agent sees it
	commands *os.File
	out      *os.File
	said     *bufio.Reader
}

var python = sync.OnceValues(func() (string, error) {
	// python3 in the PATH may be a script that starts the real one.
	out, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	return strings.TrimSpace(string(out)), err
})

func startAgent(t testing.TB, namespace bool) *agent {
	t.Helper()
	interpreter, err := python()
	if err != nil {
		t.Fatalf("these tests need python3: %v", err)
	}
	kind := "plain"
	attr := &syscall.SysProcAttr{}
	if namespace {
		kind = "namespace"
		attr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
		if os.Geteuid() != 0 {
			attr.Cloneflags |= syscall.CLONE_NEWUSER
			attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
			attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
		}
	}
	in, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "__shim", kind, interpreter, "-c", agentSource)
	cmd.SysProcAttr, cmd.ExtraFiles, cmd.Stderr = attr, []*os.File{in}, os.Stderr
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // otherwise each shim takes a second to end under -race
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = answers
	err = cmd.Start()
	_ = in.Close()
	_ = answers.Close()
	if err != nil && namespace && os.Geteuid() != 0 {
		t.Skipf("no PID namespace for an ordinary user here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{t: t, shim: cmd.Process.Pid, commands: commands, out: out, said: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = life.Close()
		_ = commands.Close()
		_ = out.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("shim: %v", err)
		}
	})
	if word := a.hears(); word[0] != "ready" {
		t.Fatalf("agent said %q", word)
	} else {
		a.pid = a.number(word[1])
	}
	return a
}

// does makes the agent execute a line of Python.
func (a *agent) does(format string, args ...any) {
	a.t.Helper()
	if _, err := fmt.Fprintf(a.commands, format+"\n", args...); err != nil {
		a.t.Fatal(err)
	}
}

// hears reads a line that the agent printed, as words.
func (a *agent) hears() []string {
	a.t.Helper()
	if err := a.out.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		a.t.Fatal(err)
	}
	line, err := a.said.ReadString('\n')
	if err != nil {
		a.t.Fatalf("agent: %v", err)
	}
	return strings.Fields(line)
}

// asks makes the agent evaluate a Python expression to a number.
func (a *agent) asks(format string, args ...any) int {
	a.t.Helper()
	a.does("say(%s)", fmt.Sprintf(format, args...))
	return a.number(a.hears()[0])
}

func (a *agent) number(word string) int {
	a.t.Helper()
	n, err := strconv.Atoi(word)
	if err != nil {
		a.t.Fatal(err)
	}
	return n
}
