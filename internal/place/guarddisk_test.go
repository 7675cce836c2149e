package place

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// noted is the note of the first mark of a name, "" if there is none.
func noted(rec *bench.Record, name bench.MarkName) string {
	i := slices.IndexFunc(rec.Marks, func(m bench.Mark) bool { return m.Name == name })
	if i < 0 {
		return ""
	}
	return rec.Marks[i].Note
}

// aboutAll says that a doubt is about the whole record. Other doubts may come from
// a busy host.
func aboutAll(d bench.Doubt) bool { return d.From == 0 && d.To == 0 }

// awaitEnd waits until benchrun has ended the target, and closes its place.
func awaitEnd(t *testing.T, p *Place) {
	t.Helper()
	select {
	case <-p.group.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("it was not ended")
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// smallDisk makes TMPDIR a disk of 64 MiB for this test.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := openTemp(t)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=1777,size=64m"); err != nil {
		t.Skipf("cannot mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// benchrun ends a server soon after it takes more of the disk than it may. That is
// the server's own doing: the record gets a mark and no doubt.
func TestDiskIsBounded(t *testing.T) {
	host, target := appHost(t)
	host.Limits.DiskBytes = 40 << 20
	s, journal := appPlace(t, host, target("filler"), bench.NewClock())
	awaitEnd(t, s)
	rec := journal.Snapshot()
	took, err := strconv.Atoi(strings.TrimSuffix(noted(rec, bench.MarkDiskCap), " MiB"))
	if err != nil || took < 40 || took >= 200 /* all that it would write */ || slices.ContainsFunc(rec.Doubts, aboutAll) {
		t.Errorf("marks %+v, doubts %+v", rec.Marks, rec.Doubts)
	}
}

// The kernel bounds the private places. If they are full, the record says so, and
// the server lives on.
func TestFullTmpIsTold(t *testing.T) {
	host, target := appHost(t)
	if !host.Caps.Private {
		t.Skip("no private places here")
	}
	host.Limits.TmpBytes = 2 << 20
	s, journal := appPlace(t, host, target("tmp"), bench.NewClock())
	eventually(t, "a mark of its full places", func() bool { return noted(journal.Snapshot(), bench.MarkTmpFull) != "" })
	if got := noted(journal.Snapshot(), bench.MarkTmpFull); got != "2 MiB" || s.group.Exit() != nil {
		t.Errorf("noted %q, exit %+v", got, s.group.Exit())
	}
}

// On a nearly full disk benchrun begins nothing. Whatever fills the disk during an
// attempt ends the target and spoils the attempt, because it may not be the target.
func TestDiskFloor(t *testing.T) {
	host, target := appHost(t)
	dir := smallDisk(t)
	s, journal := appPlace(t, host, target("honest"), bench.NewClock())
	fill := func() {
		if err := os.WriteFile(filepath.Join(dir, "someone-elses"), make([]byte, 65<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("it fits: %v", err)
		}
	}
	fill()
	awaitEnd(t, s)
	rec := journal.Snapshot()
	i := slices.IndexFunc(rec.Doubts, aboutAll)
	if i < 0 || rec.Doubts[i].Cause != "host-disk" || noted(rec, bench.MarkDiskCap) != "" {
		t.Errorf("marks %+v, doubts %+v", rec.Marks, rec.Doubts)
	}
	var env *bench.EnvironmentError
	fill()
	if err := roomIn(dir); !errors.As(err, &env) || !strings.Contains(err.Error(), dir) || env.Hint == "" {
		t.Errorf("room in a full disk: %v", err)
	}
}

// benchrun also ends an installation that takes the last of a disk.
func TestProgramsLeaveRoom(t *testing.T) {
	host, _ := appHost(t)
	dir := smallDisk(t)
	run := func(script string) error {
		_, _, err := host.RunProgram(t.Context(), targets.Program{
			Argv: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Builds: true, Out: &bytes.Buffer{},
		})
		return err
	}
	if err := run("head -c 9000000 /dev/zero >" + dir + "/built"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err := run("head -c 60000000 /dev/zero >" + dir + "/more; sleep 60")
	var env *bench.EnvironmentError
	if !errors.As(err, &env) || !strings.Contains(err.Error(), dir) || time.Since(began) > 50*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
