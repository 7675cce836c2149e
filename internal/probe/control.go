package probe

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// tries is how often benchrun makes a probe until the host does not stall in it.
const tries = 3

// ErrHostStalled says that the host disturbed every try of a probe. Whatever needs
// the probe is invalid, and nobody's fault.
var ErrHostStalled = fmt.Errorf("the host stalled in each of %d tries", tries)

// undisturbed repeats a probe until the control answers in time throughout, up to
// tries times.
func undisturbed(what string, probe func() (misses int, err error)) error {
	for range tries {
		if misses, err := probe(); err != nil || misses == 0 {
			return err
		}
	}
	return fmt.Errorf("%s: %w", what, ErrHostStalled)
}

// besideControl does work while it asks a control server, as attempts do. It
// returns how many of these requests missed their SLO.
func besideControl(ctx context.Context, clock bench.Clock, work func()) (misses int, err error) {
	control, err := clients.StartControl(ctx)
	if err != nil {
		return 0, fmt.Errorf("control server: %w", err)
	}
	defer func() { err = errors.Join(err, control.Close()) }()
	return missesOf(ctx, clock, control, work)
}

// missesOf does work while it asks this control, and counts the misses.
func missesOf(ctx context.Context, clock bench.Clock, control *clients.ControlServer, work func()) (int, error) {
	var missed atomic.Int64
	var failed error
	var asking clients.Crew
	asking.Start(ctx, func(ctx context.Context) {
		loop := clients.OpenLoop{
			Clock: clock, Addr: clients.ControlName, Dial: control.Dial, Role: bench.RoleControl,
			Beat: bench.Beat{Start: clock.Now(), Rate: bench.ControlRate(bench.StandardLoad.Rate)},
			SLO:  bench.ControlSLO, Timeout: bench.StandardLoad.Timeout,
			Nonce: func(seq uint64) string { return fmt.Sprintf("control-%d", seq) },
			OnSample: func(s bench.Sample) {
				if s.Outcome != bench.OK {
					missed.Add(1)
				}
			},
		}
		failed = loop.Run(ctx)
	})
	work()
	asking.End() // waits for the requests under way
	return int(missed.Load()), failed
}
