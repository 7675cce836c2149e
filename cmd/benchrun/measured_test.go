package main

import (
	"runtime"
	"testing"

	"golang.org/x/sync/semaphore"
)

// The tests that measure are named TestMeasured…. scripts/test runs them last, and nothing else
// beside them. They run side by side while there are seats for the cells that they measure at
// once. A light cell takes a quarter of a CPU, so three cells leave some of a CPU free.
var seats = semaphore.NewWeighted(int64(max(3*runtime.NumCPU(), mostSeats)))

// mostSeats is how many seats one test may take. There must be that many, or it would wait
// forever.
const mostSeats = 4

// measures marks a test as one that measures this many cells at once.
func measures(t *testing.T, cells int64) {
	t.Helper()
	if cells > mostSeats {
		t.Fatalf("%d cells at a time, of at most %d", cells, mostSeats)
	}
	t.Parallel()
	if err := seats.Acquire(t.Context(), cells); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { seats.Release(cells) })
}
