package main

import (
	"runtime"
	"testing"

	"golang.org/x/sync/semaphore"
)

// The tests that measure are named TestMeasured…. scripts/test runs them last, and nothing else
// beside them. They run side by side while there are seats for the cells that they measure at
// once, on average. 2 CPUs have room for nine light cells of 0.15 CPUs (docs/method.md). Where
// more cells are under way for a moment, or heavier ones, the benchruns of the tests tell each
// other and wait.
var seats = semaphore.NewWeighted(int64(max(9*runtime.NumCPU()/2, mostSeats)))

// mostSeats is how many seats one test may take. There must be that many, or it would wait
// forever.
const mostSeats = 4

// measures marks a test as one that measures this many cells at once, on average. The tests
// that take longest are declared first (the tutorial and the calibration), and get their seats
// before the others begin. The parents of a test that calls it must be parallel themselves:
// those that have seats begin when all other tests are over.
func measures(t *testing.T, cells int64) {
	t.Helper()
	if cells > mostSeats {
		t.Fatalf("%d cells at a time, of at most %d", cells, mostSeats)
	}
	seated := seats.TryAcquire(cells)
	t.Cleanup(func() {
		if seated {
			seats.Release(cells)
		}
	})
	t.Parallel()
	if !seated {
		if err := seats.Acquire(t.Context(), cells); err != nil {
			t.Fatal(err)
		}
		seated = true
	}
}
