package clients

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"benchrun/internal/bench"
)

// A kept connection is open after its answer, until ctx ends, and it asks for that.
func TestKeep(t *testing.T) {
	ctx, release := context.WithCancel(t.Context())
	defer release()
	left := make(chan struct{})
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		if r.Close || nonceOf(r) != "k1" {
			t.Errorf("asked %s, close: %v", r.URL, r.Close)
		}
		_, _ = io.WriteString(c, good(r))
		untilClosed(c)
		close(left)
	})
	if err := Keep(ctx, addr, "k1"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-left:
		t.Fatal("the connection was closed with the answer")
	default:
	}
	release()
	<-left

	for name, serve := range map[string]func(net.Conn, *http.Request){
		"closes":  func(c net.Conn, r *http.Request) { _, _ = io.WriteString(c, good(r, "Connection: close")) },
		"resets":  func(c net.Conn, _ *http.Request) { reset(c) },
		"is mute": func(net.Conn, *http.Request) {},
	} {
		if err := Keep(t.Context(), rawServer(t, serve), "k1"); err == nil {
			t.Errorf("a server that %s has kept the connection", name)
		}
	}
	if err := Keep(t.Context(), closedPort(t), "k1"); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a closed port: %v", err)
	}
}

// An honest slow request is right only with its own whole answer.
func TestSleepIsChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		right  bool
	}{
		"its own":   {head("200 OK", "Content-Length: 1024") + string(VictimBody("f0-31aa0000")), true},
		"another's": {head("200 OK", "Content-Length: 1024") + string(VictimBody("f1-31aa0000")), false},
		"short":     {head("200 OK", "Content-Length: 12") + "f0-31aa0000\n", false},
	} {
		s := provoke(t.Context(), Sleep(700), rawServer(t, func(c net.Conn, r *http.Request) {
			if r.URL.String() != "/sleep?nonce=f0-31aa0000&ms=700" {
				t.Errorf("asked %s", r.URL)
			}
			_, _ = io.WriteString(c, tt.answer)
		}))
		if s.Outcome != bench.Completed || (s.Error == "") != tt.right {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
