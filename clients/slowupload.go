package clients

import (
	"context"
	"net"
	"sync"
	"time"

	"benchrun/internal/bench"
)

// The magnitude of slow-upload version 1, as docs/contract.md has it.
const (
	uploadSize  = 1_000_000 // bytes
	uploadBlock = 10_000    // bytes
	uploadEvery = 300 * time.Millisecond
)

// uploadSendBuffer asks the kernel for a small send buffer, in bytes (it keeps
// twice as much): what it has taken is then nearly what has left.
const uploadSendBuffer = 16 << 10

// uploadTick is what blocks are held back for, at most, to be written together
// with those of other uploads: to be woken up for each of ten thousand a second
// costs more than to write it.
const uploadTick = 10 * time.Millisecond

// slowUpload sends an honest request body at a crawl: block i is due
// (i + 1) × every after the connection stood, so the last one
// size / block × every after it. It is written at the next tick.
type slowUpload struct {
	payload
	block int // bytes
	every time.Duration
	epoch time.Time // a tick
}

// SlowUpload makes the uploads of the slow-upload family.
func SlowUpload() Provoker { return newSlowUpload() }

func newSlowUpload() *slowUpload {
	return newCrawl(uploadSize, uploadBlock, uploadEvery)
}

func newCrawl(size, block int, every time.Duration) *slowUpload {
	return &slowUpload{payload: newPayload(size), block: block, every: every, epoch: time.Now()}
}

// untilTick is the time from now to the first tick that is not before due.
func (u *slowUpload) untilTick(due time.Time) time.Duration {
	ticks := (due.Sub(u.epoch) + uploadTick - 1) / uploadTick
	return time.Until(u.epoch.Add(ticks * uploadTick))
}

// Crawl makes slow uploads of any pace: block bytes at a time, every so often,
// until size bytes are sent.
func Crawl(size, block int, every time.Duration) Provoker {
	return newCrawl(size, block, every)
}

// MuteUpload is a slow upload that breaks off after its head: what calibration
// takes for one that this package got wrong. Not a byte of its body is ever due.
func MuteUpload() Provoker {
	return Crawl(uploadSize, uploadBlock, 24*time.Hour)
}

// Provoke implements Provoker. The sample's Bytes are the body bytes that the
// kernel took. A server may answer before it has the whole body: that is
// Completed too, with its status, and nothing more is sent.
func (u *slowUpload) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	u.hold(ctx, h)
	return &h.s
}

func (u *slowUpload) hold(ctx context.Context, h *ongoing) {
	w := &sending{u: u}
	if !h.begin(ctx, func() []byte { return u.head(h.Nonce, h.Addr) }, w.begin) {
		return
	}
	h.await(maxReceipt)
	h.s.Bytes = w.end()
	u.complete(ctx, h)
	h.done()
}

// sending is the writing side of one upload. It lives on a timer: between two
// blocks it has no goroutine, so that ten thousand uploads are affordable.
type sending struct {
	u     *slowUpload
	conn  net.Conn
	began time.Time

	mu    sync.Mutex // held while a block is being written
	timer *time.Timer
	block int // the next one, from 0
	taken int // body bytes that the kernel took
	over  bool
}

// begin sets the timer for the first block.
func (w *sending) begin(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetWriteBuffer(uploadSendBuffer)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn, w.began = conn, time.Now()
	w.timer = time.AfterFunc(w.u.untilTick(w.began.Add(w.u.every)), w.next)
}

// next writes one block and sets the timer for the one after it. Writing may
// block for as long as the server does not read: what has become due meanwhile
// follows at once.
func (w *sending) next() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	n, err := w.conn.Write(w.u.body[w.taken:min(w.taken+w.u.block, len(w.u.body))])
	w.taken += n
	w.block++
	if err == nil && w.taken < len(w.u.body) {
		w.timer.Reset(w.u.untilTick(w.began.Add(time.Duration(w.block+1) * w.u.every)))
	}
}

// end writes no more, frees a write that is stuck, and gives the body bytes
// that the kernel took.
func (w *sending) end() int64 {
	_ = w.conn.SetWriteDeadline(time.Unix(1, 0))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.timer.Stop()
	return int64(w.taken)
}
