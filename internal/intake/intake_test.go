package intake

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// soon fails a test that does not stop reading.
func soon(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s: still reading", what)
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Only regular files are read, and none of them waits for another process.
func TestOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	if err := os.Symlink("/dev/zero", at("link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		at("pipe"): "is a pipe", at("socket"): "is not a regular file", at("link"): "is a device", dir: "is a directory",
		"/dev/zero": "is a device", at("none"): "no such file", at("pipe") + "/x": "no such file",
		at(strings.Repeat("x", 300)): "not the path of a file", "x\x00y": "not the path of a file",
	} {
		soon(t, path, func() {
			_, err := Read(t.Context(), path, Kind{Name: "--x", Most: 10})
			var usage *bench.UsageError
			if !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), "--x "+path+": ") || !strings.Contains(err.Error(), want) {
				t.Errorf("%.80q: %v; want a usage error with %q", path, err, want)
			}
			if absent := strings.Contains(want, "no such"); errors.Is(err, fs.ErrNotExist) != absent {
				t.Errorf("%s: fs.ErrNotExist is not what it is", path)
			}
		})
	}
	// The same behind os.Stat, which a file may change after.
	soon(t, "pipe", func() {
		f, err := os.OpenFile(at("pipe"), noBlock, 0)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := (Kind{Most: 10}).opened(t.Context(), at("pipe"), f); err == nil {
			t.Error("an open pipe was taken")
		}
	})
}

// /proc/kmsg passes for a regular file, and waits for the kernel to say something.
func TestWhatWaitsIsNoRegularFile(t *testing.T) {
	waits, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close() }()
	f := &File{ctx: t.Context(), file: waits, path: "kmsg", kind: Kind{Most: 10}, left: 10}
	defer func() { _ = f.Close() }()
	soon(t, "kmsg", func() {
		if _, err := io.ReadAll(f); err == nil || !strings.HasPrefix(err.Error(), "kmsg: is not a regular file") {
			t.Errorf("%v", err)
		}
	})
}

func TestNothingOutsideTheFolder(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "secret"), "secret")
	dir := filepath.Join(top, "run")
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sub", "inside"), "inside")
	for name, to := range map[string]string{
		"out": "../secret", "absolute": filepath.Join(top, "secret"), "up": "..", "in": "sub/inside", "zero": "/dev/zero",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, rel := range []string{"out", "absolute", "up/secret", "../secret", filepath.Join(top, "secret"), "zero"} {
		soon(t, rel, func() {
			text, err := ReadIn(t.Context(), dir, rel, Kind{Most: 100})
			var usage *bench.UsageError
			if text != nil || !errors.As(err, &usage) || !strings.Contains(err.Error(), "leads out of the folder") && filepath.IsLocal(rel) {
				t.Errorf("%s: %q, %v", rel, text, err)
			}
		})
	}
	for _, rel := range []string{"in", "sub/inside"} {
		if text, err := ReadIn(t.Context(), dir, rel, Kind{Most: 100}); err != nil || string(text) != "inside" {
			t.Errorf("%s: %q, %v", rel, text, err)
		}
	}
	pipe := filepath.Join(top, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	soon(t, "a pipe as the folder", func() {
		if _, err := ReadIn(t.Context(), pipe, "x", Kind{Most: 100}); err == nil {
			t.Error("a pipe passed for a folder")
		}
	})
}

func TestNoMoreThanTheKindHolds(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "f"), "0123456789")
	for most, fits := range map[int64]bool{9: false, 10: true, 11: true} {
		text, err := Read(t.Context(), path, Kind{Most: most})
		if fits != (err == nil && string(text) == "0123456789") || !fits && !strings.Contains(err.Error(), "more than 9 bytes") {
			t.Errorf("%d: %q, %v", most, text, err)
		}
	}
	// A file that grows after it was opened, and one that has no size.
	f, err := Open(t.Context(), path, Kind{Most: 10})
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "0123456789x")
	if text, err := f.all(); err == nil {
		t.Errorf("%q of a file that has grown", text)
	}
	if text, err := Read(t.Context(), "/proc/self/status", Kind{Most: 100}); err == nil || !strings.Contains(err.Error(), "more than 100 bytes") {
		t.Errorf("%q, %v", text, err)
	}
}

func TestTail(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "f"), "begin "+strings.Repeat("x", 3000)+"\xff end\n")
	f, err := Open(t.Context(), path, Log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if got := f.Tail(7); got != "x? end" {
		t.Errorf("%q", got)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "f"), "0123456789")
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	f, err := Open(ctx, path, Kind{Most: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := io.ReadFull(f, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	cancel(why)
	if n, err := f.Read(make([]byte, 3)); n != 0 || !errors.Is(err, why) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestInside(t *testing.T) {
	for rel, want := range map[string]bool{
		"records/x-1.ndjson.gz": true, "x": true, "..x/y": true,
		"": false, ".": false, "..": false, "../x": false, "/x": false, "a/../b": false, "a/../../b": false, "./x": false, "a//b": false, "a/": false, "a\x00": false,
	} {
		if Inside(rel) != want {
			t.Errorf("Inside(%q) is %v", rel, !want)
		}
	}
}
