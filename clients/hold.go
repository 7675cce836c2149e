package clients

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"benchrun/internal/bench"
)

// Held counts how the requests of a HoldMany ended. Its fields add up to the number of
// requests sent, which is less than n if the context ended first.
type Held struct {
	Completed int // slept and answered 200
	Rejected  int // answered with another status
	Refused   int // no connection
	Cut       int // the server ended the connection without a whole answer
	HeldOpen  int // still open when the context ended
	Unsent    int // this host had no port or descriptor left
}

// HoldMany opens n requests to GET /sleep?ms= (at most 60,000), each on its own
// connection, rate a second, and keeps them until they are answered or ctx ends. It
// returns when the last has ended. nonce names request i. It returns an error before it
// sends anything if n, rate or ms makes no sense.
func HoldMany(ctx context.Context, addr string, n int, rate, ms int, nonce func(i int) string) (Held, error) {
	if n < 0 || rate < 1 || ms < 0 || ms > 60_000 {
		return Held{}, fmt.Errorf("holding %d requests of %d ms at %d/s makes no sense", n, ms, rate)
	}
	clock, beat := bench.NewClock(), bench.Beat{Rate: rate}
	dues := make([]Due, n)
	for i := range dues {
		dues[i] = Due{At: beat.Due(uint64(i)), Nonce: nonce(i)}
	}
	var held Held
	var mu sync.Mutex
	RunProvokers(ctx, ctx, ProvokerRun{
		Clock: clock, Addr: addr, Role: bench.RoleProvoker, Provoker: &sleeper{ms: ms}, Dues: dues,
		OnSample: func(s bench.Sample) {
			mu.Lock()
			defer mu.Unlock()
			held.count(s)
		},
	})
	return held, nil
}

func (h *Held) count(s bench.Sample) {
	switch {
	case s.Outcome == bench.Completed && s.Status == http.StatusOK:
		h.Completed++
	case s.Outcome == bench.Completed:
		h.Rejected++
	case s.Outcome == bench.NoConnect:
		h.Refused++
	case s.Outcome == bench.HeldOpen:
		h.HeldOpen++
	case s.Outcome == bench.Unsent:
		h.Unsent++
	default:
		h.Cut++
	}
}

// Sleep asks the app to sleep for ms milliseconds and to answer then, as an ordinary slow
// request does.
func Sleep(ms int) Provoker {
	return &sleeper{ms: ms, check: func(h *ongoing) { h.checkEcho(VictimSize) }}
}

// SleepKept is Sleep on a connection that stays open after the answer. Provoke returns when
// the server has closed it or ctx has ended. The sample's Done is when the answer was there,
// Idle how long the connection stayed open after that; 0 = the answer said that it would not.
func SleepKept(ms int) Provoker { return &keptSleeper{ms} }

type keptSleeper struct{ ms int }

// Provoke implements Provoker.
func (z *keptSleeper) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	kept := h.keep(ctx, func() []byte {
		return keptRequest(fmt.Sprintf("/sleep?nonce=%s&ms=%d", h.Nonce, z.ms), h.Addr)
	})
	h.checkEcho(VictimSize)
	if !kept {
		return &h.s
	}
	defer h.done()
	h.s.Idle = <-h.watch() - h.s.Done
	return &h.s
}

// sleeper asks the app to sleep: an ordinary request that holds a slot.
type sleeper struct {
	ms    int
	check func(*ongoing) // compares the answer with what it should be; nil = nobody does
}

// Provoke implements Provoker.
func (z *sleeper) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	keep := 0
	if z.check != nil {
		keep = VictimSize + 1
	}
	h.get(ctx, func() string { return fmt.Sprintf("/sleep?nonce=%s&ms=%d", h.Nonce, z.ms) }, keep)
	if z.check != nil {
		z.check(h)
	}
	return &h.s
}
