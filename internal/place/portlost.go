package place

import (
	"context"
	"errors"
	"fmt"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// launchTries is how often benchrun launches a target, each time on another port,
// if other programs take the port first.
const launchTries = 3

// errPortLost says that another program listens on the target's port, so the
// target is not to blame.
var errPortLost = errors.New("before the server could listen there")

// Elsewhere runs try, which launches a target, and runs it again on another port
// if another program took the port. It does not if the user chose the port.
func (h *Host) Elsewhere(try func() error) error {
	for n := 1; ; n++ {
		err := try()
		if !errors.Is(err, errPortLost) || h.Port != 0 || n == launchTries {
			return err
		}
	}
}

// portLost ends a target that is not ready, and looks whether somebody still
// listens on its port. If nobody does, it returns nil: the target failed for a
// reason of its own.
func (p *Place) portLost(ctx context.Context) error {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), destroyPatience)
	defer cancel()
	if err := p.group.Destroy(ending); err != nil {
		return fmt.Errorf("ending what is not ready: %w", err)
	}
	for _, port := range p.ports() {
		if who := launch.Listener(port); who != "" {
			return &bench.EnvironmentError{Problem: fmt.Sprintf("port %d was taken by %s", port, who), Err: errPortLost,
				Hint: "run again, with another --port if you gave one"}
		}
	}
	return nil
}
