package clients

import (
	"context"
	"time"

	"benchrun/internal/bench"
)

// largeUploadSize is the body's size in large-upload version 1, in bytes, see
// docs/contract.md.
const largeUploadSize = 20_000_000

// Upload makes uploads of so many bytes, as fast as the server takes them.
func Upload(size int) Provoker { return &largeUpload{newPayload(size)} }

// largeUpload sends a large honest body as fast as the server takes it.
type largeUpload struct{ payload }

// LargeUpload makes the uploads of the large-upload family.
func LargeUpload() Provoker { return newLargeUpload() }

func newLargeUpload() *largeUpload { return &largeUpload{newPayload(largeUploadSize)} }

// Provoke implements Provoker. The sample's Bytes are how many body bytes the kernel
// took. A 200 without the body's digest is Completed with an Error.
func (u *largeUpload) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return u.head(h.Nonce, h.Addr) }, nil) {
		return &h.s
	}
	defer h.done()
	taken := make(chan int, 1)
	go func() {
		n, _ := h.conn.Write(u.body) // if this failed, reading will say why
		taken <- n
	}()
	h.await(maxReceipt)
	_ = h.conn.SetWriteDeadline(time.Unix(1, 0)) // an answer before the end of the body ends the writing
	h.s.Bytes = int64(<-taken)
	u.complete(ctx, h)
	return &h.s
}
