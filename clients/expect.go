package clients

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// The size and patience of expect-continue version 1, see docs/contract.md.
const (
	expectSize     = 2_000_000       // bytes
	expectPatience = 1 * time.Second // for "100 Continue"; then the body goes anyway (RFC 9110, 10.1.1)
)

// expectContinue sends the head of an upload, waits for "100 Continue", and then sends the
// body.
type expectContinue struct {
	payload
	patience time.Duration
}

// ExpectContinue makes the uploads of the expect-continue family.
func ExpectContinue() Provoker {
	return &expectContinue{newPayload(expectSize), expectPatience}
}

// Provoke implements Provoker. The sample's Bytes are how many body bytes the kernel
// took. A 200 without the body's digest is Completed with an Error.
func (u *expectContinue) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return u.expecting(h.Nonce, h.Addr) }, nil) {
		return &h.s
	}
	defer h.done()
	first := u.waitForContinue(ctx, h.conn)
	taken := make(chan int, 1)
	if strings.HasPrefix(first, "HTTP/1.") && !strings.Contains(first, " 100") {
		taken <- 0 // a final answer: the server does not want the body
	} else {
		go func() {
			n, _ := h.conn.Write(u.body) // if this failed, reading will say why
			taken <- n
		}()
	}
	rest := io.MultiReader(strings.NewReader(first), h.conn)
	h.answer = readAnswer(rest, bufio.NewReader(nil), make([]byte, maxReceipt))
	_ = h.conn.SetWriteDeadline(time.Unix(1, 0)) // an answer before the end of the body ends the writing
	h.s.Bytes = int64(<-taken)
	u.complete(ctx, h)
	return &h.s
}

// expecting is the head of the upload's request, with its empty line.
func (u *payload) expecting(nonce, addr string) []byte {
	head := requestHead(http.MethodPost, "/upload?nonce="+nonce, addr)
	return append(head, "Content-Type: application/octet-stream\r\nExpect: 100-continue\r\nContent-Length: "+strconv.Itoa(len(u.body))+"\r\n\r\n"...)
}

// waitForContinue returns what the server says before it has the body: the whole head of
// an answer, "" if it says nothing in time, or less than a head if it closes.
func (u *expectContinue) waitForContinue(ctx context.Context, conn net.Conn) string {
	_ = conn.SetReadDeadline(time.Now().Add(u.patience))
	var said []byte
	one := make([]byte, 1)
	for len(said) < maxRead && !bytes.HasSuffix(said, []byte("\r\n\r\n")) {
		n, err := conn.Read(one)
		if said = append(said, one[:n]...); err != nil {
			break
		}
	}
	if _ = conn.SetReadDeadline(time.Time{}); ctx.Err() != nil { // it may have ended before the line above
		_ = conn.SetReadDeadline(time.Unix(1, 0))
	}
	return string(said)
}
