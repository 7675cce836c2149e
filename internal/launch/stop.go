package launch

import (
	"context"
	"errors"
	"os"
	"slices"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

const (
	// settleTime is how long children may take to end after their leader.
	settleTime = 500 * time.Millisecond
	settleStep = 10 * time.Millisecond
)

// Stop asks the second command to end, if there is one, and gives it its grace. Then it
// sends sig to the leader and waits for its end, for at most window. grace is the
// documented shutdown grace (0 = not documented). ports are those that the group listens on. Stop returns
// everything it sees as data. When the leader has ended, it looks for survivors and
// for ports that are not free, for at most half a second; otherwise at the end of the
// window. It kills nothing; Destroy does that. When ctx ends, the window ends.
func Stop(ctx context.Context, clock bench.Clock, g *Group, ports []int, sig syscall.Signal, window, grace time.Duration) bench.Stop {
	stop := bench.Stop{Term: clock.Now()}
	left := func() time.Duration { return max(0, window-time.Duration(clock.Now()-stop.Term)) }
	g.stopBeside(ctx, window)
	err := os.ErrProcessDone
	if g.Exit() == nil {
		err = g.Signal(sig)
	}
	stop.AlreadyGone = errors.Is(err, os.ErrProcessDone)
	if err != nil && !stop.AlreadyGone {
		g.note(err.Error())
	}
	gone := waitFor(ctx, g.Done(), left())
	if !stop.AlreadyGone {
		stop.Seconds = min(time.Duration(clock.Now()-stop.Term), window).Seconds()
	}
	stop.Exit = g.Exit()
	if !gone {
		stop.NeededSIGKILL = true
		stop.WindowLimited = grace >= window
		stop.Survivors = len(others(g))
		stop.PortFreed = allFree(ports)
		return stop
	}
	deadline := time.Now().Add(settleTime)
	for {
		stop.Survivors, stop.PortFreed = len(others(g)), allFree(ports)
		if stop.Survivors == 0 && stop.PortFreed || time.Now().After(deadline) || ctx.Err() != nil {
			return stop
		}
		time.Sleep(settleStep)
	}
}

// allFree says that a server could bind each of the ports.
func allFree(ports []int) bool {
	return !slices.ContainsFunc(ports, func(port int) bool { return !PortFree(port) })
}

// others lists the members except the leader.
func others(g *Group) []int {
	pids, err := g.Members()
	if err != nil {
		g.note("list the members: " + err.Error())
		return nil
	}
	return slices.DeleteFunc(pids, func(pid int) bool { return pid == g.LeaderHostPID() })
}
