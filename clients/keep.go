package clients

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// keepTimeout is how long the one request on a kept connection may take.
const keepTimeout = 2 * time.Second

// Keep makes one ordinary request and then keeps the connection open, as a browser or a
// proxy does, until ctx ends or the server closes it. Keep returns when the answer is
// there. The error says that there was none, or that the server closed the connection.
func Keep(ctx context.Context, addr, nonce string) error {
	conn, err := dial(ctx, addr, time.Now().Add(keepTimeout))
	if err != nil {
		return err
	}
	done := endWith(ctx, conn)
	_ = conn.SetDeadline(time.Now().Add(keepTimeout))
	_, err = fmt.Fprintf(conn, "GET /victim?nonce=%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: benchrun\r\n\r\n", nonce, addr)
	var answer *http.Response
	if err == nil {
		answer, err = http.ReadResponse(bufio.NewReader(conn), nil)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxBody))
		_ = answer.Body.Close()
	}
	if err == nil && answer.Close {
		err = fmt.Errorf("the server does not keep the connection")
	}
	if err != nil {
		done()
		return err
	}
	_ = conn.SetDeadline(time.Time{})
	go func() { // until the server or ctx ends it
		defer done()
		_, _ = conn.Read(make([]byte, 1))
	}()
	return nil
}
