package live

import (
	"context"

	"benchrun/internal/bench"
)

// tellOfSignal tells, at the first signal, what benchrun waits for and how to end that. After
// stop it tells nothing more.
func tellOfSignal(ctx context.Context, tell bench.Listener) (stop func()) {
	told := make(chan struct{})
	unused := context.AfterFunc(ctx, func() {
		defer close(told)
		tell.Note(context.Cause(ctx).Error() + ": ending the servers and storing what was measured; a second signal (Ctrl-C) ends benchrun at once")
	})
	return func() {
		if !unused() {
			<-told
		}
	}
}
