package probe

import (
	"context"
	"errors"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/place"
)

// honestGrace is how long beyond its own time an honest request is waited for.
const honestGrace = 5 * time.Second

// Serves says whether a fresh launch of a target serves a single honest request that takes
// so long. up is false if the target was not ready.
func Serves(ctx context.Context, h *place.Host, t *place.Target, long time.Duration, logPath string) (served, up bool, err error) {
	err = undisturbed("an honest request to "+t.Server.Name, func() (misses int, err error) {
		var got clients.Held
		var herr, cerr error
		up = true
		err = h.Use(ctx, t, logPath, func(p *place.Place) {
			misses, cerr = besideControl(ctx, p.Clock(), func() {
				waiting, cancel := context.WithTimeout(ctx, long+honestGrace)
				defer cancel()
				got, herr = clients.HoldMany(waiting, p.Addr(), 1, 1, int(long.Milliseconds()), func(i int) string { return holdNonce(p, i) })
			})
		}, func() { up = false })
		if served = up && got.Completed == 1; served { // a stall makes nothing be served
			misses = 0
		}
		return misses, errors.Join(err, herr, cerr)
	})
	return served, up, err
}

// HonestMost is the longest honest request that a search tries: what refutes a documented
// watchdog, or half a minute where none is documented; never more than the app can sleep.
func HonestMost(claims bench.Claims) time.Duration {
	if claims.Watchdog == 0 {
		return 30 * time.Second
	}
	return min(bench.Seconds(bench.RefutedAfter(claims.Watchdog)), time.Minute)
}
