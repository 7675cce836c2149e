package reference

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// A sound server takes a large body without a temporary file; two flaws do not.
func TestLargeBodyWithoutTmp(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, tt := range []struct {
		flaw string
		want int
	}{{"", http.StatusOK}, {stopsWithoutSpool, http.StatusInternalServerError}, {diesWithoutSpool, http.StatusInternalServerError}} {
		if err := os.MkdirAll(tmp, 0o700); err != nil {
			t.Fatal(err)
		}
		var args []string
		if tt.flaw != "" {
			args = []string{"--flaw", tt.flaw}
		}
		s := start(t, 2, args...)
		upload := func(size int) int {
			return s.dial(fmt.Sprintf("POST /upload?nonce=u1 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("a", size))).status()
		}
		if got := upload(spooledFrom + 1); got != http.StatusOK {
			t.Errorf("%q, with room: %d", tt.flaw, got)
		}
		if list, err := os.ReadDir(tmp); err != nil || len(list) > 0 {
			t.Errorf("%q leaves %v, %v", tt.flaw, list, err)
		}
		if err := os.RemoveAll(tmp); err != nil { // no file can be created there now, by root neither
			t.Fatal(err)
		}
		old := fmt.Sprint(s.workers())
		if got := upload(spooledFrom); got != http.StatusOK {
			t.Errorf("%q, a smaller body: %d", tt.flaw, got)
		}
		if got := upload(spooledFrom + 1); got != tt.want {
			t.Errorf("%q: %d, want %d", tt.flaw, got, tt.want)
		}
		switch tt.flaw {
		case stopsWithoutSpool:
			if code := s.exitCode(); code != 0 || !strings.Contains(s.log(), "needs a temporary file") {
				t.Errorf("it ended with code %d: %s", code, s.log())
			}
			continue
		case diesWithoutSpool:
			eventually(t, "another worker takes the place of one", func() bool {
				now := s.workers()
				return len(now) == 2 && fmt.Sprint(now) != old
			})
		}
		checkVictim(t, s.get("/victim?nonce=v1"), "v1")
	}
}
