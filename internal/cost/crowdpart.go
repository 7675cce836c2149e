package cost

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// crowdBody is the size of a slow upload's body, in bytes: the family's own.
const crowdBody = 1_000_000

// uploadsPart holds slow uploads until ctx ends, and tells how many were.
func uploadsPart(ctx context.Context, answer *json.Encoder, addr string, n []int) error {
	clock := bench.NewClock()
	dues := make([]clients.Due, n[0])
	for i := range dues {
		at := clock.Now() + int64(i)*int64(time.Second)/int64(max(1, n[1]))
		dues[i] = clients.Due{At: at, Nonce: fmt.Sprintf("u%d", i)}
	}
	var held atomic.Int64
	clients.RunProvokers(ctx, ctx, clients.ProvokerRun{
		Clock: clock, Addr: addr, Role: bench.RoleProvoker, Dues: dues,
		Provoker: clients.Crawl(crowdBody, n[2], time.Duration(n[3])*time.Millisecond),
		OnSample: func(s bench.Sample) {
			if s.Outcome == bench.HeldOpen {
				held.Add(1)
			}
		},
	})
	return answer.Encode(sinkState{Open: int(held.Load())})
}

// silentPart holds requests that say no more once they are sent, until ctx ends.
func silentPart(ctx context.Context, answer *json.Encoder, addr string, n []int) error {
	held, err := clients.HoldMany(ctx, addr, n[0], float64(n[1]), 60_000, func(i int) string { return fmt.Sprintf("s%d", i) })
	if err != nil {
		return err
	}
	return answer.Encode(sinkState{Open: held.HeldOpen})
}
