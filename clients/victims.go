package clients

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// victims are the requests of one open loop that are under way. Sending one returns at
// once; one goroutine attends to all of them, waiting in one place. So a victim costs
// neither a goroutine nor a timer.
type victims struct {
	loop  *OpenLoop
	to    *peer // nil: connections come from loop.Dial
	abort context.Context
	poll  *poller
	free  func()

	// Only the attending goroutine uses these.
	in   *bufio.Reader
	got  arrived
	text [8 << 10]byte        // the result of one read
	body [VictimSize + 1]byte // an answer's body, with one byte more to notice a body that is too long

	mu     sync.Mutex
	bySock map[int]*victim
	queue  []*victim      // in the order in which they time out
	wake   int64          // when poll wakes up, ns since the clock's origin
	apart  sync.WaitGroup // counts the goroutines that read answers apart

	samples atomic.Uint64
}

// victim is one request under way.
type victim struct {
	sample bench.Sample
	giveUp int64
	fd     int
	stands bool   // the connection is made, as far as is known
	unsent []byte // the part of the request that is not sent yet
	text   []byte // the part of the answer that has come, while it is incomplete
	reads  int
	ended  bool
}

// mostReads is in how many parts an answer may come before a goroutine of its own reads
// it: for each part, attend parses the answer from its beginning.
const mostReads = 8

func (o *OpenLoop) newVictims() (v *victims, err error) {
	v = &victims{loop: o, abort: o.Abort, in: bufio.NewReaderSize(nil, 4096), bySock: map[int]*victim{}}
	if v.abort == nil {
		v.abort = context.Background()
	}
	if o.Dial == nil {
		if v.to, err = peerAt(o.Addr); err != nil {
			return nil, err
		}
	}
	if v.poll, err = newPoller(); err != nil {
		return nil, err
	}
	release := context.AfterFunc(v.abort, v.wakeUp)
	v.free = func() {
		release()
		v.mu.Lock() // wakeUp may still be called: release does not wait for it
		defer v.mu.Unlock()
		v.poll.close()
	}
	return v, nil
}

// send sends request seq and returns when it is on its way. Sent is when it begins to
// dial. So Sent - Due is the generator's own lateness, and a full accept queue counts
// against the server.
func (v *victims) send(seq uint64) {
	o := v.loop
	x := &victim{sample: bench.Sample{Role: o.Role, Seq: seq, Nonce: o.Nonce(seq), Due: o.Beat.Due(seq)}}
	s := &x.sample
	x.giveUp = s.Due + int64(o.Timeout)
	s.Sent = o.Clock.Now()
	if s.Sent >= x.giveUp {
		s.Sent, s.Outcome, s.Error = 0, bench.Unsent, "not sent before its timeout"
		v.tell(x)
		return
	}
	err := v.connect(x)
	if err == nil {
		x.unsent = getRequest("/victim?nonce="+s.Nonce, o.Addr)
		if err = x.write(); err == nil {
			err = v.add(x)
		}
		if err != nil {
			closeSocket(x.fd)
		}
	}
	if err != nil {
		v.notConnected(x, err)
	}
}

func (v *victims) connect(x *victim) (err error) {
	if err := v.abort.Err(); err != nil {
		return &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	if v.to != nil {
		x.fd, err = v.to.connect()
		return err
	}
	conn, err := v.loop.Dial(v.abort, v.loop.Clock.At(x.giveUp))
	if err == nil {
		x.stands = true
		x.fd, err = socketOf(conn)
	}
	return err
}

// write sends as much of the request as the kernel takes. It returns the error of
// connecting. A failed write ends nothing: the server may have answered and closed before
// it read the request. If it has not, reading fails in the same way.
func (x *victim) write() error {
	n, errno := writeSocket(x.fd, x.unsent)
	switch {
	case errno == 0:
		x.stands, x.unsent = true, x.unsent[n:]
	case errno == unix.EAGAIN:
	case x.stands || errno == unix.ECONNRESET || errno == unix.EPIPE: // the connection was made before it was reset
		x.stands, x.unsent = true, nil
	default:
		return dialError("connect", errno)
	}
	return nil
}

// add makes attend look after the victim.
func (v *victims) add(x *victim) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.poll.add(x.fd, x.awaits()); err != nil {
		return dialError("epoll_ctl", errors.Unwrap(err))
	}
	v.bySock[x.fd] = x
	i := len(v.queue)
	for i > 0 && v.queue[i-1].giveUp > x.giveUp {
		i--
	}
	v.queue = slices.Insert(v.queue, i, x)
	if x.giveUp < v.wake {
		v.setWake(x.giveUp)
	}
	return nil
}

func (x *victim) awaits() uint32 {
	if len(x.unsent) > 0 {
		return unix.EPOLLIN | unix.EPOLLOUT
	}
	return unix.EPOLLIN
}

// setWake sets when poll wakes up. The caller holds mu.
func (v *victims) setWake(at int64) {
	v.wake = at
	v.poll.wakeIn(time.Duration(at - v.loop.Clock.Now()))
}

// wakeUp makes attend check its contexts.
func (v *victims) wakeUp() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.setWake(0)
}

// attend looks after the victims until a time, in ns since the clock's origin, or until
// ctx ends. If that time has passed, it still looks once: a loop that catches up must not
// leave its answers unread.
func (v *victims) attend(ctx context.Context, until int64) error {
	for {
		if err := v.turn(ctx, until); err != nil || v.loop.Clock.Now() >= until || ctx.Err() != nil {
			return err
		}
	}
}

