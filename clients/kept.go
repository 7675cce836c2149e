package clients

import (
	"context"
	"net"
	"net/http"
	"time"

	"benchrun/internal/bench"
)

// kept gets one answer on a connection that stays open, and then does something to it.
type kept struct {
	patience time.Duration // for the answer and all that follows
	idle     time.Duration // how long the connection stays idle
	reset    bool          // then the client resets it
}

// IdleKeptAlive makes connections that get one answer, stay open and idle, and end after
// patience. If the server closes a connection after its answer, the outcome is Completed,
// and Done is when it closed; if patience is over or ctx ends, HeldOpen.
func IdleKeptAlive(patience time.Duration) Provoker { return kept{patience: patience, idle: patience} }

// ResetKeptAlive makes connections that get one answer and stay idle for a while; then
// the client resets them. The outcome is HeldOpen, or Completed if the server closed
// before that.
func ResetKeptAlive(idle, patience time.Duration) Provoker {
	return kept{patience: patience, idle: idle, reset: true}
}

// Provoke implements Provoker. A 200 with a wrong answer has an Error.
func (k kept) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	ctx, cancel := context.WithTimeout(ctx, k.patience)
	defer cancel()
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return keptRequest("/victim?nonce="+h.Nonce, h.Addr) }, nil) {
		return &h.s
	}
	defer h.done()
	h.await(VictimSize + 1)
	h.finish(ctx)
	if h.s.Outcome != bench.Completed {
		return &h.s
	}
	if outcome, err := judgeVictim(h.Nonce, h.answer); outcome == bench.Wrong {
		h.s.Error = brief(err)
	}
	if k.linger(h.conn) {
		h.s.Outcome = bench.HeldOpen
		if k.reset {
			resetOnClose(h.conn)
		}
	}
	h.s.Done = h.Clock.Now()
	return &h.s
}

// linger waits idly, and says whether the server has kept the connection meanwhile.
func (k kept) linger(conn net.Conn) bool {
	if k.idle < k.patience {
		_ = conn.SetReadDeadline(time.Now().Add(k.idle))
	}
	_, err := conn.Read(make([]byte, 1))
	return err != nil && isTimeout(err)
}

// keptRequest is a whole GET request on a connection that stays open.
func keptRequest(target, host string) []byte {
	return []byte(http.MethodGet + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: benchrun\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n")
}

// resetOnClose makes closing a connection send RST.
func resetOnClose(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // an open connection has a linger time
	}
}
