package launch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	// shimTime is how long the shim may take to end everything: a little more than it
	// allows itself.
	shimTime = destroyTime + time.Second
	// buryTime is how long it may take until dead processes and their cgroups are gone.
	buryTime = 3 * time.Second
)

// Destroy ends every process of the group with SIGKILL, proves that none is left and
// removes the group's cgroups. It takes milliseconds, at worst about 12 s. It goes on
// when ctx is cancelled, because then cleaning up is what remains to be done. If it
// cannot prove that nothing is left, it returns an error and may be called again.
// After a success it does nothing.
func (g *Group) Destroy(ctx context.Context) error {
	g.destroyMu.Lock()
	defer g.destroyMu.Unlock()
	if g.destroyed {
		return nil
	}
	g.ending.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shimTime+2*buryTime)
	defer cancel()
	if g.cg != nil {
		g.forks.Lock()
		forbidForks(g.cg.folders())
		g.forks.Unlock()
	}
	err := g.endShim(ctx)
	if err == nil && !g.sawEmpty.Load() && g.shim != nil && !g.level.namespaced() {
		err = g.endOrphans(ctx)
	}
	if g.cg != nil {
		_, killErr := endAll(ctx, func() ([]int, error) { return killCgroup(g.cg.folders()) })
		err = errors.Join(err, killErr, removeCgroup(g.cg.folders(), time.Now().Add(buryTime)))
	}
	if err != nil {
		return fmt.Errorf("destroy %s (%s): %w", g.name, g.level, err)
	}
	g.closeLeader()
	g.closeBeside()
	g.destroyed = true
	return g.scratch.forget(g.name)
}

// endShim tells the shim to end everything, and waits until the shim itself has ended.
// It kills a shim that does not obey: in a namespace the kernel then ends all other
// processes, and waiting for the shim proves it.
func (g *Group) endShim(ctx context.Context) error {
	if g.shim == nil {
		return nil
	}
	if g.control != nil {
		_, _ = g.control.WriteString(orderDestroy + "\n") // the code below notices a dead shim
		_ = g.control.Close()
		g.control = nil
	}
	if !waitFor(ctx, g.shimGone, shimTime) {
		_ = g.shim.Kill()
		if !waitFor(ctx, g.shimGone, buryTime) {
			return fmt.Errorf("the supervisor (pid %d) does not die", g.ShimPID())
		}
	}
	if !waitFor(ctx, g.heard, buryTime) { // its last report may still be in the pipe
		return fmt.Errorf("the status pipe of the dead supervisor (pid %d) does not end", g.ShimPID())
	}
	return nil
}

// endOrphans is for a shim that died without proof and was not pid 1 of a namespace.
// With a cgroup, the kernel's list of members is the proof. The marker proves nothing,
// because a server may have cleared its environment.
func (g *Group) endOrphans(ctx context.Context) error {
	_, err := endAll(ctx, func() ([]int, error) {
		pids, err := killMarked(g.scratch.ID)
		if g.leaderHost.alive() { // its parent-death signal is ending it, and it has lost its marker
			pids = append(pids, g.leaderHost.PID)
		}
		return pids, err
	})
	if err != nil || g.cg != nil {
		return err // the caller empties the cgroup
	}
	return fmt.Errorf("the supervisor died (%s): benchrun killed what it left and what carries %s=%s; other processes of it may still run",
		g.shimWords(), markerName, g.scratch.ID)
}

// endAll repeats a round of killing until several rounds in a row have found nothing
// and all processes found before are dead, for at most buryTime. It returns how many
// processes the rounds found.
func endAll(ctx context.Context, round func() ([]int, error)) (int, error) {
	seen, dying := map[int]bool{}, dying{}
	deadline := time.Now().Add(buryTime)
	for clean := 0; clean < cleanLooks; {
		pids, err := round()
		for _, pid := range pids {
			seen[pid] = true
		}
		if clean++; dying.left(pids) > 0 || err != nil {
			clean = 0
			if time.Now().After(deadline) || ctx.Err() != nil {
				return len(seen), errors.Join(err, fmt.Errorf("%d processes do not die: %v", len(dying), dying.some()))
			}
			time.Sleep(time.Millisecond)
		}
	}
	return len(seen), nil
}

// dying are the processes that were killed and are not dead yet. An ending process
// loses its environment early, and with it the marker, but still holds its
// descriptors and the port.
type dying map[identity]bool

// left adds the processes of a round and returns how many of all are still alive, at
// least as many as the round found.
func (d dying) left(pids []int) int {
	for _, pid := range pids {
		if id, err := identify(pid); err == nil {
			d[id] = true
		}
	}
	maps.DeleteFunc(d, func(id identity, _ bool) bool { return !id.alive() })
	return max(len(pids), len(d))
}

// some returns the pids of a few of the processes.
func (d dying) some() []int {
	const most = 10
	var pids []int
	for id := range d {
		pids = append(pids, id.PID)
	}
	slices.Sort(pids)
	return pids[:min(len(pids), most)]
}

func waitFor(ctx context.Context, c <-chan struct{}, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-c:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}
