package clients

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"benchrun/internal/bench"
)

// OpenLoop sends requests to GET /victim on one absolute schedule, whether or not
// earlier ones have been answered: victims, control requests, or the light load of the
// shutdown phase.
//
// vegeta keeps the workers and produces the ticks. This package has the schedule, the
// connections and the outcomes. A worker sends a request and is free again; rate ×
// Timeout limits the requests under way. Still, the number of workers has no limit: at a
// limit, vegeta stops sending without an error, and a worker may have to wait for Dial.
type OpenLoop struct {
	Clock   bench.Clock
	Addr    string     // host:port, with an IP address as host; with Dial, any name
	Role    bench.Role // of the samples
	Beat    bench.Beat // when each request is due
	SLO     time.Duration
	Timeout time.Duration // from a request's due time, including the time to connect
	Nonce   func(seq uint64) string
	First   uint64 // the first request to send
	// Dial opens a fresh connection; nil = connect to Addr. A zero deadline means none.
	Dial func(ctx context.Context, deadline time.Time) (net.Conn, error)
	// Late delays each request after it is due. It is 0, except in calibration, which
	// checks that a late generator is noticed.
	Late time.Duration
	// Abort also ends the requests under way when it ends, for a run whose samples
	// nobody will use; nil = never.
	Abort context.Context
	// OnSample gets each request's sample when the request has ended. Several
	// goroutines call it at once, so it must be cheap.
	OnSample func(bench.Sample)
}

// Run sends requests until ctx ends, waits for those under way (none outlives its due
// time plus Timeout) and returns. Exactly the requests that were due before ctx ended
// yield one sample each. If the harness overslept a request, Run still sends it, late,
// unless its Timeout has passed. If ctx has a deadline, requests due from then on are not
// sent; if ctx is cancelled, Run stops when it notices. Run returns an error if the loop
// cannot run or a request was lost; both are the harness's fault.
func (o *OpenLoop) Run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return fmt.Errorf("open loop to %s: %w", o.Addr, err)
	}
	v, err := o.newVictims()
	if err != nil {
		return fmt.Errorf("open loop to %s: %w", o.Addr, err)
	}
	defer v.free()
	p := newPacer(ctx, v)
	defer context.AfterFunc(ctx, v.wakeUp)()
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: &victimTransport{v}}))
	// The target only satisfies vegeta: the transport builds each request from its
	// sequence number.
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: "http://" + o.Addr + "/victim"})

	ticks, failed := uint64(0), ""
	for r := range attacker.Attack(target, p, 0, "") {
		ticks++
		if r.Error != "" {
			failed = r.Error
		}
	}
	err = errors.Join(p.failed, v.drain())
	if got := v.samples.Load(); err != nil || got != ticks || failed != "" {
		return fmt.Errorf("open loop to %s: %d samples of %d requests; last failure %q: %w", o.Addr, got, ticks, failed, err)
	}
	return nil
}

func (o *OpenLoop) check() error {
	switch {
	case o.Beat.Rate < 1 || o.SLO <= 0 || o.Timeout < o.SLO:
		return fmt.Errorf("rate %d, slo %v, timeout %v", o.Beat.Rate, o.SLO, o.Timeout)
	case o.Nonce == nil || o.OnSample == nil:
		return errors.New("no nonces or nobody to tell")
	}
	return nil
}

// pacer lets each request go when it is due on the loop's own clock. It waits itself,
// where vegeta would sleep: it notices the end of ctx, and attends to the victims while it
// waits.
type pacer struct {
	ctx     context.Context
	victims *victims
	end     int64 // requests that are due at this time or later are not sent
	over    bool  // the pacer has seen that ctx has ended
	failed  error
}

func newPacer(ctx context.Context, v *victims) *pacer {
	p := &pacer{ctx: ctx, victims: v, end: math.MaxInt64}
	if deadline, ok := ctx.Deadline(); ok {
		// With a deadline, the end is known. It does not matter which timer fires first.
		p.end = int64(deadline.Sub(v.loop.Clock.Origin()))
	}
	return p
}

// Pace implements vegeta.Pacer. vegeta calls it from a single goroutine.
func (p *pacer) Pace(_ time.Duration, hits uint64) (wait time.Duration, stop bool) {
	loop := p.victims.loop
	due := loop.Beat.Due(loop.First + hits)
	p.failed = p.victims.attend(p.ctx, min(due, p.end)+int64(loop.Late))
	if !p.over && p.ctx.Err() != nil {
		p.over, p.end = true, min(p.end, loop.Clock.Now())
	}
	return 0, due >= p.end || p.failed != nil
}

// Rate implements vegeta.Pacer.
func (p *pacer) Rate(time.Duration) float64 { return float64(p.victims.loop.Beat.Rate) }

// victimTransport turns each tick of vegeta into one victim, which yields one sample
// later. For vegeta, every request succeeds at once.
type victimTransport struct{ victims *victims }

// RoundTrip implements http.RoundTripper.
func (t *victimTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := strconv.ParseUint(r.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("vegeta's sequence number: %w", err)
	}
	t.victims.send(t.victims.loop.First + n)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}
