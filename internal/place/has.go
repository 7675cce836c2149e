package place

import (
	"context"
	"sync"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/postgresql"
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
	return func(f bench.HostFeature) bool {
		caps, err := find()
		if f == bench.HostPostgreSQL {
			_, ok := postgresql.Find()
			return ok && caps.Level != launch.ProcessGroup // where nothing distinguishes its processes from the target's
		}
		return err != nil || caps.Has(f)
	}
}
