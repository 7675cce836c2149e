package place

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// Whatever a server does to the file of its output, benchrun alone has the copy
// that it stores.
func TestServerLogIsBenchrunsOwn(t *testing.T) {
	old := syscall.Umask(0o022)
	defer syscall.Umask(old)
	openTemp(t)
	user, err := launch.Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	scratch, err := launch.NewScratch(user)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := scratch.Remove(); err != nil {
			t.Error(err)
		}
	}()
	l, err := newServerLog(scratch.Dir)
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`import fcntl, os
print("first", flush=True)
os.fchmod(1, 0o4777)
try: os.link("/proc/self/fd/1", %q, follow_symlinks=True)
except OSError as e: print("no link", flush=True)
fcntl.fcntl(1, fcntl.F_SETFL, os.O_DIRECT)
os.write(os.open("/dev/stderr", os.O_WRONLY | os.O_APPEND), b"opened anew\n")
`, filepath.Join(scratch.Work, "link"))
	g, err := launch.Start(t.Context(), launch.Capabilities{Level: launch.Subreaper}, launch.Spec{
		Argv: []string{"/usr/bin/python3", "-c", script}, Dir: scratch.Work, Output: l.theirs, User: user,
		Limits: bench.Limits{}, Scratch: scratch,
	})
	if err != nil {
		t.Fatal(err)
	}
	<-g.Done()
	if err := g.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "kept.log")
	for range 2 { // as when one probe launches twice
		if err := l.keep(kept); err != nil {
			t.Fatal(err)
		}
	}
	const want = "first\nno link\nopened anew\n"
	if got, err := os.ReadFile(kept); err != nil || string(got) != want+want {
		t.Errorf("kept %q, %v, want %q twice", got, err, want)
	}
	if got := l.tail(); got != strings.TrimSpace(want) {
		t.Errorf("tail %q", got)
	}
	var st unix.Stat_t
	if err := unix.Stat(kept, &st); err != nil || st.Mode != unix.S_IFREG|0o644 || int(st.Uid) != os.Geteuid() || st.Nlink != 1 {
		t.Errorf("mode %o, user %d, %d links, %v", st.Mode, st.Uid, st.Nlink, err)
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
}

// benchrun cuts a flood, and a file that claims to be huge.
func TestServerLogIsBounded(t *testing.T) {
	l, err := newServerLog(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.close() }()
	if err := l.theirs.Truncate(1 << 40); err != nil { // a sparse file
		t.Fatal(err)
	}
	if err := l.bound(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.theirs.WriteString("after\n"); err != nil {
		t.Fatal(err)
	}
	if n, err := l.size(); err != nil || n != 6 || l.tail() != "after" {
		t.Errorf("%d bytes, tail %q, %v", n, l.tail(), err)
	}
}
