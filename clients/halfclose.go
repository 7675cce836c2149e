package clients

import (
	"context"
	"fmt"
	"net"

	"benchrun/internal/bench"
)

// halfCloseSleep is how long the app takes for the answer, in milliseconds: the server
// has the time to see the end of what the client sends.
const halfCloseSleep = 200

// halfClose sends a request, shuts down its sending side, and waits for the answer.
type halfClose struct{}

// HalfClose makes the requests of the half-close family.
func HalfClose() Provoker { return halfClose{} }

// Provoke implements Provoker. A 200 with a wrong answer is Completed with an Error.
func (halfClose) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	request := func() []byte {
		return getRequest(fmt.Sprintf("/sleep?nonce=%s&ms=%d", h.Nonce, halfCloseSleep), h.Addr)
	}
	shut := func(conn net.Conn) {
		if c, ok := conn.(*net.TCPConn); ok {
			_ = c.CloseWrite() // if this failed, reading says why
		}
	}
	if !h.begin(ctx, request, shut) {
		return &h.s
	}
	defer h.done()
	h.await(VictimSize + 1)
	h.finish(ctx)
	h.checkEcho(VictimSize)
	return &h.s
}
