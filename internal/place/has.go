package place

import (
	"context"
	"sync"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/targets"
)

// HostHas looks what this machine can do, once something of it is asked. Where it
// cannot be looked at, the run itself will tell.
func HostHas(ctx context.Context) func(bench.HostFeature) bool {
	find := sync.OnceValues(func() (launch.Capabilities, error) {
		runAs, err := launch.Unprivileged()
		if err != nil {
			return launch.Capabilities{}, err
		}
		return launch.FindLevel(ctx, runAs)
	})
	postgresql := sync.OnceValue(func() bool {
		_, found, as, _ := targets.PostgreSQL(ctx)
		return found || as != "" // then it comes with the target's installation
	})
	return func(f bench.HostFeature) bool {
		if f == bench.HostPostgreSQL {
			return postgresql()
		}
		caps, err := find()
		return err != nil || caps.Has(f)
	}
}
