package clients

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// answering reads the pipelined requests of each connection and answers each with what
// answer says; "" ends the connection.
func answering(t *testing.T, answer func(i int, r *http.Request) string) string {
	return bareServer(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		for i := 0; ; i++ {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			text := answer(i, r)
			if text == "" {
				return
			}
			_, _ = io.WriteString(c, text)
		}
	})
}

func TestPipelinedRequests(t *testing.T) {
	var asked []string
	all := answering(t, func(_ int, r *http.Request) string { asked = append(asked, nonceOf(r)); return good(r) })
	s := provoke(t.Context(), Pipelined(), all)
	if s.Outcome != bench.Completed || s.Status != 200 || s.Error != "" || strings.Join(asked, " ") != "f0-31aa0000-0 f0-31aa0000-1 f0-31aa0000-2" {
		t.Errorf("%+v; asked for %q", s, asked)
	}
	for name, tt := range map[string]struct {
		answer func(i int, r *http.Request) string
		want   bench.Outcome
		error  string
	}{
		"closes after the first, and says so": {func(i int, r *http.Request) string {
			return map[bool]string{true: good(r, "Connection: close")}[i == 0]
		}, bench.Completed, ""},
		"closes after the first without a word": {func(i int, r *http.Request) string {
			return map[bool]string{true: good(r)}[i == 0]
		}, bench.Cut, "after 1 of 3"},
		"answers another's": {func(_ int, r *http.Request) string {
			r.URL.RawQuery = "nonce=f0-31aa0000-1"
			return good(r)
		}, bench.Completed, "of f0-31aa0000-0"},
		"refuses": {func(int, *http.Request) string { return head("503 Busy", "Content-Length: 0") }, bench.Completed, ""},
	} {
		s := provoke(t.Context(), Pipelined(), answering(t, tt.answer))
		if s.Outcome != tt.want || !strings.Contains(s.Error, tt.error) || (s.Error == "") != (tt.error == "") {
			t.Errorf("%s: %+v", name, s)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	forgets := rawServer(t, func(c net.Conn, r *http.Request) {
		_, _ = io.WriteString(c, good(r))
		cancel()
		untilClosed(c)
	})
	if s := provoke(ctx, Pipelined(), forgets); s.Outcome != bench.HeldOpen || s.Error != "" {
		t.Errorf("one answer, and then nothing: %+v", s)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	begins := rawServer(t, func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, "H")
		time.Sleep(50 * time.Millisecond) // for the client to read it
		cancel()
		untilClosed(c)
	})
	if s := provoke(ctx, Pipelined(), begins); s.Outcome != bench.HeldOpen || s.Error != "" {
		t.Errorf("the first byte of an answer, and then nothing: %+v", s)
	}
	if s := provoke(t.Context(), Pipelined(), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %+v", s)
	}
}
