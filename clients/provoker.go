package clients

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"benchrun/internal/bench"
)

// Provocation is one misbehaving request to make.
type Provocation struct {
	Clock bench.Clock
	Addr  string // host:port
	Nonce string
	Due   int64             // ns since the clock's origin
	Role  bench.Role        // bench.RoleProvoker or bench.RoleAgeing
	Heard func(body []byte) // told the beginning of an answer's body, as much as the client keeps; may be nil
}

// Provoker makes one kind of misbehaving request, any number of them at once.
type Provoker interface {
	// Provoke makes the request now and stays with it until it has an answer,
	// the server ends the connection, or ctx ends, which cuts it promptly.
	// The outcome is Completed, Cut, NoConnect or HeldOpen (ctx ended first),
	// or Unsent where this host had no port or descriptor left. Done is when
	// that came about. What the server does is never an error.
	Provoke(ctx context.Context, p Provocation) *bench.Sample
}

// ongoing is one provocation under way. It lives on the heap, and whatever needs a
// deep stack is done on a goroutine of its own (see begin): the one that waits,
// for as long as the server likes, then keeps the smallest stack there is. With
// ten thousand of them that is half of their memory.
type ongoing struct {
	Provocation
	s      bench.Sample
	conn   net.Conn
	done   func() // see endWith
	answer answer

	first [1]byte
	n     int
	err   error
}

// begin connects, with a connection that ends with ctx, sends the head of the
// request and calls under with the connection. Where there is no connection,
// it says false and the sample is complete. Else the caller calls done.
func (h *ongoing) begin(ctx context.Context, request func() []byte, under func(net.Conn)) bool {
	d := dialer(time.Time{})
	return h.beginWith(ctx, &d, request, under)
}

// beginWith is begin with a dialer of the client's own.
func (h *ongoing) beginWith(ctx context.Context, d *net.Dialer, request func() []byte, under func(net.Conn)) bool {
	began := make(chan struct{})
	go func() {
		defer close(began)
		if h.open(ctx, d, request()); h.conn != nil && under != nil {
			under(h.conn)
		}
	}()
	<-began
	return h.conn != nil
}

func (h *ongoing) open(ctx context.Context, d *net.Dialer, request []byte) {
	h.s = bench.Sample{Role: h.Role, Nonce: h.Nonce, Due: h.Due, Sent: h.Clock.Now()}
	conn, err := d.DialContext(ctx, "tcp", h.Addr)
	if err != nil {
		h.s.Done, h.s.Outcome, h.s.Error = h.Clock.Now(), bench.NoConnect, brief(err)
		if dialOutcome(err) == bench.Unsent {
			h.s.Sent, h.s.Done, h.s.Outcome = 0, 0, bench.Unsent
		}
		return
	}
	h.conn, h.done = conn, endWith(ctx, conn)
	// As of a victim, reading tells what a failed write means.
	_, _ = conn.Write(request)
}

// await reads an answer that may be long in coming, with up to keep bytes of its
// body. Until the first byte is there it holds no buffer and little stack.
func (h *ongoing) await(keep int) {
	h.n, h.err = h.conn.Read(h.first[:])
	h.read(keep)
}

// read reads on after the first byte.
func (h *ongoing) read(keep int) {
	all := io.MultiReader(bytes.NewReader(h.first[:h.n]), failed{h.err}, h.conn)
	h.answer = readAnswer(all, bufio.NewReader(nil), make([]byte, keep))
}

// failed is a reader that fails with err, or is empty if that is nil.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// get sends a GET and waits for the answer until ctx ends. Up to keep bytes of
// its body are kept. Without a connection there is no answer.
func (h *ongoing) get(ctx context.Context, target func() string, keep int) {
	if h.begin(ctx, func() []byte { return getRequest(target(), h.Addr) }, nil) {
		h.await(keep)
		h.finish(ctx)
		h.done()
	}
}

// finish completes the sample from what came back.
func (h *ongoing) finish(ctx context.Context) {
	a := &h.answer
	h.s.Done, h.s.Status = h.Clock.Now(), a.status
	h.s.PID, _ = strconv.Atoi(a.header.Get(PIDHeader))
	switch {
	case a.fate == whole:
		h.s.Outcome = bench.Completed
	case ctx.Err() != nil && a.fate == pending:
		h.s.Outcome = bench.HeldOpen
	default:
		h.s.Outcome, h.s.Error = bench.Cut, brief(a.err)
	}
}

// Due is one provocation of a ProvokerRun: when, and under which name.
type Due struct {
	At    int64 // ns since the clock's origin
	Nonce string
}

// ProvokerRun is a schedule of misbehaving requests.
type ProvokerRun struct {
	Clock    bench.Clock
	Addr     string     // host:port
	Role     bench.Role // bench.RoleProvoker or bench.RoleAgeing
	Provoker Provoker
	Dues     []Due              // ascending
	OnSample func(bench.Sample) // called from several goroutines; must be cheap
}

// RunProvokers launches each provocation when it is due, however the earlier
// ones fare, until stop ends: then it launches no more, but stays with those
// under way until each has ended or cut ends them all. Each that was launched
// yields exactly one sample, its Seq the index in Dues. It returns how many
// were launched, when the last has ended. cut ending implies stop.
func RunProvokers(stop, cut context.Context, run ProvokerRun) (launched int) {
	var wg sync.WaitGroup
	defer wg.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i, due := range run.Dues {
		timer.Reset(time.Duration(due.At - run.Clock.Now()))
		select {
		case <-timer.C:
		case <-stop.Done():
		case <-cut.Done():
		}
		if stop.Err() != nil || cut.Err() != nil {
			return launched
		}
		launched++
		wg.Go(func() {
			s := run.Provoker.Provoke(cut, Provocation{Clock: run.Clock, Addr: run.Addr, Nonce: due.Nonce, Due: due.At, Role: run.Role})
			s.Seq = uint64(i)
			run.OnSample(*s)
		})
	}
	return launched
}
