package scenarios

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// What is taken away from a target comes back, whether its worker got the signal or not.
func TestMeanwhile(t *testing.T) {
	no := errors.New("no")
	for _, tt := range []struct {
		taken, sent error
		want        string
	}{
		{nil, nil, "[taken sent f1 given back]"},
		{nil, no, "[taken sent f1 given back]"},
		{no, nil, "[]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var seen []string
			take := func(context.Context) (func(), error) {
				if tt.taken != nil {
					return nil, tt.taken
				}
				seen = append(seen, "taken")
				return func() { seen = append(seen, "given back") }, nil
			}
			signal := func(_ context.Context, nonce string, _ syscall.Signal) error {
				seen = append(seen, "sent "+nonce)
				return tt.sent
			}
			err := meanwhile(take, signal)(t.Context(), "f1", syscall.SIGKILL)
			if failed := tt.taken != nil || tt.sent != nil; errors.Is(err, no) != failed {
				t.Errorf("error %v", err)
			}
			if got := fmt.Sprint(seen); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// answered is a request that is answered at once.
type answered struct{}

func (answered) Provoke(_ context.Context, p clients.Provocation) *bench.Sample {
	return &bench.Sample{Nonce: p.Nonce, Outcome: bench.Completed}
}

// The log stays blocked until the recovery cuts the fault off.
func TestBlockedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		b := blockedLog{ask: answered{}, block: func(nonce string) (func(), error) {
			seen = append(seen, "blocked "+nonce)
			return func() { seen = append(seen, "released") }, nil
		}}
		ctx, cut := context.WithCancel(t.Context())
		done := make(chan *bench.Sample)
		go func() { done <- b.Provoke(ctx, clients.Provocation{Nonce: "f1"}) }()
		bench.Sleep(t.Context(), 10*inFlight)
		if got := fmt.Sprint(seen); got != "[blocked f1]" {
			t.Errorf("before the recovery: %s", got)
		}
		cut()
		if s := <-done; s.Outcome != bench.Completed || fmt.Sprint(seen) != "[blocked f1 released]" {
			t.Errorf("in the recovery: %s, %s", s.Outcome, seen)
		}
	})
}

// counted counts the requests that it answers.
type counted struct{ n *atomic.Int64 }

func (c counted) Provoke(ctx context.Context, p clients.Provocation) *bench.Sample {
	c.n.Add(1)
	return answered{}.Provoke(ctx, p)
}

// The folder is full from the first upload until the recovery, and an upload that would not meet
// a full one is not sent.
func TestWithoutTmp(t *testing.T) {
	no := errors.New("no")
	for _, tt := range []struct {
		full error
		want bench.Outcome
		seen string
	}{
		{nil, bench.Completed, "[full emptied]"},
		{no, bench.Unsent, "[full]"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var seen []string
			var early atomic.Int64
			w := &withoutTmp{ask: counted{&early}, fill: func(context.Context) (func(), error) {
				if seen = append(seen, "full"); early.Load() != firstUploads {
					t.Errorf("%d uploads found room", early.Load())
				}
				return func() { seen = append(seen, "emptied") }, tt.full
			}}
			ctx, cut := context.WithCancel(t.Context())
			for range 3 {
				if s := w.Provoke(ctx, clients.Provocation{Nonce: "f1"}); s.Outcome != tt.want || s.Nonce != "f1" {
					t.Errorf("%v: %+v", tt.full, s)
				}
			}
			if got := fmt.Sprint(seen); got != "[full]" {
				t.Errorf("%v: before the recovery %s", tt.full, got)
			}
			cut()
			synctest.Wait()
			if got := fmt.Sprint(seen); got != tt.seen {
				t.Errorf("%v: %s, want %s", tt.full, got, tt.seen)
			}
		})
	}
}
