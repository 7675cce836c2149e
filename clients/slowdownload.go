package clients

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// The sizes and pace of slow-download version 1, see docs/contract.md.
const (
	downloadSize   = 16 << 20 // bytes
	downloadPiece  = 10_000   // bytes
	downloadPieces = 100
	downloadEvery  = 300 * time.Millisecond
)

// downloadReceiveBuffer is the receive buffer's size in bytes (the kernel doubles it). A
// small one keeps the kernel from taking data that the client does not read. It must be
// set before connecting.
const downloadReceiveBuffer = 4 << 10

// slowDownload reads a large answer at a crawl. Piece i of downloadPiece bytes is due
// (i + 1) × every after the request was sent. After the last piece it reads the rest at
// once.
type slowDownload struct{ every time.Duration }

// SlowDownload makes the downloads of the slow-download family.
func SlowDownload() Provoker { return newSlowDownload() }

func newSlowDownload() slowDownload { return slowDownload{every: downloadEvery} }

// Provoke implements Provoker. The sample's Bytes are how many bytes of the answer it
// read. A 200 without the whole body is Completed with an Error.
func (d slowDownload) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	narrow := dialer(time.Time{})
	narrow.Control = smallReceiveBuffer
	h := &ongoing{Provocation: p}
	if !h.beginWith(ctx, &narrow, func() []byte { return getRequest("/download?nonce="+h.Nonce, h.Addr) }, nil) {
		return &h.s
	}
	defer h.done()
	crawl := &crawl{ctx: ctx, conn: h.conn, began: time.Now(), every: d.every}
	h.answer = readLargeAnswer(crawl, bufio.NewReader(nil), nil, downloadSize+1)
	h.s.Bytes = crawl.n
	h.finish(ctx)
	if h.s.Outcome == bench.Completed && h.s.Status == http.StatusOK && h.answer.size != downloadSize {
		h.s.Error = fmt.Sprintf("the answer has %d bytes of body, want %d", h.answer.size, downloadSize)
	}
	return &h.s
}

// smallReceiveBuffer is the Control function of a net.Dialer.
func smallReceiveBuffer(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, downloadReceiveBuffer)
	})
	return errors.Join(err, failed)
}

// crawl reads from conn one piece at a time, none before it is due.
type crawl struct {
	ctx   context.Context
	conn  net.Conn
	began time.Time
	every time.Duration
	n     int64 // bytes read so far
}

// Read implements io.Reader. It returns the errors of conn, and that of ctx when it ends.
func (c *crawl) Read(b []byte) (int, error) {
	if i := c.n / downloadPiece; i < downloadPieces {
		b = b[:min(int64(len(b)), (i+1)*downloadPiece-c.n)]
		pause := time.NewTimer(time.Until(c.began.Add(time.Duration(i+1) * c.every)))
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-c.ctx.Done():
			return 0, c.ctx.Err()
		}
	}
	n, err := c.conn.Read(b)
	c.n += int64(n)
	return n, err
}
