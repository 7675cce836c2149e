package clients

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"benchrun/internal/bench"
)

// The size and pace of slow-headers version 1, see docs/contract.md.
const (
	slowHeadSize  = 100 // bytes
	slowHeadPiece = 1   // bytes
	slowHeadEvery = 300 * time.Millisecond
)

// slowHead sends the head of an ordinary request one byte at a time. Byte i is due i ×
// every after the connection was made.
type slowHead struct{ every time.Duration }

// SlowHead makes the requests of the slow-headers family.
func SlowHead() Provoker { return newSlowHead() }

func newSlowHead() slowHead { return slowHead{every: slowHeadEvery} }

// head is a whole GET request of slowHeadSize bytes, with the fewest header lines.
func (slowHead) head(nonce, addr string) []byte {
	const end = "\r\n\r\n"
	head := []byte("GET /victim?nonce=" + nonce + " HTTP/1.1\r\nHost: " + addr + "\r\nConnection: close\r\nX: ")
	for len(head) < slowHeadSize-len(end) {
		head = append(head, 'a')
	}
	return append(head, end...)
}

// Provoke implements Provoker. The sample's Bytes are how many bytes of the head the
// kernel took.
func (s slowHead) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return nil }, nil) {
		return &h.s
	}
	defer h.done()
	writing, stop := context.WithCancel(ctx)
	var sent atomic.Int64
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		drip(writing, h.conn, s.head(h.Nonce, h.Addr), slowHeadPiece, s.every, &sent)
	}()
	h.await(VictimSize)
	stop()
	<-wrote
	h.s.Bytes = sent.Load()
	h.finish(ctx)
	return &h.s
}

// drip writes a text in pieces, the first one at once and one every so often, until ctx
// ends or the peer takes no more. It counts the bytes that the kernel took.
func drip(ctx context.Context, conn net.Conn, text []byte, piece int, every time.Duration, sent *atomic.Int64) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for len(text) > 0 {
		n, err := conn.Write(text[:min(piece, len(text))])
		sent.Add(int64(n))
		if err != nil {
			return // reading says what happened
		}
		text = text[n:]
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
