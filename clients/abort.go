package clients

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// The sizes of abort-download version 1 and abort-upload version 2, see docs/contract.md.
const (
	abortDownloadAfter = 100_000   // bytes of the answer
	abortUploadSize    = 1_000_000 // bytes that the head promises
	abortUploadAfter   = 500_000   // bytes of the body
)

// abortPatience is how long an aborting client waits for the server before it resets the
// connection anyway.
const abortPatience = 5 * time.Second

// abortArrives is how long a client that aborts an upload gives what it has sent to arrive: a
// reset throws away what is still in its own kernel.
const abortArrives = time.Second

// abortDownload asks for a large answer, reads its beginning, and resets the connection.
type abortDownload struct{}

// AbortDownload makes the downloads of the abort-download family.
func AbortDownload() Provoker { return abortDownload{} }

// Provoke implements Provoker. The sample's Bytes are how many bytes of the answer the
// client read. The outcome is HeldOpen where the client was the one to end it.
func (abortDownload) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	ctx, cancel := context.WithTimeout(ctx, abortPatience)
	defer cancel()
	narrow := dialer(time.Time{})
	narrow.Control = smallReceiveBuffer
	h := &ongoing{Provocation: p}
	if !h.beginWith(ctx, &narrow, func() []byte { return getRequest("/download?nonce="+h.Nonce, h.Addr) }, nil) {
		return &h.s
	}
	defer h.done()
	n, err := io.ReadFull(h.conn, make([]byte, abortDownloadAfter))
	h.abandon(int64(n), err)
	return &h.s
}

// abortUpload sends half of a body and resets the connection.
type abortUpload struct{ payload }

// AbortUpload makes the uploads of the abort-upload family.
func AbortUpload() Provoker { return &abortUpload{newPayload(abortUploadSize)} }

// Provoke implements Provoker. The sample's Bytes are how many body bytes the kernel
// took. The outcome is HeldOpen where the client was the one to end it.
func (u *abortUpload) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	ctx, cancel := context.WithTimeout(ctx, abortPatience)
	defer cancel()
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return u.head(h.Nonce, h.Addr) }, nil) {
		return &h.s
	}
	defer h.done()
	n, err := h.conn.Write(u.body[:abortUploadAfter])
	if err == nil {
		awaitArrival(ctx, h.conn, abortArrives)
	}
	h.abandon(int64(n), err)
	return &h.s
}

// awaitArrival waits until the peer's kernel has all that was written to conn, but not for longer
// than atMost.
func awaitArrival(ctx context.Context, conn net.Conn, atMost time.Duration) {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	const look = 5 * time.Millisecond
	for end := time.Now().Add(atMost); ctx.Err() == nil && time.Now().Before(end); bench.Sleep(ctx, look) {
		left := 0
		asked := raw.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }) //nolint:gosec // a descriptor
		if asked != nil || err != nil || left == 0 {
			return
		}
	}
}

// abandon completes the sample of a request that its client resets. err is what ended it
// before, other than the client's patience.
func (h *ongoing) abandon(n int64, err error) {
	h.s.Bytes, h.s.Outcome = n, bench.HeldOpen
	if err != nil && !isTimeout(err) {
		h.s.Outcome = bench.Cut
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			h.s.Error = brief(err)
		}
	}
	resetOnClose(h.conn)
	h.s.Done = h.Clock.Now()
}
