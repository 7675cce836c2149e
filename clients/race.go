package clients

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"benchrun/internal/bench"
)

// raceSleep is how long the app takes for the request on the reused connection, in
// milliseconds: the server's idle timeout would end meanwhile, if it still counted.
const raceSleep = 300

// racePatience is how long the client waits for the answer on the reused connection.
const racePatience = 5 * time.Second

// race reuses a kept connection just when the server's idle timeout ends.
type race struct {
	apart    time.Duration
	patience time.Duration
	offsets  []time.Duration
	next     atomic.Uint64
}

// Race makes pairs of kept connections, each of which gets one answer, the second one
// later by apart. When the server closes the first, the client knows the idle timeout and
// so when that of the second will end. It sends another request on the second, a bit
// earlier or later than that: each pair in turn takes the next of offsets, none of which
// may be below -apart. If the server has closed none of a pair for patience, the client closes
// both.
func Race(apart, patience time.Duration, offsets ...time.Duration) Provoker {
	return &race{apart: apart, patience: patience, offsets: offsets}
}

// Provoke implements Provoker. The sample's Idle is how long the server had kept the first
// connection when it closed it; 0 = it kept none. Bytes are those of the request on the
// reused connection: 0 = it was not sent, because the server had closed the connection
// before (Completed), or closed none until patience was over or ctx ended (HeldOpen). Where it was sent, the
// outcome is that of the request: Completed, Cut, or HeldOpen without an answer in time.
func (r *race) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := &ongoing{Provocation: p}
	offset := r.offsets[(r.next.Add(1)-1)%uint64(len(r.offsets))]
	request := func() []byte { return keptRequest("/victim?nonce="+h.Nonce, h.Addr) }

	first := &ongoing{Provocation: p}
	kept := first.keep(ctx, request)
	h.s = first.s
	if !kept {
		return &h.s
	}
	defer first.done()
	firstIdle := first.watch()
	bench.Sleep(ctx, r.apart)
	select {
	case h.s.Done = <-firstIdle: // it kept none
		return &h.s
	default:
	}
	kept = h.keep(ctx, request)
	h.s.Sent = first.s.Sent
	if !kept {
		return &h.s
	}
	defer h.done()
	secondIdle := h.watch()
	tired := time.AfterFunc(r.patience, cancel)
	answered, closed := h.s.Done, <-firstIdle
	tired.Stop()
	h.s.Idle = closed - first.s.Done
	if ctx.Err() != nil {
		h.s.Done, h.s.Outcome = closed, bench.HeldOpen
		return &h.s
	}
	bench.Sleep(ctx, time.Duration(answered+h.s.Idle+int64(offset)-h.Clock.Now()))
	select {
	case h.s.Done = <-secondIdle: // a client looks before it sends
		if ctx.Err() != nil {
			h.s.Outcome = bench.HeldOpen
		}
	default:
		defer time.AfterFunc(racePatience, cancel).Stop()
		h.reuse(ctx, secondIdle)
	}
	return &h.s
}

// reuse makes another request on a kept connection that is watched.
func (h *ongoing) reuse(ctx context.Context, answered <-chan int64) {
	request := keptRequest(fmt.Sprintf("/sleep?nonce=%s&ms=%d", h.Nonce, raceSleep), h.Addr)
	_, _ = h.conn.Write(request) // if this failed, reading will say why
	h.s.Bytes, h.s.Status, h.s.PID = int64(len(request)), 0, 0
	<-answered
	h.read(VictimSize + 1)
	h.finish(ctx)
	h.checkEcho(VictimSize)
}

// keep makes a request and reads its answer, and says whether the connection stays open.
// If it does, the sample's Done is when the answer had come, and the caller calls done.
func (h *ongoing) keep(ctx context.Context, request func() []byte) (kept bool) {
	if !h.begin(ctx, request, nil) {
		return false
	}
	h.await(VictimSize + 1)
	h.finish(ctx)
	if h.s.Outcome != bench.Completed || h.answer.closed || h.answer.last {
		h.done()
		return false
	}
	if outcome, err := judgeVictim(h.Nonce, h.answer); outcome == bench.Wrong {
		h.s.Error = brief(err)
	}
	return true
}

// watch reads one byte, and says when that has come or the connection has ended.
func (h *ongoing) watch() <-chan int64 {
	ended := make(chan int64, 1)
	go func() {
		h.n, h.err = h.conn.Read(h.first[:])
		ended <- h.Clock.Now()
	}()
	return ended
}
