package scenarios

import (
	"context"
	"fmt"
	"sync"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// crowdLead is how long before the signal the crowd comes: later than every victim that must
// be served when the server stops, so that it is in nobody's way at a server that serves in turn.
const crowdLead = bench.BeforeSignal - 20*time.Millisecond

const (
	crowdRate  = 2000 // a second
	crowdTurns = 2    // so many requests for each slot
	crowdMost  = 64
)

// crowd is more requests than the server has slots, and perhaps an endless answer.
type crowd struct {
	requests int
	sleep    int // ms
	stream   bool
	expect   func(nonce string)
	tell     func(bench.Beside)
}

// crowdAtStop comes before the server is asked to end. In two rounds through the slots its
// requests take less than any documented grace.
func crowdAtStop(p Place) *crowd {
	return &crowd{requests: min(max(crowdTurns*p.Slots, 8), crowdMost), sleep: 300, stream: true, expect: p.Expect, tell: p.Beside}
}

// crowdAtReload comes before the workers are replaced, beside an honest request that has one
// of the slots. In two rounds through the others it keeps ordinary requests waiting for less
// than they may.
func crowdAtReload(p Place) *crowd {
	return &crowd{requests: min(max(crowdTurns*(p.Slots-1), 2), crowdMost), sleep: 200, expect: p.Expect, tell: p.Beside}
}

// come sends them. The caller calls over with the time of the signal, and with how much longer
// somebody waits for their answers.
func (c *crowd) come(ctx context.Context, p clients.Provocation) (over func(signal int64, patience time.Duration)) {
	ctx, leave := context.WithCancel(ctx)
	nonce := func(i int) string { return fmt.Sprintf("%s-q%d", p.Nonce, i) }
	for i := range c.requests {
		c.expect(nonce(i))
	}
	var beside bench.Beside
	var streamEnded int64
	var all sync.WaitGroup
	if c.stream {
		all.Go(func() { beside.Streamed, streamEnded = clients.Stream(ctx, p.Clock, p.Addr, p.Nonce+"-s") })
	}
	all.Go(func() {
		held, _ := clients.HoldMany(ctx, p.Addr, c.requests, crowdRate, c.sleep, nonce) // these make sense
		beside.Answered, beside.Refused = held.Completed, held.Refused+held.Unsent
	})
	return func(signal int64, patience time.Duration) {
		defer leave()
		defer time.AfterFunc(patience, leave).Stop()
		all.Wait()
		beside.Queued = c.requests
		beside.StreamedFor = max(0, time.Duration(streamEnded-signal).Seconds())
		c.tell(beside)
	}
}
