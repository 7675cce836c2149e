package place

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestBootTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBootTurn()
		began := time.Now()
		at := make(chan time.Duration, 3)
		boot := func(takes time.Duration) {
			over := b.take(t.Context(), time.Minute)
			at <- time.Since(began)
			time.Sleep(takes)
			over()
			over() // ends nobody else's turn
		}
		for range 3 {
			go boot(3 * time.Second)
		}
		for i := range 3 {
			if got, want := <-at, time.Duration(i)*3*time.Second; got != want {
				t.Errorf("turn %d begins after %v, want %v", i+1, got, want)
			}
		}
		time.Sleep(time.Minute) // the last one boots
	})
}

// A target that never gets ready, and an interruption, keep nobody from booting.
func TestBootTurnEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBootTurn()
		began := time.Now()
		stuck := b.take(t.Context(), 5*time.Second)
		next := b.take(t.Context(), time.Minute)
		if got := time.Since(began); got != 5*time.Second {
			t.Errorf("the turn of a target that hangs ends after %v", got)
		}
		stuck() // too late: it ends nobody else's turn
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		interrupted := b.take(ctx, time.Minute)
		if got := time.Since(began); got != 6*time.Second {
			t.Errorf("an interruption ends the wait after %v", got)
		}
		interrupted() // it had no turn to end
		next()
		b.take(t.Context(), time.Minute)()
		if got := time.Since(began); got != 6*time.Second {
			t.Errorf("the turn after that begins after %v", got)
		}
	})
}
