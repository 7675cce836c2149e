package launch

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// takeAway removes what a leaver has made, except its queue: leftovers removes that.
func takeAway() {
	for _, file := range leftFiles {
		_ = os.Remove(file)
	}
	for _, o := range ipcObjects() {
		if o.key != leftKey {
			continue
		}
		call := map[string]uintptr{"shm": unix.SYS_SHMCTL, "msg": unix.SYS_MSGCTL, "sem": unix.SYS_SEMCTL}[o.kind]
		second := uintptr(unix.IPC_RMID)
		if o.kind == "sem" {
			_, _, _ = unix.Syscall6(call, uintptr(o.id), 0, unix.IPC_RMID, 0, 0, 0)
			continue
		}
		_, _, _ = unix.Syscall(call, uintptr(o.id), second, 0)
	}
}

// Without namespaces, benchrun removes the shared memory that the server's processes
// made. It reports other things that may be the server's and leaves them alone. What
// somebody else made, it neither reports nor touches.
func TestLeftIsToldWhereItIsShared(t *testing.T) {
	ownTemp(t)
	var others int // a segment of another user, or of another's process
	id, _, errno := unix.Syscall(unix.SYS_SHMGET, unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	if errno != 0 {
		t.Fatal(errno)
	}
	others = int(id)
	defer unix.Syscall(unix.SYS_SHMCTL, uintptr(others), unix.IPC_RMID, 0) //nolint:errcheck // a test's own
	for _, level := range []Level{Subreaper, ProcessGroup} {
		t.Run(string(level), func(t *testing.T) {
			leftovers("") // a queue of an earlier test
			t.Cleanup(func() { takeAway(); leftovers("") })
			open := t.TempDir()
			g := startPart(t, Capabilities{Level: level}, smallLimits, part("leave", open, "")...)
			eventually(t, "it has left everything", func() bool { return strings.Contains(logOf(g), "ready") })
			if made := logOf(g); !strings.Contains(made, " shm") || !strings.Contains(made, "/dev/shm/"+leftName) {
				t.Fatal(made)
			}
			if before := leftovers(open); !slices.Contains(before, "shm") {
				t.Fatalf("it shares nothing: %v", before)
			}
			if err := g.Destroy(t.Context()); err != nil {
				t.Fatal(err)
			}
			if after := leftovers(open); slices.Contains(after, "shm") || !slices.Contains(after, "sem") || !slices.Contains(after, "/tmp/"+leftName) {
				t.Errorf("still there: %v; want all but the shared memory", after)
			}
			told := strings.Join(g.Left(), "\n")
			for _, want := range []string{"System V sem", "System V msg", "/tmp/" + leftName, "/dev/shm/" + leftName} {
				if !strings.Contains(told, want) {
					t.Errorf("not told of %s: %s", want, told)
				}
			}
			if strings.Contains(told, "System V shm") && os.Geteuid() == 0 {
				t.Errorf("told of another's: %s", told)
			}
		})
	}
	found := slices.ContainsFunc(ipcObjects(), func(o ipcObject) bool { return o.kind == "shm" && o.id == others })
	if !found {
		t.Error("another process's shared memory has gone")
	}
}

// benchrun removes a segment if its maker was a process of the server then, and not if
// another process had the same pid.
func TestOnlyOurSharedMemoryGoes(t *testing.T) {
	id, _, errno := unix.Syscall(unix.SYS_SHMGET, unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
	if errno != 0 {
		t.Fatal(errno)
	}
	defer unix.Syscall(unix.SYS_SHMCTL, id, unix.IPC_RMID, 0) //nolint:errcheck // a test's own
	find := func() *ipcObject {
		for _, o := range ipcObjects() {
			if o.kind == "shm" && o.id == int(id) {
				return &o
			}
		}
		return nil
	}
	o := find()
	if o == nil || o.creator != os.Getpid() || o.uid != os.Geteuid() {
		t.Fatalf("%+v", o)
	}
	for name, buried := range map[string]map[int]life{
		"before it was ours": {o.creator: {o.made + 1, o.made + 9}},
		"after it was ours":  {o.creator: {o.made - 9, o.made - 1}},
		"another process":    {o.creator + 1: {o.made - 9, o.made + 9}},
	} {
		if removeShared(o.uid, buried); find() == nil {
			t.Fatalf("%s: it has gone", name)
		}
	}
	if removeShared(o.uid+1, map[int]life{o.creator: {o.made, o.made}}); find() == nil {
		t.Fatal("another user's: it has gone")
	}
	if removeShared(o.uid, map[int]life{o.creator: {o.made, o.made}}); find() != nil {
		t.Error("it is still there")
	}
}
