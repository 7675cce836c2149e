package clients

import (
	"context"
	"fmt"

	"benchrun/internal/bench"
)

// brokenOff requests a fault of the app that breaks the answer off.
type brokenOff struct{ name string }

// BrokenOff requests GET /fault/NAME of the app, and would use the connection again: a
// server that must close it need not say anywhere else where an answer ends.
func BrokenOff(name string) Provoker { return &brokenOff{name} }

// Provoke implements Provoker. An answer is Completed if it is whole by its framing, or
// has no framing but the connection's end, which RFC 9112 takes for complete.
func (f *brokenOff) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	if h.begin(ctx, func() []byte { return reusingRequest("/fault/"+f.name+"?nonce="+h.Nonce, h.Addr) }, nil) {
		h.await(VictimSize)
		h.finish(ctx)
		h.done()
	}
	return &h.s
}

// reusingRequest is a whole GET request that leaves the connection open.
func reusingRequest(target, host string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: benchrun\r\nAccept: */*\r\n\r\n", target, host)
}
