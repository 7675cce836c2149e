package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/clients"
	"benchrun/internal/bench"
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
func (c *ServerCheck) reload(ctx context.Context) error {
	signal := c.Target.Server.ReloadSignal(c.Target.Profile)
	if signal == "" {
		c.report("reload", "not offered", "the file declares none", "")
		return nil
	}
	check := "reload (SIG" + signal + ")"
	c.begin(check)
	var lerr error
	err := c.Lab.onStage(ctx, c.Target, c.LogPath, func(s *stage) {
		lerr = c.reloadUnderLoad(ctx, s, check, unix.SignalNum("SIG"+signal))
	}, func() {
		c.On(Finding{Check: check, Expected: "new processes answer", Seen: "a second launch did not come up"})
	})
	return errors.Join(err, lerr)
}

// reloadUnderLoad sends victims, and one request that takes a while, sends the
// signal and looks who answers from then on.
func (c *ServerCheck) reloadUnderLoad(ctx context.Context, s *stage, check string, signal syscall.Signal) error {
	old := s.seeWorkers(ctx, time.Now().Add(workersWait))
	loading, cancel := context.WithCancel(ctx)
	var load crew
	defer load.end()
	defer cancel()
	loop := clients.OpenLoop{
		Clock: s.clock, Addr: s.addr, Role: bench.RoleVictim, SLO: checkTimeout, Timeout: checkTimeout,
		Nonce: func(seq uint64) string { return fmt.Sprintf("check-reload-%d", seq) },
		Beat:  bench.Beat{Start: s.clock.Now(), Rate: reloadRate}, Abort: ctx, OnSample: s.col.sample,
	}
	ran, napped := make(chan error, 1), make(chan error, 1)
	load.start(ctx, func(context.Context) { ran <- loop.Run(loading) })
	sleep(ctx, reloadBefore)

	const napping = "check-reload-nap"
	s.asked.add(napping)
	load.start(ctx, func(ctx context.Context) { napped <- nap(ctx, s.addr, napping) })
	_, held := s.awaitReceipt(ctx, napping, bench.ReceiptStart)
	asked := s.clock.Now()
	window := seconds(c.Target.Profile.Claims.Grace) + reloadMargin
	fresh, problem := s.replaced(ctx, old, asked, signal, window)
	if ctx.Err() != nil {
		return nil // onStage tells
	}
	c.report(check, fmt.Sprintf("within %g s, %d new processes answer and the old ones are gone", window.Seconds(), s.workers),
		fmt.Sprintf("after %.1f s, pids %v instead of %v", s.since(asked), fresh, old), problem)

	sleep(ctx, reloadAfter)
	cancel()
	if err := <-ran; err != nil {
		return err
	}
	err := <-napped
	if !held {
		err = errors.Join(err, errNotHeld)
	}
	c.On(lostAtReload(s.col.snapshot().Samples, asked, err))
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
func (s *stage) replaced(ctx context.Context, old []int, asked int64, signal syscall.Signal, window time.Duration) (fresh []int, problem string) {
	if err := s.group.Signal(signal); err != nil {
		return nil, err.Error()
	}
	deadline := time.Now().Add(window)
	for {
		left := living(old, s.col.snapshot().Procs)
		if len(left) == 0 {
			fresh = bornSince(asked, s.seeWorkers(ctx, minTime(deadline, time.Now().Add(time.Second))), s.col.snapshot().Procs)
		}
		switch {
		case s.group.Exit() != nil:
			return fresh, "the server ended"
		case len(left) == 0 && len(fresh) >= s.workers, ctx.Err() != nil:
			return fresh, ""
		case time.Now().Before(deadline):
			sleep(ctx, 20*time.Millisecond)
		case len(left) > 0:
			return fresh, fmt.Sprintf("still there after %g s: pids %v", window.Seconds(), left)
		default:
			return fresh, fmt.Sprintf("%d new processes answer after %g s", len(fresh), window.Seconds())
		}
	}
}

// living are those of pids that were not seen to die.
func living(pids []int, seen []bench.ProcEvent) []int {
	return slices.DeleteFunc(slices.Clone(pids), func(pid int) bool {
		return slices.ContainsFunc(seen, func(e bench.ProcEvent) bool { return e.PID == pid && e.Event == bench.Died })
	})
}

// bornSince are those of pids that were born at t or later.
func bornSince(t int64, pids []int, seen []bench.ProcEvent) []int {
	return slices.DeleteFunc(slices.Clone(pids), func(pid int) bool {
		return !slices.ContainsFunc(seen, func(e bench.ProcEvent) bool { return e.PID == pid && e.Event == bench.Born && e.T >= t })
	})
}

// lostAtReload counts the requests that were under way at the reload or came
// later, and those of them that did not get their answer. napped is how the one
// fared that was in flight.
func lostAtReload(samples []bench.Sample, asked int64, napped error) Finding {
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
	f := Finding{Check: "requests at the reload", Expected: "none is lost", Seen: fmt.Sprintf("%d of %d lost", lost, sent), Verdict: FindingOK}
	if lost > 0 {
		f.Verdict, f.Seen = FindingDiffers, f.Seen+"; the last one: "+strings.TrimSpace(why)
	}
	return f
}
