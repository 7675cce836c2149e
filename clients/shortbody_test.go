package clients

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// shortServer answers the first request of a connection with half of the body that it
// promises, and then does what after says.
func shortServer(t *testing.T, after func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				r := bufio.NewReader(c)
				if q, err := http.ReadRequest(r); err != nil || q.URL.Path != "/fault/short-body" {
					t.Errorf("the first request: %v %v", q, err)
					return
				}
				_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", 2*VictimSize, strings.Repeat("x", VictimSize))
				after(c, r)
			}()
		}
	}()
	return l.Addr().String()
}

// The client can tell a short answer from one that is filled up with the next one.
func TestShortBody(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after func(net.Conn, *bufio.Reader)
		want  bench.Outcome
		said  string
	}{
		{"the connection ends", func(net.Conn, *bufio.Reader) {}, bench.Cut, ""},
		{"the next answer comes", func(c net.Conn, r *bufio.Reader) {
			if q, err := http.ReadRequest(r); err != nil || q.URL.Path != "/victim" {
				t.Errorf("the second request: %v %v", q, err)
			}
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", VictimSize, strings.Repeat("y", VictimSize))
			_, _ = io.Copy(io.Discard, r)
		}, bench.Completed, "of the next one in it"},
		{"it is filled up", func(c net.Conn, r *bufio.Reader) {
			_, _ = c.Write(make([]byte, VictimSize))
			_, _ = io.Copy(io.Discard, r)
		}, bench.Completed, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := ShortBody("short-body").Provoke(context.Background(), Provocation{
				Clock: bench.NewClock(), Addr: shortServer(t, tt.after), Nonce: "n1", Role: bench.RoleProvoker,
			})
			if s.Outcome != tt.want || !strings.Contains(s.Error, tt.said) || tt.want == bench.Completed && tt.said == "" && s.Error != "" {
				t.Errorf("%s, %q", s.Outcome, s.Error)
			}
		})
	}
}
