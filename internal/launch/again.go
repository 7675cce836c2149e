package launch

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Again executes the group's command once more, among what its leader has left: in the
// same namespaces, cgroups and folders, with the same environment. The leader must have
// ended, and Spec.Again must have been set. When Again returns, the new leader is the
// one that Signal, Exit, Done and the pids are about. Not concurrent with itself or Destroy.
func (g *Group) Again(ctx context.Context) error {
	if g.Exit() == nil {
		return errors.New("start again: the leader has not ended")
	}
	g.closeLeader()
	g.mu.Lock()
	g.exit, g.done = nil, make(chan struct{})
	g.mu.Unlock()
	if _, err := g.control.WriteString(orderAgain + "\n"); err != nil {
		return fmt.Errorf("start again: tell the supervisor: %w", err)
	}
	if _, err := g.adopt(ctx, g.isLeader); err != nil {
		return fmt.Errorf("start again: %w", err)
	}
	return nil
}

// again starts the command once more. It returns false if benchrun wants the end instead.
func (s *shim) again(orders <-chan string) (goOn bool) {
	if !s.order.Again {
		s.report(report{Event: eventFailed, What: "start again", Error: "nobody said that this would come"})
		return true
	}
	return s.startMore("start again", s.order.Stage, &s.leader, orders)
}

// startMore starts a command among what runs already. pid is where its pid goes.
func (s *shim) startMore(what string, order stageOrder, pid *int, orders <-chan string) (goOn bool) {
	s.reapMu.Lock() // nobody is reaped between the fork and the name of the new process
	stage, err := s.fork(pid)
	empty := false
	select {
	case <-s.empty: // nobody is left who reaps
		s.empty, empty = make(chan struct{}), true
	default:
	}
	s.reapMu.Unlock()
	if err != nil {
		if empty {
			close(s.empty)
		}
		s.report(report{Event: eventFailed, What: what, Error: err.Error()})
		return true
	}
	s.report(report{Event: eventForked, PID: *pid})
	if word, ok := <-orders; !ok || word != orderGo {
		stage.abandon()
		goOn = false
	} else {
		s.report(stage.release(order))
		goOn = true
	}
	if empty {
		go s.reap()
	}
	return goOn
}

// childless says that there is no child, living or dead. The caller holds reapMu, so that
// none is forked meanwhile.
func (s *shim) childless() bool {
	return errors.Is(unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG|unix.WALL, nil), unix.ECHILD)
}
