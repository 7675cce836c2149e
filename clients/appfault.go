package clients

import (
	"context"

	"benchrun/internal/bench"
)

// appFault asks the app for a fault, as an innocent browser would, and waits.
type appFault struct{ name string }

// Provoke implements Provoker.
func (f appFault) Provoke(ctx context.Context, p Provocation) bench.Sample {
	return p.get(ctx, "/fault/"+f.name+"?nonce="+p.Nonce)
}
