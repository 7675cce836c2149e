package clients

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
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
	Due   int64      // ns since the clock's origin
	Role  bench.Role // bench.RoleProvoker or bench.RoleAgeing
}

// Provoker makes one kind of misbehaving request.
type Provoker interface {
	// Provoke makes the request now and stays with it until it has an answer,
	// the server ends the connection, or ctx ends, which cuts it promptly.
	// The outcome is Completed, Cut, NoConnect or HeldOpen (ctx ended first),
	// or Unsent where this host had no port or descriptor left. Done is when
	// that came about. What the server does is never an error.
	Provoke(ctx context.Context, p Provocation) bench.Sample
}

// For finds the provoker of a family. One provoker serves any number of
// requests at once. It fails on a client kind that this package does not know.
func For(family bench.Family) (Provoker, error) {
	switch family.Client {
	case bench.ClientAppFault:
		return newAppFault(family), nil
	case bench.ClientSlowUpload:
		return newSlowUpload(), nil
	case bench.ClientLargeUpload:
		return newLargeUpload(), nil
	case bench.ClientSlowDownload:
		return newSlowDownload(), nil
	}
	return nil, fmt.Errorf("family %s: no client of kind %q", family.ID, family.Client)
}

// open connects, with a connection that ends with ctx, and sends the head of the
// request. Where there is no connection, ok is false and the sample is complete.
func (p Provocation) open(ctx context.Context, request []byte) (conn net.Conn, s bench.Sample, ok bool) {
	return p.openWith(ctx, dialer(time.Time{}), request)
}

// openWith is open with a dialer of the client's own.
func (p Provocation) openWith(ctx context.Context, d net.Dialer, request []byte) (conn net.Conn, s bench.Sample, ok bool) {
	s = bench.Sample{Role: p.Role, Nonce: p.Nonce, Due: p.Due, Sent: p.Clock.Now()}
	// Dialling needs a deep stack. On a goroutine of its own that stack is
	// given back, not kept for as long as the provocation is held.
	opened := make(chan error, 1)
	go func() {
		var err error
		if conn, err = d.DialContext(ctx, "tcp", p.Addr); err == nil {
			// As in exchange, reading tells what a failed write means.
			_, _ = conn.Write(request)
		}
		opened <- err
	}()
	err := <-opened
	if err == nil {
		return conn, s, true
	}
	s.Done, s.Outcome, s.Error = p.Clock.Now(), bench.NoConnect, brief(err)
	if dialOutcome(err) == bench.Unsent {
		s.Sent, s.Done, s.Outcome = 0, 0, bench.Unsent
	}
	return nil, s, false
}

// awaitAnswer reads an answer that may be long in coming, with up to keep bytes
// of its body. Until the first byte is there it holds no buffer and little stack.
func awaitAnswer(conn net.Conn, keep int) answer {
	first := make([]byte, 1)
	n, err := conn.Read(first)
	return readAnswer(io.MultiReader(bytes.NewReader(first[:n]), failed{err}, conn), bufio.NewReader(nil), make([]byte, keep))
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
// its body are kept.
func (p Provocation) get(ctx context.Context, target string, keep int) (bench.Sample, answer) {
	conn, s, ok := p.open(ctx, getRequest(target, p.Addr))
	if !ok {
		return s, answer{}
	}
	defer endWith(ctx, conn)()
	a := awaitAnswer(conn, keep)
	p.finish(ctx, &s, a)
	return s, a
}

// finish completes a provocation's sample from what came back.
func (p Provocation) finish(ctx context.Context, s *bench.Sample, a answer) {
	s.Done, s.Status = p.Clock.Now(), a.status
	s.PID, _ = strconv.Atoi(a.header.Get(PIDHeader))
	switch {
	case a.fate == whole:
		s.Outcome = bench.Completed
	case ctx.Err() != nil && a.fate == pending:
		s.Outcome = bench.HeldOpen
	default:
		s.Outcome, s.Error = bench.Cut, brief(a.err)
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
			run.OnSample(s)
		})
	}
	return launched
}
