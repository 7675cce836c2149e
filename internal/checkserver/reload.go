package checkserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/place"
)

// The load of a reload's check, and its time: as long as requests in flight may
// take by the documentation, and this much more.
const (
	reloadRate   = 10 // victims a second
	reloadBefore = time.Second
	reloadNap    = 500 * time.Millisecond // of the request that is in flight
	reloadAfter  = time.Second
	reloadMargin = 10 * time.Second
)

// reload asks the leader to replace its workers while requests come in.
// Requests that get lost are the server's behaviour, not a broken file: that
// differs, and fails nothing.
func (c *Check) reload(ctx context.Context) error {
	signal := c.Target.Server.ReloadSignal(c.Target.Profile)
	if signal == "" {
		c.report("reload", "not offered", "the file declares none", "")
		return nil
	}
	check := "reload (SIG" + signal + ")"
	c.begin(check)
	var lerr error
	err := c.Host.Use(ctx, c.Target, c.LogPath, func(p *place.Place) {
		lerr = c.reloadUnderLoad(ctx, p, check, unix.SignalNum("SIG"+signal))
	}, func() {
		c.On(Result{Check: check, Expected: "new processes answer", Seen: "a second launch did not come up"})
	})
	return errors.Join(err, lerr)
}

// reloadUnderLoad sends victims, and one request that takes a while, sends the
// signal and looks who answers from then on.
func (c *Check) reloadUnderLoad(ctx context.Context, p *place.Place, check string, signal syscall.Signal) error {
	old := p.Serving(ctx, place.ServingWait)
	loading, cancel := context.WithCancel(ctx)
	var load clients.Crew
	defer load.End()
	defer cancel()
	loop := clients.OpenLoop{
		Clock: p.Clock(), Addr: p.Addr(), Role: bench.RoleVictim, SLO: checkTimeout, Timeout: checkTimeout,
		Nonce: func(seq uint64) string { return fmt.Sprintf("check-reload-%d", seq) },
		Beat:  bench.Beat{Start: p.Clock().Now(), Rate: reloadRate}, Abort: ctx, OnSample: p.Journal().Sample,
	}
	ran, napped := make(chan error, 1), make(chan error, 1)
	load.Start(ctx, func(context.Context) { ran <- loop.Run(loading) })
	bench.Sleep(ctx, reloadBefore)

	const napping = "check-reload-nap"
	p.Expect(napping)
	load.Start(ctx, func(ctx context.Context) { napped <- nap(ctx, p.Addr(), napping) })
	_, held := awaitReceipt(ctx, p, napping, bench.ReceiptStart)
	asked := p.Clock().Now()
	window := bench.Seconds(c.Target.Profile.Claims.Grace) + reloadMargin
	fresh, problem := replaced(ctx, p, old, asked, signal, window)
	if ctx.Err() != nil {
		return nil // Use tells
	}
	c.report(check, fmt.Sprintf("within %g s, %d new processes answer and the old ones are gone", window.Seconds(), p.Workers()),
		fmt.Sprintf("after %.1f s, pids %v instead of %v", p.Since(asked), fresh, old), problem)

	bench.Sleep(ctx, reloadAfter)
	cancel()
	if err := <-ran; err != nil {
		return err
	}
	err := <-napped
	if !held {
		err = errors.Join(err, errNotHeld)
	}
	c.On(lostAtReload(p.Record().Samples, asked, err))
	return nil
}

// errNotHeld says that the request which was to be in flight was not begun.
var errNotHeld = fmt.Errorf("no start receipt within %.0f s", checkWait.Seconds())

// nap sends the request that is in flight when the signal comes.
func nap(ctx context.Context, addr, nonce string) error {
	status, body, header, err := clients.Ask(ctx, addr, fmt.Sprintf("/sleep?nonce=%s&ms=%d", nonce, reloadNap.Milliseconds()), checkTimeout)
	if err != nil {
		return err
	}
	return clients.CheckEcho(nonce, status, body, header)
}

// replaced sends the signal and waits, for window at most, until the processes
// that served are gone and as many as are expected answer that were born since.
// problem says what was missing; "" = nothing.
func replaced(ctx context.Context, p *place.Place, old []int, asked int64, signal syscall.Signal, window time.Duration) (fresh []int, problem string) {
	if err := p.Signal(signal); err != nil {
		return nil, err.Error()
	}
	deadline := time.Now().Add(window)
	for {
		left := p.Living(old)
		if len(left) == 0 {
			fresh = p.BornSince(asked, p.Serving(ctx, min(time.Until(deadline), time.Second)))
		}
		switch {
		case p.Exit() != nil:
			return fresh, "the server ended"
		case len(left) == 0 && len(fresh) >= p.Workers(), ctx.Err() != nil:
			return fresh, ""
		case time.Now().Before(deadline):
			bench.Sleep(ctx, 20*time.Millisecond)
		case len(left) > 0:
			return fresh, fmt.Sprintf("still there after %g s: pids %v", window.Seconds(), left)
		default:
			return fresh, fmt.Sprintf("%d new processes answer after %g s", len(fresh), window.Seconds())
		}
	}
}

// lostAtReload counts the requests that were under way at the reload or came
// later, and those of them that did not get their answer. napped is how the one
// fared that was in flight.
func lostAtReload(samples []bench.Sample, asked int64, napped error) Result {
	sent, lost, why := 1, 0, ""
	if napped != nil {
		lost, why = 1, napped.Error()
	}
	for _, v := range samples {
		switch {
		case v.Role != bench.RoleVictim || v.Outcome == bench.Unsent || v.Done < asked:
			continue
		case v.Outcome != bench.OK && v.Outcome != bench.Late:
			lost, why = lost+1, fmt.Sprintf("%s %s", v.Outcome, v.Error)
		}
		sent++
	}
	f := Result{Check: "requests at the reload", Expected: "none is lost", Seen: fmt.Sprintf("%d of %d lost", lost, sent), Verdict: OK}
	if lost > 0 {
		f.Verdict, f.Seen = Differs, f.Seen+"; the last one: "+strings.TrimSpace(why)
	}
	return f
}
