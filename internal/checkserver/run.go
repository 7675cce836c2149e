package checkserver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/place"
	"benchrun/internal/plan"
)

// Run checks a target and returns what each check came to; with an error, those that
// were made before it. patience is how long a claimed watchdog is waited for, at
// most; tell hears which check is on.
func Run(ctx context.Context, h *place.Host, t *place.Target, patience time.Duration, tell bench.Listener) (results []Result, err error) {
	logs, err := launch.NewScratch(nil) // what is left of a killed check is found by it
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, logs.Remove()) }()
	tell.Tell(bench.RunBegun{})
	defer tell.Tell(bench.RunDone{})
	tell.Tell(bench.CellBegun{Cell: 1, Name: fmt.Sprintf("%s %s/%s", t.Server.Name, t.Installation.Version, t.ProfileName)})
	c := Check{
		Host: h, Target: t, Patience: patience, LogPath: filepath.Join(logs.Dir, "server.log"),
		On: func(r Result) {
			if ctx.Err() == nil { // what an interruption did says nothing
				results = append(results, r)
			}
		},
		Doing: func(check string) { tell.Tell(bench.PhaseBegun{Cell: 1, Phase: check}) },
	}
	err = c.Run(ctx)
	return results, err
}

// Plan names the checks of a cell's target in their order and says about how long
// they take, installing aside. It launches nothing.
func Plan(c plan.Cell, patience time.Duration) (checks []string, about time.Duration) {
	check := Check{
		Target:   &place.Target{Server: c.Server, Profile: c.Server.Profiles[c.Profile], ProfileName: c.Profile},
		Patience: patience,
	}
	return check.Plan()
}
