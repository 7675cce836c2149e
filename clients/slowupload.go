package clients

import (
	"context"
	"math"
	"net"
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
	due     map[int64]*sending // by the tick at which they are written: the first of a list
	next    int64              // the tick that is waited for; math.MaxInt64 = none
	earlier chan struct{}      // another one is
}

// SlowUpload makes the uploads of the slow-upload family.
func SlowUpload() Provoker { return newSlowUpload() }

func newSlowUpload() *slowUpload {
	return newCrawl(uploadSize, uploadBlock, uploadEvery)
}

func newCrawl(size, block int, every time.Duration) *slowUpload {
	return &slowUpload{
		payload: newPayload(size), block: block, every: every, epoch: time.Now(),
		due: map[int64]*sending{}, next: math.MaxInt64, earlier: make(chan struct{}, 1),
	}
}

// tickAt is the first tick that is not before a time.
func (u *slowUpload) tickAt(due time.Time) int64 {
	return int64((due.Sub(u.epoch) + uploadTick - 1) / uploadTick)
}

// schedule has an upload written at a tick. The caller holds w.mu.
func (u *slowUpload) schedule(w *sending, tick int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	idle := len(u.due) == 0 && u.next == math.MaxInt64
	w.tick, w.after, u.due[tick] = tick, u.due[tick], w
	switch {
	case idle:
		u.next = tick
		go u.write()
	case tick < u.next:
		u.hurry()
	}
}

// hurry lets the goroutine that writes look again what to wait for.
func (u *slowUpload) hurry() {
	select {
	case u.earlier <- struct{}{}:
	default: // it was told, and has not looked yet
	}
}

// forget takes an upload out of its tick, where it is scheduled.
func (u *slowUpload) forget(w *sending) {
	u.mu.Lock()
	defer u.mu.Unlock()
	first := u.due[w.tick]
	if first == w {
		first = w.after
	} else {
		for at := first; at != nil; at = at.after {
			if at.after == w {
				at.after = w.after
				break
			}
		}
	}
	if first != nil {
		u.due[w.tick] = first
	} else {
		delete(u.due, w.tick)
	}
	if len(u.due) == 0 {
		u.hurry() // there is nothing to wait for
	}
}

// write writes what is due, tick by tick, until there is nothing to wait for.
func (u *slowUpload) write() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	p := newPen()
	for tick, ok := u.await(timer); ok; tick, ok = u.await(timer) {
		for w := u.take(tick); w != nil; w = u.take(tick) {
			w.next(p)
		}
	}
}

// await waits for the next tick at which something is due. False = there is none.
func (u *slowUpload) await(timer *time.Timer) (tick int64, ok bool) {
	for {
		u.mu.Lock()
		u.next = math.MaxInt64
		for tick := range u.due {
			u.next = min(u.next, tick)
		}
		next := u.next
		u.mu.Unlock()
		if next == math.MaxInt64 {
			return 0, false
		}
		timer.Reset(time.Until(u.epoch.Add(time.Duration(next) * uploadTick)))
		select {
		case <-timer.C:
			return next, true
		case <-u.earlier:
		}
	}
}

// take takes one of the uploads of a tick; nil = there is none any more.
func (u *slowUpload) take(tick int64) *sending {
	u.mu.Lock()
	defer u.mu.Unlock()
	w := u.due[tick]
	switch {
	case w == nil:
		return nil
	case w.after == nil:
		delete(u.due, tick)
	default:
		u.due[tick] = w.after
	}
	w.after = nil
	return w
}

// pen writes to one connection after the other without a wait, and without
// garbage: a crowd makes tens of thousands of writes a second.
type pen struct {
	text  []byte
	taken int
	errno unix.Errno
	write func(fd uintptr) bool // made once
}

func newPen() *pen {
	p := &pen{}
	p.write = func(fd uintptr) bool {
		p.taken, p.errno = writeSocket(int(fd), p.text) //nolint:gosec // a descriptor
		return true
	}
	return p
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
	block int // the next one, from 0
	upto  int // bytes of the body, with this block
	short int // tries at which the kernel did not take the rest of it
	taken int // body bytes that the kernel took
	over  bool

	tick  int64    // at which it is written; u.mu guards it
	after *sending // at the same tick; the same
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
	w.start()
}

// start schedules the next block.
func (w *sending) start() {
	w.upto = min(w.taken+w.u.block, len(w.u.body))
	w.u.schedule(w, w.u.tickAt(w.began.Add(time.Duration(w.block+1)*w.u.every)))
}

// mostShort is at how many ticks a block may meet a full buffer before a
// goroutine is spent on it.
const mostShort = 3

// next writes a block. What the kernel does not take of it, for the server does
// not read, is tried again at the next ticks, and then waited for: what has
// become due meanwhile follows at once.
func (w *sending) next(p *pen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	p.text, p.taken, p.errno = w.u.body[w.taken:w.upto], 0, 0
	err := w.raw.Write(p.write)
	w.taken += p.taken
	switch {
	case err != nil || p.errno != 0 && p.errno != unix.EAGAIN: // reading tells what it means
	case w.taken == w.upto:
		w.wrote()
	case w.short < mostShort:
		w.short++
		w.u.schedule(w, w.u.tickAt(time.Now().Add(1)))
	default:
		go w.push()
	}
}

// push writes the rest of a block, however long that takes.
func (w *sending) push() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	n, err := w.conn.Write(w.u.body[w.taken:w.upto])
	if w.taken += n; err == nil {
		w.wrote()
	}
}

// wrote goes on to the block after one that was written.
func (w *sending) wrote() {
	w.short = 0
	if w.block++; w.taken < len(w.u.body) {
		w.start()
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
