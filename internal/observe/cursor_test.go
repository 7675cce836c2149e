package observe

import "testing"

func TestCursor(t *testing.T) {
	c := pidCursor{before: 90, last: 100, now: 103, trusted: true}
	for pid, want := range map[int]bool{99: false, 100: false, 101: true, 103: true, 104: false} {
		if c.passed(pid) != want {
			t.Errorf("100 to 103 passed %d: %v", pid, !want)
		}
	}
	var asked []int
	all := func(n int) bool { asked = append(asked, n); return true }
	if !c.each(all) || len(asked) != 13 || asked[0] != 91 || asked[12] != 103 {
		t.Errorf("asked for %v, want 91 to 103", asked)
	}
	if c.each(func(int) bool { return false }) {
		t.Error("each went on after false")
	}

	// Past the highest number, and too many.
	c.keep(false)
	c.now = 5
	for pid, want := range map[int]bool{103: false, 104: true, 32767: true, 1: true, 5: true, 6: false, 50: false} {
		if c.passed(pid) != want {
			t.Errorf("103 to 5 passed %d: %v", pid, !want)
		}
	}
	if c.each(all) {
		t.Error("asked for numbers around the highest")
	}
	c.before, c.last, c.now = 100, 100, 101+askedMax
	if c.each(all) {
		t.Error("asked for too many")
	}

	for n := 1; n <= strikesMax; n++ {
		c.keep(true)
		if c.trusted != (n < strikesMax) {
			t.Errorf("after %d strikes: trusted %v", n, c.trusted)
		}
	}
	if c.passed(c.now) {
		t.Error("a cursor that is not trusted says that it passed a number")
	}
}
