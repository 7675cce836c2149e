package cost

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// crowdBody is the size of a slow upload's body, in bytes: the family's own.
const crowdBody = 1_000_000

// uploadsPart holds slow uploads until ctx ends, and tells how many were.
func uploadsPart(ctx context.Context, answer *json.Encoder, addr string, n []int) error {
	clock := bench.NewClock()
	dues := make([]clients.Due, n[0])
	beat := bench.Beat{Start: clock.Now(), Rate: n[1]}
	for i := range dues {
		dues[i] = clients.Due{At: beat.Due(uint64(i)), Nonce: fmt.Sprintf("u%d", i)}
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

// piecesPart writes the pieces of so many uploads and does nothing else: one
// loop, no heads, no answers, no timers. What it takes is what the kernel takes.
func piecesPart(ctx context.Context, _ *json.Encoder, addr string, n []int) error {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return err
	}
	sockets := make([]int, n[0])
	for i := range sockets {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0) // closed by the end of the process
		if err == nil {
			err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()})
		}
		if err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		sockets[i] = fd
	}
	const tick = 10 * time.Millisecond
	piece, every := make([]byte, n[2]), time.Duration(n[3])*time.Millisecond
	for began, written := time.Now(), 0; pause(ctx, tick); {
		for due := int(time.Since(began) * time.Duration(n[0]) / every); written < due; written++ {
			_ = unix.Send(sockets[written%n[0]], piece, unix.MSG_DONTWAIT) // what the sink does not take in time is left out
		}
	}
	return nil
}

// silentPart holds requests that say no more once they are sent, until ctx ends.
func silentPart(ctx context.Context, answer *json.Encoder, addr string, n []int) error {
	held, err := clients.HoldMany(ctx, addr, n[0], n[1], 60_000, func(i int) string { return fmt.Sprintf("s%d", i) })
	if err != nil {
		return err
	}
	return answer.Encode(sinkState{Open: held.HeldOpen})
}
