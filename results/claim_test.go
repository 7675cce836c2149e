package results

import (
	"errors"
	"testing"

	"benchrun/internal/bench"
)

// Two processes never write to one run. flock treats two opened files of one process like
// those of two processes.
func TestClaimIsForOne(t *testing.T) {
	first, err := Create(t.TempDir(), bench.Run{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := OpenFolder(first.Path())
	if err != nil {
		t.Fatal(err)
	}
	release, err := first.Claim()
	if err != nil {
		t.Fatal(err)
	}
	var usage *bench.UsageError
	if _, err := second.Claim(); !errors.As(err, &usage) {
		t.Errorf("a claimed folder was claimed again: %v", err)
	}
	release()
	again, err := second.Claim()
	if err != nil {
		t.Fatalf("a released folder: %v", err)
	}
	again()
}

// A run is claimed before anybody can find it, a command that needs it complete fails until
// it has ended, and asking does not keep anybody from writing.
func TestWhatIsBeingWritten(t *testing.T) {
	f, release, err := Begin(t.TempDir(), bench.Run{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := OpenFolder(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	var usage *bench.UsageError
	if _, err := other.Claim(); !errors.As(err, &usage) {
		t.Errorf("a run that is begun was claimed: %v", err)
	}
	for _, path := range []string{f.Path(), f.Join(RunFile)} {
		if _, err := ReadEnded(t.Context(), path); !errors.As(err, &usage) || !other.Written() {
			t.Errorf("%s: %v", path, err)
		}
	}
	release()
	if _, err := ReadEnded(t.Context(), f.Path()); err != nil || other.Written() {
		t.Errorf("after its end: %v", err)
	}
	stop, asked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(asked)
		for {
			select {
			case <-stop:
				return
			default:
				other.Written()
			}
		}
	}()
	for range 100 {
		release, err := f.Claim()
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
	close(stop)
	<-asked
}
