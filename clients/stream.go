package clients

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"time"

	"benchrun/internal/bench"
)

// Stream asks for the app's endless answer and reads it until the server breaks it off or
// ctx ends. It returns how many bytes of body came, and when it ended, ns since the clock's
// origin.
func Stream(ctx context.Context, clock bench.Clock, addr, nonce string) (n int64, ended int64) {
	conn, err := dial(ctx, addr, time.Time{})
	if err != nil {
		return 0, clock.Now()
	}
	defer endWith(ctx, conn)()
	_, _ = conn.Write(reusingRequest("/stream?nonce="+nonce, addr)) // if this failed, reading will say why
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)    //nolint:bodyclose // to close it would read an endless body to its end; the connection is closed
	if err == nil && answer.StatusCode == http.StatusOK {
		n, _ = io.Copy(io.Discard, answer.Body)
	}
	return n, clock.Now()
}
