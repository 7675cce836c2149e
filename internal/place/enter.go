package place

import (
	"context"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/observe"
)

// Enter prepares this machine for measurements: it removes what killed runs have
// left, starts the janitor, which cleans up if this run is killed, finds out what
// the machine can do, and notes what disturbs it. version is benchrun's. port is
// the one that every launch uses; 0 = each launch gets its own. The caller calls
// leave at the end.
func Enter(ctx context.Context, version string, port int, note func(string)) (h *Host, leave func(), err error) {
	env, err := observe.Host() // nothing below works without /proc
	if err != nil {
		return nil, nil, err
	}
	swept, err := launch.Sweep()
	for _, line := range swept {
		note(line)
	}
	if err != nil { // not fatal: each run has folders of its own
		note("what a killed benchrun left could not be cleared away: " + strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	janitor, err := launch.StartJanitor()
	if err != nil {
		return nil, nil, err
	}
	if h, err = NewHost(ctx, env, version, port); err != nil {
		janitor.Close()
		return nil, nil, err
	}
	h.Note, h.Notices = note, launch.NoticesFolder()
	h.OthersCPU() // begins to look
	for _, d := range Busy(ctx, env) {
		note(d.What + "; " + d.Fix)
	}
	return h, janitor.Close, nil
}

// Look finds out what a run would find out about this machine before it begins, and
// changes nothing. version is benchrun's.
func Look(ctx context.Context, version string) (*Host, error) {
	env, err := observe.Host()
	if err != nil {
		return nil, err
	}
	h, err := NewHost(ctx, env, version, 0)
	if err != nil {
		return nil, err
	}
	h.Notices = launch.NoticesFolder()
	h.OthersCPU() // begins to look
	bench.Sleep(ctx, LookTime)
	return h, ctx.Err()
}
