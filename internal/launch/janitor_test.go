package launch

import (
	"os"
	"testing"
	"time"
)

// A killed benchrun with several targets releases the locks of their folders one after
// the other.
func TestJanitorWaitsForEveryFolder(t *testing.T) {
	ownTemp(t)
	first, _ := newTestScratch(t)
	last, _ := newTestScratch(t)
	for _, s := range []*Scratch{first, last} {
		lock := s.lock
		s.lock = nil
		if s == first {
			if err := lock.Close(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		time.AfterFunc(100*time.Millisecond, func() { _ = lock.Close() })
	}
	stdin := os.Stdin
	t.Cleanup(func() { os.Stdin = stdin })
	ended, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer ended.Close() //nolint:errcheck // read only
	os.Stdin = ended
	if code := Clean(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if all, err := os.ReadDir(scratchParent()); err != nil || len(all) > 1 {
		t.Errorf("left: %v, %v", all, err)
	}
}
