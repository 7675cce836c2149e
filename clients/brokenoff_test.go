package clients

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// What each way to end an answer looks like to its client.
func TestBrokenOff(t *testing.T) {
	const chunked, plain = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"
	for name, tt := range map[string]struct {
		sent string
		want bench.Outcome
	}{
		"no last chunk":        {chunked + "3\r\nabc\r\n", bench.Cut},
		"a last chunk":         {chunked + "3\r\nabc\r\n0\r\n\r\n", bench.Completed},
		"no framing":           {plain + "abc", bench.Completed},
		"less than the length": {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", bench.Cut},
		"an error page":        {"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", bench.Completed},
		"nothing":              {"", bench.Cut},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan string, 1)
			addr := serveRaw(t, func(conn net.Conn) {
				b := make([]byte, 1024)
				n, _ := conn.Read(b)
				asked <- string(b[:n])
				_, _ = io.WriteString(conn, tt.sent)
			})
			clock := bench.NewClock()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			s := BrokenOff("x").Provoke(ctx, Provocation{Clock: clock, Addr: addr, Nonce: "n1", Due: clock.Now(), Role: bench.RoleProvoker})
			if s.Outcome != tt.want {
				t.Errorf("%s, want %s: %s", s.Outcome, tt.want, s.Error)
			}
			if got := <-asked; !strings.HasPrefix(got, "GET /fault/x?nonce=n1 HTTP/1.1\r\n") || strings.Contains(got, "close") {
				t.Errorf("it asked %q", got)
			}
		})
	}
}

// serveRaw answers one connection.
func serveRaw(t *testing.T, serve func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		serve(conn)
		_ = conn.Close()
	}()
	return l.Addr().String()
}
