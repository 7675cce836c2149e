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
	Heard func(body []byte) // gets the beginning of an answer's body, as much as the client keeps; may be nil
}

// Provoker makes one kind of misbehaving request. It is safe for concurrent use.
type Provoker interface {
	// Provoke makes the request now and waits until it has an answer, the server ends
	// the connection, or ctx ends, which cuts the connection at once. The outcome is
	// Completed, Cut, NoConnect, HeldOpen (ctx ended first), or Unsent (this host had
	// no port or descriptor left). Done is when that happened. What the server does is
	// never an error.
	Provoke(ctx context.Context, p Provocation) *bench.Sample
}

// ongoing is one provocation under way. It lives on the heap, and anything that needs a
// deep stack runs in another goroutine (see begin). So the goroutine that waits, for as
// long as the server likes, keeps the smallest possible stack. For ten thousand
// provocations, that halves their memory.
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

// begin connects and sends the head of the request. The connection ends with ctx. begin
// calls under with the connection. If it cannot connect, it returns false and the sample
// is complete. Otherwise the caller calls done.
func (h *ongoing) begin(ctx context.Context, request func() []byte, under func(net.Conn)) bool {
	d := dialer(time.Time{})
	return h.beginWith(ctx, &d, request, under)
}

// beginWith is begin with a dialer.
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
	// If this failed, reading will say why, as for victims.
	_, _ = conn.Write(request)
}

// await waits for an answer, perhaps for long, and reads it with up to keep bytes of its
// body. Until the first byte comes, it holds no buffer and little stack.
func (h *ongoing) await(keep int) {
	h.n, h.err = h.conn.Read(h.first[:])
	h.read(keep)
}

// read reads the answer after its first byte.
func (h *ongoing) read(keep int) {
	all := io.MultiReader(bytes.NewReader(h.first[:h.n]), failed{h.err}, h.conn)
	h.answer = readAnswer(all, bufio.NewReader(nil), make([]byte, keep))
}

// failed is a reader that fails with err, or with io.EOF if err is nil.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// get sends a GET and waits for the answer until ctx ends. It keeps up to keep bytes of
// the body. If it cannot connect, there is no answer.
func (h *ongoing) get(ctx context.Context, target func() string, keep int) {
	if h.begin(ctx, func() []byte { return getRequest(target(), h.Addr) }, nil) {
		h.await(keep)
		h.finish(ctx)
		h.done()
	}
}

// finish completes the sample from the answer.
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

// Due is one provocation of a ProvokerRun: its time and its nonce.
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

// RunProvokers launches each provocation when it is due, whatever became of earlier ones,
// until stop ends. Then it launches no more, but waits until those under way have ended,
// or until cut ends them all. Each launched provocation yields exactly one sample, whose
// Seq is its index in Dues. RunProvokers returns how many it launched, when the last one
// has ended. The end of cut implies that of stop.
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
