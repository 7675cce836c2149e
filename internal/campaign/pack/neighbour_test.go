package pack_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"benchrun/internal/campaign/pack"
)

// boards are those of several pools on one machine.
type boards struct {
	mu      sync.Mutex
	notices map[string]pack.Notice
}

// of is the board of one pool.
func (b *boards) of(pool string) board { return board{b, pool} }

type board struct {
	all *boards
	own string
}

func (b board) Turn(decide func([]pack.Notice) pack.Notice) {
	b.all.mu.Lock()
	defer b.all.mu.Unlock()
	var others []pack.Notice
	for pool, n := range b.all.notices {
		if pool != b.own && !n.Empty() {
			others = append(others, n)
		}
	}
	if b.all.notices == nil {
		b.all.notices = map[string]pack.Notice{}
	}
	b.all.notices[b.own] = decide(others)
}

func (b board) Leave() {
	b.all.mu.Lock()
	defer b.all.mu.Unlock()
	delete(b.all.notices, b.own)
}

// ran is one task of one of several pools, in time since the first began.
type ran struct {
	pool        string
	task        int
	begun, over time.Duration
}

// runAll runs pools side by side on one machine. Each sees what the others take only by
// their notices.
func runAll(t *testing.T, rooms map[string]pack.Room, tasks map[string][]pack.Task) []ran {
	t.Helper()
	var mu sync.Mutex
	var all []ran
	var pools sync.WaitGroup
	var b boards
	start := time.Now()
	for name := range tasks {
		m := quiet(100 * time.Millisecond)
		m.Board = b.of(name)
		pools.Go(func() {
			pack.NewPool(rooms[name], tasks[name]).Run(t.Context(), m, func(task, _ int) pack.Outcome {
				r := ran{pool: name, task: task, begun: time.Since(start)}
				time.Sleep(tasks[name][task].Length)
				r.over = time.Since(start)
				mu.Lock()
				defer mu.Unlock()
				all = append(all, r)
				return pack.Over
			})
		})
	}
	pools.Wait()
	if len(b.notices) > 0 {
		t.Errorf("left on the board: %+v", b.notices)
	}
	return all
}

// beside are the tasks that ran at a moment.
func beside(all []ran, at time.Duration) (now []ran) {
	for _, r := range all {
		if r.begun <= at && at < r.over {
			now = append(now, r)
		}
	}
	return now
}

// Two pools never fill the machine twice, neither waits for the other's end, and together
// they take as long as one with all the tasks.
func TestTwoPoolsShareAMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		two := pack.Room{CPUs: 1.9} // holds eight light tasks
		all := runAll(t, map[string]pack.Room{"a": two, "b": two}, map[string][]pack.Task{"a": lights(24), "b": lights(24)})
		if len(all) != 48 {
			t.Fatalf("%d tasks ran, want 48", len(all))
		}
		first, last := map[string]time.Duration{}, map[string]time.Duration{}
		for _, r := range all {
			if n := len(beside(all, r.begun)); n > 8 {
				t.Errorf("%d tasks at once after %s, want 8 at most", n, r.begun)
			}
			if was, ok := first[r.pool]; !ok || r.begun < was {
				first[r.pool] = r.begun
			}
			last[r.pool] = max(last[r.pool], r.over)
		}
		if max(first["a"], first["b"]) > 25*time.Second {
			t.Errorf("they began after %s: the second must not wait longer than for a task to end", first)
		}
		if longest := max(last["a"], last["b"]); longest > 150*time.Second {
			t.Errorf("all took %s; one pool with all tasks would take 120 s", longest)
		}
	})
}

