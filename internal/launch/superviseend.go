package launch

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// destroyTime is how long the shim tries to end everything below it.
const destroyTime = 5 * time.Second

// cleanLooks is how many looks in a row must find no marked process: one look can miss a
// process whose parent ended during it.
const cleanLooks = 3

// destroy ends everything below the shim and reports the proof: wait4 knows no child,
// and every process that had lost its parent would be one.
func (s *shim) destroy() error {
	deadline := time.Now().Add(destroyTime)
	dying := dying{}
	for clean := 0; time.Now().Before(deadline); {
		seen, err := s.killAll()
		if err != nil {
			return err
		}
		if clean++; dying.left(seen) > 0 {
			clean = 0
		}
		select {
		case <-s.empty:
			if clean >= cleanLooks {
				if s.order.Private == nil {
					removeShared(s.order.UID, s.buried) // everything is reaped
				}
				s.report(report{Event: eventEmpty})
				return nil
			}
		case <-time.After(time.Millisecond):
		}
	}
	return fmt.Errorf("processes are left after %v of SIGKILL", destroyTime)
}

// killAll sends SIGKILL to everything below the shim. It returns the processes that it
// found by their marker, because the shim may be unable to wait for them.
func (s *shim) killAll() ([]int, error) {
	if s.order.Level.namespaced() {
		// From pid 1, this kills every other process of the namespace at once.
		if err := unix.Kill(-1, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			return nil, fmt.Errorf("kill the namespace: %w", err)
		}
		return nil, nil
	}
	if err := s.killChildren(); err != nil {
		return nil, err
	}
	if s.order.Level == ProcessGroup {
		return killMarked(s.order.Scratch)
	}
	return nil, nil
}

// killChildren kills the direct children and their process groups. The children of
// those become direct children in the next round. Nothing is reaped meanwhile, so no
// pid or group can have passed to a foreign process.
func (s *shim) killChildren() error {
	s.reapMu.Lock()
	defer s.reapMu.Unlock()
	kids, err := procfs.Children(os.Getpid())
	if err != nil {
		return err
	}
	for _, pid := range kids {
		p, err := procfs.ReadStat(pid)
		if err != nil {
			continue
		}
		_ = unix.Kill(pid, unix.SIGKILL) // a zombie gives no error
		if p.Group > 1 && p.Group != unix.Getpgrp() {
			_ = unix.Kill(-p.Group, unix.SIGKILL)
		}
	}
	return nil
}
