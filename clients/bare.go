package clients

import (
	"context"
	"time"

	"benchrun/internal/bench"
)

// bare connects, sends a given text, and waits.
type bare struct {
	request  func(nonce, addr string) []byte
	patience time.Duration
}

// Bare makes connections that send what request returns, which may be nothing, and then
// stay open. If the server answers, the outcome is Completed, whatever the answer says;
// if it closes, Cut; if patience is over or ctx ends, HeldOpen. Each connection costs a
// small stack and no buffer.
func Bare(request func(nonce, addr string) []byte, patience time.Duration) Provoker {
	return &bare{request, patience}
}

// Provoke implements Provoker.
func (b *bare) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	ctx, cancel := context.WithTimeout(ctx, b.patience)
	defer cancel()
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return b.request(h.Nonce, h.Addr) }, nil) {
		return &h.s
	}
	defer h.done()
	h.await(0)
	h.finish(ctx)
	return &h.s
}
