package clients

import (
	"context"
	"time"

	"benchrun/internal/bench"
)

// impatient makes another provoker's requests with clients that give up.
type impatient struct {
	Provoker
	patience time.Duration
}

// GiveUp makes the requests of p with clients that close their connections when patience
// has passed since the request was due, as victims do at their timeout. The outcome is then
// HeldOpen, or NoConnect if there was no connection yet.
func GiveUp(p Provoker, patience time.Duration) Provoker { return impatient{p, patience} }

// Provoke implements Provoker.
func (i impatient) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	ctx, cancel := context.WithDeadline(ctx, p.Clock.At(p.Due+int64(i.patience)))
	defer cancel()
	return i.Provoker.Provoke(ctx, p)
}
