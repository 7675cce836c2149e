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

// errTerminated is the cause of a context that SIGTERM or SIGHUP has ended.
var errTerminated = errors.New("terminated")

// errInterrupted is the cause of a context that SIGINT has ended.
var errInterrupted = errors.New("interrupted")

// atOnce is how long a command without servers may take after the first signal, whatever it
// waits for. That is enough to remove an unfinished file.
const atOnce = 500 * time.Millisecond

// untilSignal returns a context that ends on the first signal. A command that has called
// patiently then ends its servers and stores what it has. Any other command is ended after
// atOnce. A second signal ends benchrun at once: the supervisor of a running server notices
// that and cleans up by itself.
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

// patienceKey is the context key for patiently.
type patienceKey struct{}

// patiently says that from now on there may be servers to end, so that the first signal waits
// for that. It must be called before any server starts.
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
