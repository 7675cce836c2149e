package launch

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// takeAway removes what a leaver has made, except its queue: leftovers removes that.
func takeAway() {
	for _, file := range leftFiles {
		_ = os.Remove(file)
	}
	for _, o := range procfs.IPCObjects() {
		if o.Key != leftKey {
			continue
		}
		call := map[string]uintptr{"shm": unix.SYS_SHMCTL, "msg": unix.SYS_MSGCTL, "sem": unix.SYS_SEMCTL}[o.Kind]
		second := uintptr(unix.IPC_RMID)
		if o.Kind == "sem" {
			_, _, _ = unix.Syscall6(call, uintptr(o.ID), 0, unix.IPC_RMID, 0, 0, 0)
			continue
		}
		_, _, _ = unix.Syscall(call, uintptr(o.ID), second, 0)
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
	found := slices.ContainsFunc(procfs.IPCObjects(), func(o procfs.IPCObject) bool { return o.Kind == "shm" && o.ID == others })
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
	find := func() *procfs.IPCObject {
		for _, o := range procfs.IPCObjects() {
			if o.Kind == "shm" && o.ID == int(id) {
				return &o
			}
		}
		return nil
	}
	o := find()
	if o == nil || o.Creator != os.Getpid() || o.UID != os.Geteuid() {
		t.Fatalf("%+v", o)
	}
	for name, buried := range map[string]map[int]life{
		"before it was ours": {o.Creator: {o.Made + 1, o.Made + 9}},
		"after it was ours":  {o.Creator: {o.Made - 9, o.Made - 1}},
		"another process":    {o.Creator + 1: {o.Made - 9, o.Made + 9}},
	} {
		if removeShared(o.UID, buried); find() == nil {
			t.Fatalf("%s: it has gone", name)
		}
	}
	if removeShared(o.UID+1, map[int]life{o.Creator: {o.Made, o.Made}}); find() == nil {
		t.Fatal("another user's: it has gone")
	}
	if removeShared(o.UID, map[int]life{o.Creator: {o.Made, o.Made}}); find() != nil {
		t.Error("it is still there")
	}
}
