package launch

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// FillTmp leaves no room for any further file in Spec.Tmp, until empty is called. To the
// server, an empty file system without room lies over the folder meanwhile; what it has
// open stays as it is. It takes PIDNamespace: elsewhere the supervisor may not mount. Not
// concurrent with itself, Again or Destroy.
func (g *Group) FillTmp(ctx context.Context) (empty func() error, err error) {
	if g.level != PIDNamespace {
		return nil, fmt.Errorf("nothing can be mounted for the server alone at level %s", g.level)
	}
	if err := g.tell(ctx, orderFill, eventFilled); err != nil {
		return nil, err
	}
	return func() error {
		if g.ending.Load() { // the namespace ends with its mounts
			return nil
		}
		return g.tell(context.WithoutCancel(ctx), orderEmpty, eventEmptied)
	}, nil
}

// tell gives the supervisor an order and waits until it is done.
func (g *Group) tell(ctx context.Context, order string, done event) error {
	if _, err := g.control.WriteString(order + "\n"); err != nil {
		return fmt.Errorf("tell the supervisor to %s: %w", order, err)
	}
	_, err := g.await(ctx, done)
	return err
}

// room follows the orders to fill the folder for temporary files and to empty it.
func (s *shim) room(order string) report {
	what, done, err := "fill "+s.order.Tmp, eventFilled, error(nil)
	switch {
	case s.order.Tmp == "":
		err = errors.New("nobody said which folder")
	case order == orderFill: // the only file that there may be is the folder itself
		err = unix.Mount("tmpfs", s.order.Tmp, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=4096,nr_inodes=1,mode=1777")
	default:
		what, done = "empty "+s.order.Tmp, eventEmptied
		err = unix.Unmount(s.order.Tmp, unix.MNT_DETACH)
	}
	if err != nil {
		return report{Event: eventFailed, What: what, Error: err.Error()}
	}
	return report{Event: done}
}
