package console

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a real one, though nobody sits at it.
func terminal(t *testing.T) *os.File {
	t.Helper()
	leader, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = leader.Close() })
	fd := int(leader.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return tty
}

// The cursor is moved, and text coloured, only where the terminal has said that it
// understands escapes; a pipe and a file never do.
func TestEscapesOnlyWhereUnderstood(t *testing.T) {
	tty := terminal(t)
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for term, want := range map[string]bool{"xterm-256color": true, "linux": true, "dumb": false, "": false, "unknown": false} {
		t.Setenv("TERM", term)
		t.Setenv("NO_COLOR", "")
		if got := KnowsEscapes(tty); got != want {
			t.Errorf("TERM=%q: %v", term, got)
		}
		if got := Colours(tty); got != want {
			t.Errorf("TERM=%q: colour %v", term, got)
		}
		if KnowsEscapes(file) {
			t.Errorf("TERM=%q: a file", term)
		}
		t.Setenv("NO_COLOR", "1")
		if Colours(tty) {
			t.Errorf("TERM=%q: colour, though NO_COLOR is set", term)
		}
	}
}
