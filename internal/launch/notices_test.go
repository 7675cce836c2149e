package launch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// heard are the notices of others that n finds.
func heard(t *testing.T, n *Notices) (texts []string) {
	t.Helper()
	if err := n.Turn(func(others [][]byte) []byte {
		for _, text := range others {
			texts = append(texts, string(text))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	slices.Sort(texts)
	return texts
}

// say stores a notice.
func say(t *testing.T, n *Notices, text string) {
	t.Helper()
	if err := n.Turn(func([][]byte) []byte { return []byte(text) }); err != nil {
		t.Fatal(err)
	}
}

func TestNotices(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notices")
	a, b, reader := NewNotices(dir), NewNotices(dir), NewNotices(dir)
	if got := heard(t, reader); len(got) != 0 {
		t.Errorf("before anybody said anything: %q", got)
	}
	say(t, a, "first, and rather long")
	say(t, a, "one")
	say(t, b, "two")
	if got := heard(t, reader); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("heard %q", got)
	}
	if got := heard(t, a); !slices.Equal(got, []string{"two"}) { // and says nothing any more
		t.Errorf("a hears %q", got)
	}
	if got := heard(t, b); len(got) != 0 {
		t.Errorf("b hears %q", got)
	}
	say(t, a, "one")
	say(t, b, "two")
	a.Leave()
	a.Leave()
	_ = b.own.Close() // as if its process were killed
	if got := heard(t, reader); len(got) != 0 {
		t.Errorf("after both are gone: %q", got)
	}
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("the empty folder is left behind: %v", err)
	}
}

// Only its user can enter the folder.
func TestFolderOfNotices(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notices")
	n := NewNotices(dir)
	say(t, n, "one")
	if info, err := os.Stat(dir); err != nil || info.Mode() != 0o700|os.ModeDir {
		t.Errorf("the folder is %v, %v", info, err)
	}
	sweepNotices(dir)
	if _, err := os.Lstat(n.own.Name()); err != nil {
		t.Errorf("a sweep removes the notice of a living benchrun: %v", err)
	}
	_ = n.own.Close() // as if its process were killed
	sweepNotices(dir)
	sweepNotices(dir)
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("left behind: %v", err)
	}
}

// Whatever another user puts into the folder, it is neither believed nor waited for.
func TestNoticesOfStrangers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notices")
	stuck, large, good, reader := NewNotices(dir), NewNotices(dir), NewNotices(dir), NewNotices(dir)
	say(t, stuck, "an hour ago")
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(stuck.own.Name(), long, long); err != nil {
		t.Fatal(err)
	}
	say(t, large, strings.Repeat("x", mostNotice+1))
	say(t, good, "now")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if got := heard(t, reader); !slices.Equal(got, []string{"now"}) {
		t.Errorf("heard %q", got)
	}
	busy, err := reader.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close() //nolint:errcheck // only locked
	decided := false
	if err := good.Turn(func([][]byte) []byte { decided = true; return nil }); err == nil || !decided {
		t.Errorf("while somebody keeps the lock: decided %v, %v", decided, err)
	}
}

// A link that stands where the folder should be is not followed.
func TestNoticesBehindALink(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notices")
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if err := NewNotices(dir).Turn(func([][]byte) []byte { return nil }); err == nil {
		t.Error("it was followed")
	}
}

// Nothing is read or removed in a folder to which others may write.
func TestNoticesOfOthersAreNotBelieved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notices")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "1-1")
	if err := os.WriteFile(file, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // what is tested
		t.Fatal(err)
	}
	n := 0
	err := NewNotices(dir).Turn(func(others [][]byte) []byte { n = len(others); return []byte("mine") })
	if err == nil || n != 0 {
		t.Errorf("error %v, %d notices", err, n)
	}
	if _, err := os.Lstat(file); err != nil {
		t.Error(err)
	}
	if err := os.Remove(dir); err == nil {
		t.Error("the folder is empty: a file of somebody else was removed")
	}
}
