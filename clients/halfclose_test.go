package clients

import (
	"io"
	"net"
	"net/http"
	"testing"

	"benchrun/internal/bench"
)

func TestHalfClosedRequestGetsItsAnswer(t *testing.T) {
	rest := make(chan error, 1)
	answers := func(body func(r *http.Request) string) string {
		return rawServer(t, func(c net.Conn, r *http.Request) {
			_, err := io.Copy(io.Discard, c) // returns at the end of what the client sends
			rest <- err
			_, _ = io.WriteString(c, body(r))
		})
	}
	s := provoke(t.Context(), HalfClose(), answers(func(r *http.Request) string { return good(r) }))
	if err := <-rest; err != nil || s.Outcome != bench.Completed || s.Status != 200 || s.Error != "" {
		t.Errorf("%+v; the server read to the end with %v", s, err)
	}
	s = provoke(t.Context(), HalfClose(), answers(func(*http.Request) string { return "" }))
	if err := <-rest; err != nil || s.Outcome != bench.Cut {
		t.Errorf("the server took the client for gone: %+v, %v", s, err)
	}
	s = provoke(t.Context(), HalfClose(), answers(func(*http.Request) string { return head("200 OK", "Content-Length: 1") + "x" }))
	if err := <-rest; err != nil || s.Outcome != bench.Completed || s.Error == "" {
		t.Errorf("a wrong answer: %+v, %v", s, err)
	}
}
