package clients

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// An endless answer is read until the server breaks it off, or the client leaves.
func TestStream(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbench\r\n"
	for name, tt := range map[string]struct {
		serve func(net.Conn, *http.Request)
		stays time.Duration // the client
		want  int64
	}{
		"breaks off": {func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, head+"5\r\nb") }, time.Minute, 6},
		"refuses": {func(c net.Conn, _ *http.Request) {
			_, _ = io.WriteString(c, "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno")
		}, time.Minute, 0},
		"is mute": {func(c net.Conn, _ *http.Request) { untilClosed(c) }, 300 * time.Millisecond, 0},
		"goes on": {func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, head); untilClosed(c) }, 2 * time.Second, 5},
	} {
		ctx, leave := context.WithTimeout(t.Context(), tt.stays)
		clock := bench.NewClock()
		n, ended := Stream(ctx, clock, rawServer(t, tt.serve), "s1")
		leave()
		if n != tt.want || ended <= 0 || ended > clock.Now() {
			t.Errorf("%s: %d bytes, ended at %d", name, n, ended)
		}
	}
	if n, _ := Stream(t.Context(), bench.NewClock(), closedPort(t), "s1"); n != 0 {
		t.Errorf("a closed port: %d bytes", n)
	}
}
