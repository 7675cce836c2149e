package clients

import (
	"context"
	"math"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

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
//
// One goroutine writes what is due of all uploads, and lives as long as there is
// any: between two blocks an upload has no goroutine that writes, and no timer,
// so that ten thousand of them are affordable.
type slowUpload struct {
	payload
	block int // bytes
	every time.Duration
	epoch time.Time // tick 0

	mu      sync.Mutex
	due     map[int64][]*sending // by the tick at which they are written
	next    int64                // the tick that is waited for; math.MaxInt64 = none
	earlier chan struct{}        // another one is
}

// SlowUpload makes the uploads of the slow-upload family.
func SlowUpload() Provoker { return newSlowUpload() }

func newSlowUpload() *slowUpload {
	return newCrawl(uploadSize, uploadBlock, uploadEvery)
}

func newCrawl(size, block int, every time.Duration) *slowUpload {
	return &slowUpload{
		payload: newPayload(size), block: block, every: every, epoch: time.Now(),
		due: map[int64][]*sending{}, next: math.MaxInt64, earlier: make(chan struct{}, 1),
	}
}

// tickAt is the first tick that is not before a time.
func (u *slowUpload) tickAt(due time.Time) int64 {
	return int64((due.Sub(u.epoch) + uploadTick - 1) / uploadTick)
}

// schedule has an upload written at its next block's tick, unless it is over.
// The caller holds w.mu.
func (u *slowUpload) schedule(w *sending) {
	w.tick = u.tickAt(w.began.Add(time.Duration(w.block+1) * u.every))
	u.mu.Lock()
	defer u.mu.Unlock()
	alone := len(u.due) == 0 && u.next == math.MaxInt64
	u.due[w.tick] = append(u.due[w.tick], w)
	switch {
	case alone:
		u.next = w.tick
		go u.write()
	case w.tick < u.next:
		select {
		case u.earlier <- struct{}{}:
		default: // it is on its way
		}
	}
}

// forget takes an upload that is scheduled out of its tick.
func (u *slowUpload) forget(w *sending) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if i := slices.Index(u.due[w.tick], w); i >= 0 {
		if u.due[w.tick] = slices.Delete(u.due[w.tick], i, i+1); len(u.due[w.tick]) == 0 {
			delete(u.due, w.tick)
		}
	}
	if len(u.due) == 0 {
		select {
		case u.earlier <- struct{}{}: // the goroutine has nothing to wait for
		default:
		}
	}
}

// write writes what is due, tick by tick, until there is nothing to wait for.
func (u *slowUpload) write() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for u.await(timer) {
		for _, w := range u.take(int64(time.Since(u.epoch) / uploadTick)) {
			w.next()
		}
	}
}

// await waits for the next tick at which something is due. False = there is none.
func (u *slowUpload) await(timer *time.Timer) bool {
	for {
		u.mu.Lock()
		u.next = math.MaxInt64
		for tick := range u.due {
			u.next = min(u.next, tick)
		}
		next := u.next
		u.mu.Unlock()
		if next == math.MaxInt64 {
			return false
		}
		timer.Reset(time.Until(u.epoch.Add(time.Duration(next) * uploadTick)))
		select {
		case <-timer.C:
			return true
		case <-u.earlier:
		}
	}
}

// take takes the uploads that are due at a tick or were before.
func (u *slowUpload) take(now int64) (due []*sending) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for tick, some := range u.due {
		if tick <= now {
			due = append(due, some...)
			delete(u.due, tick)
		}
	}
	return due
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

// sending is the writing side of one upload.
type sending struct {
	u    *slowUpload
	conn net.Conn
	raw  syscall.RawConn // the same

	mu    sync.Mutex // held while a block is being written
	began time.Time
	tick  int64 // at which the next block is written
	block int   // the next one, from 0
	taken int   // body bytes that the kernel took
	over  bool
}

// begin schedules the first block.
func (w *sending) begin(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetWriteBuffer(uploadSendBuffer)
		w.raw, _ = c.SyscallConn() // of a connection that stands it cannot fail
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn, w.began = conn, time.Now()
	w.u.schedule(w)
}

// next writes one block and schedules the one after it. Where the kernel does
// not take all of it, for the server does not read, a goroutine waits until it
// does: what has become due meanwhile follows at once.
func (w *sending) next() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	upto := min(w.taken+w.u.block, len(w.u.body))
	var n int
	var errno unix.Errno
	err := w.raw.Write(func(fd uintptr) bool {
		n, errno = writeSocket(int(fd), w.u.body[w.taken:upto]) //nolint:gosec // a descriptor
		return true
	})
	w.taken += n
	switch {
	case err != nil || errno != 0 && errno != unix.EAGAIN:
	case w.taken < upto:
		go w.push(upto)
	default:
		w.wrote()
	}
}

// push writes the rest of a block, however long that takes.
func (w *sending) push(upto int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	n, err := w.conn.Write(w.u.body[w.taken:upto])
	if w.taken += n; err == nil {
		w.wrote()
	}
}

// wrote schedules the block after one that was written.
func (w *sending) wrote() {
	if w.block++; w.taken < len(w.u.body) {
		w.u.schedule(w)
	}
}

// end writes no more, frees a write that is stuck, and gives the body bytes
// that the kernel took.
func (w *sending) end() int64 {
	_ = w.conn.SetWriteDeadline(time.Unix(1, 0))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.u.forget(w)
	return int64(w.taken)
}
