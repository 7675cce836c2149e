package pack_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"benchrun/internal/campaign/pack"
)

// worked is what a pool's tasks did, in the time of a synctest bubble.
type worked struct {
	mu     sync.Mutex
	now    int
	most   int
	ran    map[int]int
	starts []time.Duration
}

// during makes a task take this long, and counts it.
func (w *worked) during(began time.Time, task int, d time.Duration) {
	w.mu.Lock()
	if w.ran == nil {
		w.ran = map[int]int{}
	}
	w.ran[task]++
	w.starts = append(w.starts, time.Since(began))
	w.now++
	w.most = max(w.most, w.now)
	w.mu.Unlock()
	time.Sleep(d)
	w.mu.Lock()
	w.now--
	w.mu.Unlock()
}

func lights(n int) []pack.Task {
	tasks := make([]pack.Task, n)
	for i := range tasks {
		tasks[i] = task(light, 20)
	}
	return tasks
}

// quiet is a machine on which nothing else runs.
func quiet(spacing time.Duration) pack.Machine {
	return pack.Machine{Spacing: spacing, Others: func() float64 { return 0 }, Memory: func() int64 { return 0 }}
}

func TestPoolRunsAllAsFastAsThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, began := pack.NewPool(pack.Room{CPUs: 1.9}, lights(16)), time.Now()
		foreseen := pool.Left()
		var w worked
		pool.Run(t.Context(), quiet(0), func(task, _ int) pack.Outcome {
			w.during(began, task, 20*time.Second)
			return pack.Over
		})
		if took := time.Since(began); took != 40*time.Second || took != foreseen {
			t.Errorf("it took %s, foreseen were %s, want 40 s", took, foreseen)
		}
		if w.most != 8 || len(w.ran) != 16 {
			t.Errorf("%d at once, %d tasks; want 8 and 16", w.most, len(w.ran))
		}
	})
}

func TestPoolBeginsOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, began := pack.NewPool(pack.Room{CPUs: 64}, lights(4)), time.Now()
		var w worked
		if pool.Now(quiet(3 * time.Second)); pool.Left() != 29*time.Second {
			t.Errorf("%s are expected, want 20 s for the last, which begins after 9 s", pool.Left())
		}
		pool.Run(t.Context(), quiet(3*time.Second), func(task, _ int) pack.Outcome {
			w.during(began, task, 20*time.Second)
			return pack.Over
		})
		for i, start := range w.starts {
			if want := time.Duration(i) * 3 * time.Second; start != want {
				t.Errorf("start %d came after %s, want %s", i, start, want)
			}
		}
	})
}

func TestPoolRunsAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, began := pack.NewPool(pack.Room{CPUs: 1.9}, lights(3)), time.Now()
		var w worked
		pool.Run(t.Context(), quiet(0), func(task, _ int) pack.Outcome {
			w.during(began, task, time.Duration(10+task)*time.Second)
			w.mu.Lock()
			defer w.mu.Unlock()
			if task == 0 && w.ran[0] == 1 {
				return pack.Later
			}
			return pack.Over
		})
		if last := w.starts[len(w.starts)-1]; w.ran[0] != 2 || last != 10*time.Second {
			t.Errorf("task 0 ran %d times, the last time after %s; want 2 times, beside the others", w.ran[0], last)
		}
	})
}

func TestPoolRunsAgainAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool, began := pack.NewPool(pack.Room{CPUs: 1.9}, lights(3)), time.Now()
		var w worked
		pool.Run(t.Context(), quiet(0), func(task, _ int) pack.Outcome {
			w.during(began, task, time.Duration(10+task)*time.Second)
			if w.mu.Lock(); task == 0 && w.ran[0] == 1 {
				w.mu.Unlock()
				return pack.Again
			}
			w.mu.Unlock()
			return pack.Over
		})
		if last := w.starts[len(w.starts)-1]; w.ran[0] != 2 || last != 12*time.Second {
			t.Errorf("task 0 ran %d times, at last after %s; want twice, after the 12 s of the longest", w.ran[0], last)
		}
	})
}

func TestPoolKeepsApartUntilTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tasks := lights(3)
		for i := range tasks {
			tasks[i].Apart = "one probe"
		}
		pool, began := pack.NewPool(pack.Room{CPUs: 64}, tasks), time.Now()
		var w worked
		pool.Run(t.Context(), quiet(0), func(task, _ int) pack.Outcome {
			w.during(began, task, 5*time.Second)
			pool.Together("one probe")
			time.Sleep(20 * time.Second)
			return pack.Over
		})
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("it took %s: want 5 s of one task, then 25 s of all the others", took)
		}
	})
}

// When a run ends, the pool waits for the running tasks and begins no other.
func TestPoolEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			limit   time.Duration
			outcome pack.Outcome
		}{"its context ends": {5 * time.Second, pack.Over}, "a task says so": {time.Hour, pack.Stop}} {
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()
			began := time.Now()
			var w worked
			pack.NewPool(pack.Room{CPUs: 64, Jobs: 2}, lights(6)).Run(ctx, quiet(0), func(task, _ int) pack.Outcome {
				w.during(began, task, 10*time.Second)
				return c.outcome
			})
			if len(w.ran) != 2 || w.now != 0 {
				t.Errorf("%s: %d tasks were begun and %d are not over; want 2 and 0", name, len(w.ran), w.now)
			}
			if took := time.Since(began); took != 10*time.Second {
				t.Errorf("%s: it took %s, want the 10 s of what was under way", name, took)
			}
		}
	})
}

// Company counts that came after a task began and left before anybody asked.
func TestPoolTellsOfCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tasks := []pack.Task{task(light, 20), task(light, 5)}
		pool := pack.NewPool(pack.Room{CPUs: 1.9}, tasks)
		var first, alone bool
		pool.Run(t.Context(), quiet(time.Second), func(n, _ int) pack.Outcome {
			company := pool.Company()
			if n == 1 {
				time.Sleep(5 * time.Second)
				return pack.Over
			}
			time.Sleep(20 * time.Second)
			first = company()
			late := pool.Company()
			time.Sleep(time.Second)
			alone = !late()
			return pack.Over
		})
		if !first || !alone {
			t.Errorf("company that was there: %v; alone after it: %v", first, alone)
		}
	})
}

// What other programs use is no room for a second task, neither CPU nor memory, and a
// task begins when they leave it.
func TestPoolLeavesRoomToOthers(t *testing.T) {
	for name, machine := range map[string]func(busy bool) (cpus float64, memory int64){
		"CPU": func(busy bool) (float64, int64) { return map[bool]float64{true: 1.9}[busy], 0 },
		"memory": func(busy bool) (float64, int64) {
			return 0, map[bool]int64{true: light.Memory, false: 4 * light.Memory}[busy]
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				busy := func() bool { return time.Since(begun) < 15*time.Second }
				m := pack.Machine{
					Others: func() float64 { cpus, _ := machine(busy()); return cpus },
					Memory: func() int64 { _, memory := machine(busy()); return memory },
				}
				var w worked
				pool := pack.NewPool(pack.Room{CPUs: 1.9}, lights(4))
				if pool.Now(m); pool.Left() != 80*time.Second {
					t.Errorf("%s are expected, want 80 s for one task at a time", pool.Left())
				}
				pool.Run(t.Context(), m, func(task, _ int) pack.Outcome {
					w.during(begun, task, 10*time.Second)
					return pack.Over
				})
				want := []time.Duration{0, 10 * time.Second, 16 * time.Second, 16 * time.Second}
				if !slices.Equal(w.starts, want) {
					t.Errorf("begun at %v, want %v", w.starts, want)
				}
			})
		})
	}
}
