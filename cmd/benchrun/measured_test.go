package main

import (
	"runtime"
	"testing"

	"golang.org/x/sync/semaphore"
)

// The tests that measure are named TestMeasured…: scripts/test runs them last, and
// nothing else beside them. They run side by side as far as there are seats for
// the cells that they measure at a time. A light cell takes a quarter of a CPU, so
// three leave some of it free.
var seats = semaphore.NewWeighted(int64(max(3*runtime.NumCPU(), mostSeats)))

// mostSeats is what one test may take; it would wait forever for more than there are.
const mostSeats = 4

// measures makes a test one of those that measure, so many cells at a time.
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
