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

// The sizes and pace of slow-upload version 1, see docs/contract.md.
const (
	uploadSize  = 1_000_000 // bytes
	uploadBlock = 10_000    // bytes
	uploadEvery = 300 * time.Millisecond
)

// uploadSendBuffer is the send buffer's size in bytes (the kernel doubles it). With a
// small one, most of what the kernel has taken has been sent.
const uploadSendBuffer = 16 << 10

// uploadTick is how long a block may wait at most, so that it can be written together
// with blocks of other uploads: waking up for each of ten thousand blocks a second costs
// more than writing them.
const uploadTick = 10 * time.Millisecond

// slowUpload sends an ordinary request body at a crawl. Block i is due (i + 1) × every
// after the connection was made, so the last one is due size / block × every after it.
// Each block is written at the next tick.
//
// One goroutine writes the blocks of all uploads, and lives as long as there are any.
// Between two blocks an upload needs no writing goroutine and no timer, so ten thousand
// uploads are affordable.
type slowUpload struct {
	payload
	block int // bytes
	every time.Duration
	epoch time.Time // tick 0

	mu      sync.Mutex
	due     map[int64]*sending // uploads by the tick at which to write them: the first one of a linked list
	next    int64              // the tick that the goroutine waits for; math.MaxInt64 = none
	earlier chan struct{}      // signals that an earlier tick has work
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

// tickAt is the first tick at or after a time.
func (u *slowUpload) tickAt(due time.Time) int64 {
	return int64((due.Sub(u.epoch) + uploadTick - 1) / uploadTick)
}

// schedule schedules an upload's next block for a tick. The caller holds w.mu.
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

// hurry makes the writing goroutine check again which tick to wait for.
func (u *slowUpload) hurry() {
	select {
	case u.earlier <- struct{}{}:
	default: // it has a signal already
	}
}

// forget removes an upload from its tick, if it is scheduled.
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
		u.hurry() // nothing is left to wait for
	}
}

// write writes the due blocks, tick by tick, until there are no more uploads to wait for.
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

// await waits for the next tick with work. false = there is none.
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

// take removes one of the uploads of a tick and returns it; nil = there are no more.
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

// pen writes to one connection after the other without waiting and without allocating: a
// crowd makes tens of thousands of writes a second.
type pen struct {
	text  []byte
	taken int
	errno unix.Errno
	write func(fd uintptr) bool // a method value, made once
}

func newPen() *pen {
	p := &pen{}
	p.write = func(fd uintptr) bool {
		p.taken, p.errno = writeSocket(int(fd), p.text) //nolint:gosec // a descriptor
		return true
	}
	return p
}

// Crawl makes slow uploads at any pace: block bytes every so often, until size bytes are
// sent.
func Crawl(size, block int, every time.Duration) Provoker {
	return newCrawl(size, block, every)
}

// MuteUpload is a slow upload that sends only its head. Calibration uses it as an example
// of a broken client. No byte of its body is ever due.
func MuteUpload() Provoker {
	return Crawl(uploadSize, uploadBlock, 24*time.Hour)
}

// Provoke implements Provoker. The sample's Bytes are how many body bytes the kernel took.
// A server may answer before it has the whole body: that is Completed too, with its
// status, and nothing more is sent.
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
	raw  syscall.RawConn // the raw form of conn

	mu    sync.Mutex // held while a block is being written
	began time.Time
	block int // the next block, from 0
	upto  int // how many body bytes are sent after this block
	short int // at how many ticks the kernel did not take all of the block
	taken int // body bytes that the kernel took
	over  bool

	tick  int64    // when the next block is written; u.mu guards it
	after *sending // the next upload of the same tick; u.mu guards it
}

// begin schedules the first block.
func (w *sending) begin(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetWriteBuffer(uploadSendBuffer)
		w.raw, _ = c.SyscallConn() // cannot fail on an open connection
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

// mostShort is at how many ticks a block may meet a full buffer before a goroutine waits
// for it.
const mostShort = 3

// next writes a block. If the server does not read, the kernel does not take all of it.
// Then next tries again at the next ticks, and after mostShort ticks a goroutine waits.
// What has become due meanwhile follows at once.
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
	case err != nil || p.errno != 0 && p.errno != unix.EAGAIN: // reading will say what happened
	case w.taken == w.upto:
		w.wrote()
	case w.short < mostShort:
		w.short++
		w.u.schedule(w, w.u.tickAt(time.Now().Add(1)))
	default:
		go w.push()
	}
}

// push writes the rest of a block, however long it takes.
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

// wrote schedules the block after the one that was written.
func (w *sending) wrote() {
	w.short = 0
	if w.block++; w.taken < len(w.u.body) {
		w.start()
	}
}

// end stops writing, unblocks a write that is stuck, and returns how many body bytes the
// kernel took.
func (w *sending) end() int64 {
	_ = w.conn.SetWriteDeadline(time.Unix(1, 0))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.u.forget(w)
	return int64(w.taken)
}
