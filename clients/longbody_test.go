package clients

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// The client notices every byte beyond the Content-Length, and minds neither the end of the
// connection nor the right answer to its next request.
func TestLongBody(t *testing.T) {
	rest := strings.Repeat("f0-31aa0000\n", VictimSize/12+1)[:VictimSize]
	for name, tt := range map[string]struct {
		answer func(i int, r *http.Request) string
		want   bench.Outcome
		error  string
	}{
		"the next answer is its own": {func(_ int, r *http.Request) string { return good(r) }, bench.Completed, ""},
		"the connection ends":        {func(i int, r *http.Request) string { return map[bool]string{true: good(r)}[i == 0] }, bench.Completed, ""},
		"it ends and the answer says so": {func(i int, r *http.Request) string {
			return map[bool]string{true: good(r, "Connection: close")}[i == 0]
		}, bench.Completed, ""},
		"the rest comes": {func(_ int, r *http.Request) string { return good(r) + rest }, bench.Completed, "begins with bytes beyond"},
		"the rest comes and the answer says close": {func(_ int, r *http.Request) string {
			return good(r, "Connection: close") + rest
		}, bench.Completed, "behind the answer"},
		"the rest looks like an answer": {func(_ int, r *http.Request) string {
			return good(r) + head("200 OK", "Content-Length: 6") + "forged"
		}, bench.Completed, "has 6 bytes of body"},
		"the next answer is another's": {func(_ int, r *http.Request) string {
			r.URL.RawQuery = "nonce=f0-31aa0000"
			return good(r)
		}, bench.Completed, "of its request's"},
		"it promises all": {func(_ int, r *http.Request) string { return head("200 OK", "Content-Length: 2048") + rest + rest }, bench.Completed, "2048 bytes"},
		"it breaks off":   {func(_ int, r *http.Request) string { return head("200 OK", "Content-Length: 1024") + "x" }, bench.HeldOpen, ""},
		"the next one breaks off": {func(i int, r *http.Request) string {
			return map[bool]string{true: good(r), false: head("200 OK", "Content-Length: 9") + "x"}[i == 0]
		}, bench.Cut, "the next request"},
	} {
		if tt.want == bench.HeldOpen { // a connection that ends in the middle is cut
			s := provoke(t.Context(), LongBody("long-body"), bareServer(t, func(c net.Conn) {
				if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.WriteString(c, tt.answer(0, r))
				}
			}))
			if s.Outcome != bench.Cut {
				t.Errorf("%s: %+v", name, s)
			}
			continue
		}
		s := provoke(t.Context(), LongBody("long-body"), answering(t, tt.answer))
		if s.Outcome != tt.want || !strings.Contains(s.Error, tt.error) || (s.Error == "") != (tt.error == "") {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if s := provoke(t.Context(), LongBody("long-body"), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %+v", s)
	}
}
