package clients

import (
	"bytes"
	"context"
	"fmt"

	"benchrun/internal/bench"
)

// brokenOff requests a fault of the app that breaks the answer off.
type brokenOff struct {
	name string
	next bool // another request follows at once on the same connection
}

// BrokenOff requests GET /fault/NAME of the app, and would use the connection again: a
// server that must close it need not say anywhere else where an answer ends.
func BrokenOff(name string) Provoker { return &brokenOff{name: name} }

// ShortBody is BrokenOff with a request for /victim right behind it, in the same write. A
// server that keeps the connection answers that one too, and its answer comes where the
// rest of the first one should.
func ShortBody(name string) Provoker { return &brokenOff{name, true} }

// Provoke implements Provoker. An answer is Completed if it is whole by its framing, or
// has no framing but the connection's end, which RFC 9112 takes for complete.
func (f *brokenOff) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	request := func() []byte {
		first := reusingRequest("/fault/"+f.name+"?nonce="+h.Nonce, h.Addr)
		if f.next {
			return append(first, reusingRequest("/victim?nonce="+h.Nonce, h.Addr)...)
		}
		return first
	}
	if h.begin(ctx, request, nil) {
		h.await(2 * VictimSize)
		h.finish(ctx)
		h.done()
		if _, rest, ok := bytes.Cut(h.answer.body, []byte("HTTP/1.")); ok && h.s.Outcome == bench.Completed {
			h.s.Error = fmt.Sprintf("the answer has %d bytes of the next one in it", len(rest)+len("HTTP/1."))
		}
	}
	return &h.s
}

// reusingRequest is a whole GET request that leaves the connection open.
func reusingRequest(target, host string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: benchrun\r\nAccept: */*\r\n\r\n", target, host)
}
