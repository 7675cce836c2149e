package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// errTerminated is why a context ended on SIGTERM or SIGHUP.
var errTerminated = errors.New("terminated")

// errInterrupted is why a context ended on SIGINT.
var errInterrupted = errors.New("interrupted")

// atOnce is how long a command has after the first signal that has no servers to
// end: enough to take back half a file, and no longer, whatever it waits for.
const atOnce = 500 * time.Millisecond

// untilSignal ends the context on the first signal. A command that has called
// patiently then ends its servers and stores what it has; any other one is ended
// after atOnce. A second signal ends benchrun on the spot: the supervisor of a
// running server notices and cleans up by itself.
func untilSignal(parent context.Context) (context.Context, context.CancelFunc) {
	patient := &atomic.Bool{}
	ctx, cancel := context.WithCancelCause(context.WithValue(parent, patienceKey{}, patient))
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for first := true; ; first = false {
			cause := errTerminated
			if s, ok := <-signals; !ok {
				return
			} else if s == syscall.SIGINT {
				cause = errInterrupted
			}
			if !first {
				os.Exit(signalCode(cause))
			}
			cancel(cause)
			time.AfterFunc(atOnce, func() {
				if !patient.Load() {
					os.Exit(signalCode(cause))
				}
			})
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}

// patienceKey finds what patiently sets.
type patienceKey struct{}

// patiently says that from now on there may be servers to end, which the first
// signal waits for. It is called before any is started.
func patiently(ctx context.Context) {
	if patient, ok := ctx.Value(patienceKey{}).(*atomic.Bool); ok {
		patient.Store(true)
	}
}

func signalCode(cause error) int {
	if errors.Is(cause, errInterrupted) {
		return bench.ExitInterrupted
	}
	return bench.ExitTerminated
}
