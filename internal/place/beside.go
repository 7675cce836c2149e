package place

import (
	"context"
	"errors"

	"benchrun/internal/launch"
)

// errNoDatabase says that a fault wants a database where none is.
var errNoDatabase = errors.New("the target has no database")

// memoryBytes is the memory of the target and of what runs beside it, in bytes; false if no
// cgroup counts it.
func (p *Place) memoryBytes() (int64, bool) {
	return withBeside(p, (*launch.Group).MemoryBytes)
}

// cpuSeconds is likewise the CPU time that they have used.
func (p *Place) cpuSeconds() (float64, bool) {
	return withBeside(p, (*launch.Group).CPUSeconds)
}

// withBeside adds up what the target uses and what the database beside it does; false if
// either is not known.
func withBeside[T int64 | float64](p *Place, used func(*launch.Group) (T, bool)) (T, bool) {
	n, ok := used(p.group)
	if p.database == nil || !ok {
		return n, ok
	}
	beside, ok := used(p.database.group)
	return n + beside, ok
}

// LockRow takes the lock of the row that the app changes in its database, until
// RestoreDatabase. Once it is taken, it does nothing.
func (p *Place) LockRow(ctx context.Context) error {
	if p.database == nil {
		return errNoDatabase
	}
	return p.database.lock(ctx)
}

// StallDatabase stops all processes of the database, until RestoreDatabase.
func (p *Place) StallDatabase() error {
	if p.database == nil {
		return errNoDatabase
	}
	return p.database.stall()
}

// RestartDatabase ends the database at once and starts it again. When it returns, the
// database serves.
func (p *Place) RestartDatabase(ctx context.Context) error {
	if p.database == nil {
		return errNoDatabase
	}
	return p.database.restart(ctx)
}

// RestoreDatabase undoes what the faults did to the database, if there is one.
func (p *Place) RestoreDatabase(ctx context.Context) error {
	if p.database == nil {
		return nil
	}
	return p.database.restore(ctx)
}
