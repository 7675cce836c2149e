package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// A command that measures nothing ends on the first signal, whatever it waits for. Here it
// waits for somebody to read its output.
func TestFirstSignalEndsWhatMeasuresNothing(t *testing.T) {
	t.Parallel()
	run := storedAs(t, bench.Failed)
	for _, tt := range []struct {
		signal os.Signal
		code   int
		args   func(file string) []string // arguments of a command that writes the file, then to stdout
	}{
		{syscall.SIGTERM, bench.ExitTerminated, func(file string) []string { return []string{"judge", run, "--html", file} }},
		{syscall.SIGINT, bench.ExitInterrupted, func(file string) []string { return []string{"judge", run, "--html", file} }},
		{syscall.SIGTERM, bench.ExitTerminated, func(file string) []string {
			return []string{"waivers", "update", run, "--file", file, "--fail-on", "verdict >= held"}
		}},
	} {
		file := filepath.Join(t.TempDir(), "written")
		args := tt.args(file)
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		fill(t, writer)
		cmd := benchrunCommand(t.Context(), t, args...)
		cmd.Stdout = writer
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			if info, err := os.Stat(file); err == nil && info.Size() > 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v never came to its output", args)
			}
		}
		if err := cmd.Process.Signal(tt.signal); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended:
			if code := cmd.ProcessState.ExitCode(); code != tt.code {
				t.Errorf("%v after %v: exit %d, want %d", args, tt.signal, code, tt.code)
			}
		case <-time.After(30 * time.Second):
			t.Errorf("%v goes on after %v", args, tt.signal)
			_ = cmd.Process.Kill()
			<-ended
		}
		_ = reader.Close()
		_ = writer.Close()
	}
}

// fill writes to a pipe until it is full.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	raw, err := pipe.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		for {
			if _, err := unix.Write(int(fd), []byte{' '}); err != nil { // os.Pipe does not block
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