// A task that runs alone has no company from the other pool either, and it need not wait
// until the other has nothing left.
func TestAloneAmongPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alone := task(heavy, 20)
		alone.Alone = true
		two := pack.Room{CPUs: 1.9}
		all := runAll(t, map[string]pack.Room{"many": two, "one": two},
			map[string][]pack.Task{"many": lights(40), "one": {alone, alone}})
		var end time.Duration
		for _, r := range all {
			end = max(end, r.over)
		}
		for _, r := range all {
			if r.pool != "one" {
				continue
			}
			for _, other := range all {
				if other != r && other.begun < r.over && r.begun < other.over {
					t.Errorf("from %s to %s it had company of %s from %s to %s", r.begun, r.over, other.pool, other.begun, other.over)
				}
			}
			if r.begun > end/2 {
				t.Errorf("it began after %s of %s", r.begun, end)
			}
		}
	})
}

// A pool that may fill less of the machine gets its turn beside one that may fill more.
func TestSmallRoomBesideALargeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := runAll(t, map[string]pack.Room{"large": {CPUs: 1.9}, "small": {CPUs: 1}},
			map[string][]pack.Task{"large": lights(40), "small": lights(4)})
		end := map[string]time.Duration{}
		for _, r := range all {
			end[r.pool] = max(end[r.pool], r.over)
			// What began at the same moment may have begun after it.
			before := len(beside(all, r.begun)) - len(slices.DeleteFunc(slices.Clone(all), func(o ran) bool { return o.begun != r.begun }))
			if r.pool == "small" && before >= 4 {
				t.Errorf("after %s it began beside %d others, and has room for 4 in all", r.begun, before)
			}
		}
		if end["small"] >= end["large"] {
			t.Errorf("the small one ends after %s, the large one after %s", end["small"], end["large"])
		}
	})
}

// A pool that hangs delays the others, and does not stop them.
func TestPoolThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, stuck := range map[string]pack.Notice{
			"while its task runs": {Runs: &pack.Claim{Alone: true}},
			"while it waits":      {Wants: &pack.Claim{Alone: true}, CPUs: 1},
		} {
			stuck.Since = time.Now().Add(-time.Second)
			var b boards
			b.of("stuck").Turn(func([]pack.Notice) pack.Notice { return stuck })
			m := quiet(0)
			m.Board = b.of("other")
			began := time.Now()
			var w worked
			pack.NewPool(pack.Room{CPUs: 1.9}, lights(2)).Run(t.Context(), m, func(task, _ int) pack.Outcome {
				w.during(began, task, time.Second)
				return pack.Over
			})
			if len(w.ran) != 2 || time.Since(began) > 40*time.Minute || w.starts[0] < time.Minute {
				t.Errorf("%s: %d of 2 tasks ran, after %v", name, len(w.ran), w.starts)
			}
		}
	})
}

// What the others run takes room from the estimate.
func TestEstimateBesideAnotherPool(t *testing.T) {
	p := pack.New(pack.Room{CPUs: 1.9}, lights(16))
	alone := p.Left(begin)
	p.Beside([]pack.Notice{{Runs: &pack.Claim{Load: pack.Load{CPU: 1}}}})
	if got := p.Left(begin); got <= alone || p.LeftIfQuiet(begin) != alone {
		t.Errorf("%s beside another pool, %s without it", got, alone)
	}
}

// A notice holds all that the others need, however large the load is.
func TestNotice(t *testing.T) {
	p := pack.New(pack.Room{CPUs: 1.9}, []pack.Task{task(pack.Load{CPU: 0.3, Burst: 0.3, Memory: 5}, 1), task(pack.Load{CPU: 0.2, Burst: 0.4, Memory: 6}, 1)})
	if n := p.Notice(); !n.Empty() {
		t.Errorf("before it begins: %+v", n)
	}
	p.Next(begin)
	p.Next(begin)
	n := p.Notice()
	if n.Runs == nil || n.Wants != nil || n.CPUs != 1.9 || n.Runs.Alone {
		t.Fatalf("%+v", n)
	}
	if l := n.Runs.Load; l.CPU != 0.5 || l.Burst < 0.499 || l.Burst > 0.501 || l.Memory != 11 {
		t.Errorf("both take %+v", l)
	}
}