// drain looks after the victims until there are none.
func (v *victims) drain() error {
	defer v.apart.Wait()
	for v.left() > 0 {
		if err := v.turn(context.Background(), math.MaxInt64); err != nil {
			return err
		}
	}
	return nil
}

func (v *victims) left() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.bySock)
}

// turn gives up the victims that have timed out, waits for events until the given time at
// most, and handles them. Without a time and without victims, it does not wait: nothing
// would end that.
func (v *victims) turn(ctx context.Context, until int64) error {
	for x := v.overdue(); x != nil; x = v.overdue() {
		v.giveUp(x)
	}
	v.mu.Lock()
	if len(v.queue) > 0 {
		until = min(until, v.queue[0].giveUp)
	}
	if v.wake != until {
		v.setWake(until)
	}
	v.mu.Unlock()
	if until == math.MaxInt64 || ctx.Err() != nil || v.abort.Err() != nil && v.left() > 0 { // wakeUp may have come before
		return nil
	}
	events, err := v.poll.wait()
	if err != nil {
		return err
	}
	for _, e := range events {
		v.mu.Lock()
		x := v.bySock[int(e.Fd)]
		if int(e.Fd) == v.poll.timer {
			v.wake = math.MaxInt64
		}
		v.mu.Unlock()
		if x != nil {
			v.deal(x, e.Events)
		}
	}
	return nil
}

// overdue is a victim that has timed out; nil = none has.
func (v *victims) overdue() *victim {
	now, aborted := v.loop.Clock.Now(), v.abort.Err() != nil
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.queue) > 0 {
		x := v.queue[0]
		if !x.ended && !aborted && x.giveUp > now {
			return nil
		}
		v.queue[0], v.queue = nil, v.queue[1:]
		if !x.ended {
			return x
		}
	}
	return nil
}

// giveUp ends a victim without a whole answer.
func (v *victims) giveUp(x *victim) {
	v.leave(x)
	closeSocket(x.fd)
	if x.stands {
		v.answered(x, answer{fate: pending, err: os.ErrDeadlineExceeded})
		return
	}
	err := os.ErrDeadlineExceeded
	if v.abort.Err() != nil {
		err = context.Canceled
	}
	v.notConnected(x, &net.OpError{Op: "dial", Net: "tcp", Err: err})
}

// leave stops looking after a victim. Its socket is still open.
func (v *victims) leave(x *victim) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.bySock, x.fd)
	x.ended = true
}

// deal writes and reads what it can.
func (v *victims) deal(x *victim, events uint32) {
	if len(x.unsent) > 0 && events&^unix.EPOLLIN != 0 {
		err := x.write()
		if err == nil {
			err = v.poll.change(x.fd, x.awaits())
		}
		if err != nil {
			v.leave(x)
			closeSocket(x.fd)
			v.notConnected(x, err)
			return
		}
	}
	if x.stands {
		v.read(x)
	}
}

// read reads what has come of an answer. If that completes the answer, the victim ends.
func (v *victims) read(x *victim) {
	n, errno := readSocket(x.fd, v.text[:])
	if errno == unix.EAGAIN {
		return
	}
	v.got = arrived{text: v.text[:n], after: errWaiting}
	switch {
	case errno != 0:
		v.got.after = readError(errno)
	case n == 0:
		v.got.after = io.EOF
	}
	if len(x.text) > 0 {
		x.text = append(x.text, v.text[:n]...)
		v.got.text = x.text
	}
	a := readAnswer(&v.got, v.in, v.body[:])
	switch {
	case !v.got.waiting:
		v.leave(x)
		closeSocket(x.fd)
		v.answered(x, a)
		return
	case x.text == nil:
		x.text = bytes.Clone(v.text[:n])
	}
	if x.reads++; x.reads >= mostReads {
		v.readApart(x)
	}
}

// readApart lets another goroutine read the rest of an answer.
func (v *victims) readApart(x *victim) {
	v.leave(x)
	_ = v.poll.remove(x.fd)
	conn, err := asConn(x.fd)
	if err != nil {
		v.answered(x, answer{fate: pending, err: err})
		return
	}
	v.apart.Go(func() {
		_ = conn.SetDeadline(v.loop.Clock.At(x.giveUp))
		defer endWith(v.abort, conn)()
		all := io.MultiReader(bytes.NewReader(x.text), conn)
		v.answered(x, readAnswer(all, bufio.NewReader(nil), make([]byte, len(v.body))))
	})
}

// notConnected completes the sample of a victim that could not connect.
func (v *victims) notConnected(x *victim, err error) {
	s := &x.sample
	s.Done, s.Outcome, s.Error = v.loop.Clock.Now(), dialOutcome(err), brief(err)
	if s.Outcome == bench.Unsent {
		s.Sent, s.Done = 0, 0
	}
	v.tell(x)
}

// answered completes the sample of a victim from its answer.
func (v *victims) answered(x *victim, a answer) {
	s, o := &x.sample, v.loop
	s.Done = o.Clock.Now()
	s.Status = a.status
	s.PID = WorkerPID(a.header)
	var err error
	s.Outcome, err = judgeVictim(s.Nonce, a)
	switch {
	case a.fate == whole && s.Done > x.giveUp:
		// It came while benchrun was not looking, and was too late.
		s.Outcome = bench.TimedOut
	case s.Outcome == bench.OK && s.Done > s.Due+int64(o.SLO):
		s.Outcome = bench.Late
	}
	if err != nil {
		s.Error = brief(err)
	}
	v.tell(x)
}

func (v *victims) tell(x *victim) {
	v.loop.OnSample(x.sample)
	v.samples.Add(1)
}
