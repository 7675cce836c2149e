package ladder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/probe"
)

// honest finds the longest honest request that a target serves.
func honest(ctx context.Context, h *place.Host, t *place.Target, logPath string, tell bench.Listener) (bench.LongestHonest, error) {
	claims := t.Profile.Claims
	out := bench.LongestHonest{Watchdog: claims.Watchdog}
	serves, ends, err := longest(probe.HonestMost(claims), func(d time.Duration) (bool, error) {
		tell.Note(fmt.Sprintf("an honest request of %.1f s", d.Seconds()))
		served, up, err := probe.Serves(ctx, h, t, d, logPath)
		if err == nil && !up {
			err = errNotUp
		}
		return served, err
	})
	switch {
	case errors.Is(err, errNotUp), errors.Is(err, probe.ErrHostStalled):
		out.Note, err = err.Error(), nil
	case err == nil:
		out.Serves, out.Ends = serves.Seconds(), ends.Seconds()
	}
	return out, err
}

var errNotUp = errors.New("the server did not come up")

// resolution is how near to each other the two lengths are that a search ends with: half
// a second, or a sixteenth of the longest.
func resolution(most time.Duration) time.Duration { return max(500*time.Millisecond, most/16) }

// requests is about how many requests longest sends at most.
func requests(most time.Duration) int {
	n := 1
	for d := most; d > resolution(most); d /= 2 {
		n++
	}
	return n
}

// longest finds the longest request that is served, by bisection: the longest one that was
// and the shortest above it that was not; 0 = there is none.
func longest(most time.Duration, serves func(time.Duration) (bool, error)) (served, not time.Duration, err error) {
	switch ok, err := serves(most); {
	case err != nil:
		return 0, 0, err
	case ok:
		return most, 0, nil
	}
	not = most
	for not-served > resolution(most) {
		middle := ((served + not) / 2).Round(100 * time.Millisecond)
		ok, err := serves(middle)
		switch {
		case err != nil:
			return 0, 0, err
		case ok:
			served = middle
		default:
			not = middle
		}
	}
	return served, not, nil
}
