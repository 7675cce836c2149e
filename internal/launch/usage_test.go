package launch

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const mib = 1 << 20

// usageOf is what a group without a server takes on the disk.
func usageOf(t *testing.T, s *Scratch, most int64) int64 {
	t.Helper()
	g := &Group{level: ProcessGroup, scratch: s} // its processes are those with its marker: none
	disk, err := g.Disk(t.Context(), most)
	if err != nil {
		t.Fatal(err)
	}
	return disk.Bytes
}

// Files count wherever they are: deeper than a path can name, and behind modes that let
// nobody in. A file counts once, however many names it has.
func TestDiskBytes(t *testing.T) {
	ownTemp(t)
	s, _ := newTestScratch(t)
	empty := usageOf(t, s, 100*mib)
	put := func(name string, size int) {
		if err := os.WriteFile(filepath.Join(s.Work, name), []byte(strings.Repeat("x", size)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("one", 3*mib)
	if err := os.Link(filepath.Join(s.Work, "one"), filepath.Join(s.Work, "two")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(s.Work, "one"), 3*mib+(1<<40)); err != nil { // a hole takes no space
		t.Logf("no sparse file of that size here: %v", err)
	}
	if got := usageOf(t, s, 100*mib) - empty; got < 3*mib || got > 4*mib {
		t.Errorf("a file of 3 MiB with two names and a hole takes %d bytes", got)
	}
	for i := range 100 {
		put("small"+string(rune('a'+i)), 0)
	}
	if got := usageOf(t, s, 100*mib) - empty; got < 3*mib+100*leastFile {
		t.Errorf("with 100 empty files %d bytes", got)
	}
	before := usageOf(t, s, 100*mib)
	deep := filepath.Join(s.Work, "deep")
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := plantThicket(deep); err != nil {
		t.Fatal(err)
	}
	if got := usageOf(t, s, 100*mib) - before; got < 3000*leastFile {
		t.Errorf("3,000 folders deep: %d bytes", got)
	}
	if got := usageOf(t, s, 8*mib); got <= 8*mib || got > 9*mib {
		t.Errorf("above a bound of 8 MiB: %d bytes", got)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&Group{level: ProcessGroup, scratch: s}).Disk(cancelled, 100*mib); err == nil {
		t.Error("it went on without its context")
	}
}

// Files and folders count as often as they have a name.
func TestDiskCountsFiles(t *testing.T) {
	ownTemp(t)
	s, _ := newTestScratch(t)
	g := &Group{level: ProcessGroup, scratch: s}
	count := func() int {
		disk, err := g.Disk(t.Context(), 100*mib)
		if err != nil {
			t.Fatal(err)
		}
		return disk.Files
	}
	before := count()
	folder := filepath.Join(s.Work, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := count() - before; got != 4 {
		t.Errorf("a folder with three files counts %d", got)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if got := count() - before; got != 0 {
		t.Errorf("%d are left of what was removed", got)
	}
}

// A removed file that is held open still takes its space.
func TestDiskBytesOfRemovedFiles(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			g := startPart(t, caps, smallLimits, "sh", "-c", "exec 3>hidden; rm hidden; head -c 5000000 /dev/zero >&3; echo ready; sleep 60")
			eventually(t, "it is written", func() bool { return strings.Contains(logOf(g), "ready") })
			disk, err := g.Disk(t.Context(), 100*mib)
			if err != nil || disk.Bytes < 5_000_000 || disk.Bytes > 6_000_000 {
				t.Errorf("%+v, %v", disk, err)
			}
		})
	}
}

// No file gets longer than the limit: the kernel enforces it between two looks.
func TestLongestFile(t *testing.T) {
	ownTemp(t)
	limits := smallLimits
	limits.DiskBytes = 2 * mib
	for _, caps := range available(t) {
		g := startPart(t, caps, limits, "sh", "-c", "trap '' XFSZ; head -c 3000000 /dev/zero >long; stat -c %s long")
		<-g.Done()
		if !strings.Contains(logOf(g), "2097152\n") || g.Limits().DiskBytes != 2*mib {
			t.Errorf("%s: %s", caps.Level, logOf(g))
		}
	}
}

func TestTmpFull(t *testing.T) {
	ownTemp(t)
	limits := smallLimits
	limits.TmpBytes = mib
	for _, caps := range available(t) {
		if !caps.Private {
			continue
		}
		g := startPart(t, caps, limits, "sh", "-c", "until [ -e go ]; do sleep 0.05; done; head -c 3000000 /dev/zero >/var/tmp/big; echo ready; sleep 60")
		if g.TmpFull() {
			t.Errorf("%s: full before anything was written", caps.Level)
		}
		if err := os.WriteFile(filepath.Join(g.scratch.Work, "go"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is full", func() bool { return strings.Contains(logOf(g), "ready") })
		if !g.TmpFull() {
			t.Errorf("%s: not seen to be full: %s", caps.Level, logOf(g))
		}
	}
}

func TestSpace(t *testing.T) {
	free, size, err := Space(t.TempDir())
	if err != nil || free <= 0 || size < free {
		t.Errorf("free %d of %d, %v", free, size, err)
	}
	if _, _, err := Space("/nowhere-at-all"); err == nil {
		t.Error("of no folder")
	}
}
