package pack_test

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"benchrun/internal/campaign/pack"
)

// Another program takes the CPU for a minute in the course of a run. Attempts beside others
// last longer then, and come again if they had too little CPU for too long. From ten seconds
// on, the range holds what is left, and soon the best guess is right within a quarter, until
// the program has lasted for long. When it has ended, the guess is right within a fifth.
func TestAProgramThatComesInTheCourseOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const comes, goes, makesUp = 30 * time.Second, 90 * time.Second, 15
		start := time.Now()
		others := func() float64 {
			if since := time.Since(start); comes < since && since < goes {
				return 1.7
			}
			return 0
		}
		tasks := slices.Repeat([]pack.Task{task(light, 24)}, 24)
		room := pack.Room{CPUs: 1.9}
		pool := pack.NewPool(room, tasks)
		m := pack.Machine{Others: others, Memory: func() int64 { return 0 }, Spacing: 500 * time.Millisecond}
		pool.Now(m)
		var running atomic.Int32
		type said struct{ at, likely, least, most time.Duration }
		var all []said
		over := make(chan struct{})
		var teller sync.WaitGroup
		teller.Go(func() {
			for {
				least, most := pool.Between()
				all = append(all, said{time.Since(start), pool.Left(), least, most})
				select {
				case <-over:
					return
				case <-time.After(10 * time.Second):
				}
			}
		})
		pool.Run(t.Context(), m, func(int, int) pack.Outcome {
			running.Add(1)
			defer running.Add(-1)
			short := 0
			for second := 0; second < 24+min(short, makesUp); second++ {
				time.Sleep(time.Second)
				if others() > 0 && others()+float64(running.Load())*light.CPU > room.CPUs {
					short++
				}
			}
			if short > makesUp {
				return pack.Later
			}
			return pack.Over
		})
		took := time.Since(start)
		close(over)
		teller.Wait()
		if took < goes {
			t.Fatalf("it took %s: the program changed nothing", took)
		}
		for _, s := range all {
			left := took - s.at
			if s.at >= comes+10*time.Second && (left < s.least-time.Second || left > s.most+time.Second) {
				t.Errorf("after %s: %s are left, said were %s to %s", s.at, left, s.least, s.most)
			}
			off := (s.likely - left).Seconds()
			if s.at >= comes+20*time.Second && s.at <= comes+40*time.Second && math.Abs(off) > left.Seconds()/4 {
				t.Errorf("after %s, while the program runs: %s are left, said were %s", s.at, left, s.likely)
			}
			if s.at >= goes+10*time.Second && math.Abs(off) > max(1, left.Seconds()/5) {
				t.Errorf("after %s: %s are left, said were %s", s.at, left, s.likely)
			}
		}
	})
}
