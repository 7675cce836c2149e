package pack_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"benchrun/internal/campaign/pack"
)

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func task(l pack.Load, seconds int) pack.Task {
	return pack.Task{Load: l, Length: time.Duration(seconds) * time.Second}
}

// played is one task as the driver of the packer saw it.
type played struct {
	task, slot  int
	start, ends time.Time
}

// play drives a packer like Pool, with tasks that take as long as expected, and calls
// each after every start.
func play(t *testing.T, p *pack.Packer, tasks []pack.Task, each func(running []played, together map[string]bool)) []played {
	t.Helper()
	var all, running []played
	together := map[string]bool{"": true} // words that no longer keep tasks apart
	apart := map[string]time.Time{}       // of the others that have begun: when they no longer will
	now := begin
	for range 100 * len(tasks) {
		for {
			i, slot, ok := p.Next(now)
			if !ok {
				break
			}
			one := played{i, slot, now, now.Add(tasks[i].Length)}
			if word := tasks[i].Apart; !together[word] {
				one.ends, apart[word] = one.ends.Add(tasks[i].First), now.Add(tasks[i].First)
			}
			all, running = append(all, one), append(running, one)
			each(running, together)
		}
		if len(running) == 0 {
			return all
		}
		first := slices.MinFunc(running, func(a, b played) int {
			if c := a.ends.Compare(b.ends); c != 0 {
				return c
			}
			return a.task - b.task
		})
		now = first.ends
		if len(apart) > 0 { // until the first of them no longer is
			if at := slices.MinFunc(slices.Collect(maps.Values(apart)), time.Time.Compare); !at.After(now) {
				now = at
				for word, until := range apart {
					if until.Equal(at) {
						p.Together(word)
						together[word] = true
						delete(apart, word)
					}
				}
				continue
			}
		}
		running = slices.DeleteFunc(running, func(r played) bool { return r.task == first.task })
		p.Done(first.task)
	}
	t.Fatal("the packer never came to an end")
	return nil
}

// For any tasks: the running ones always have room, a task that must run alone or
// apart does, slots are unique and as low as possible, each task runs exactly once, the
// order is the same each time, and everything takes as long as Left said.
func TestPackerKeepsItsPromises(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		room := pack.Room{CPUs: 0.5 + 4*rng.Float64(), Jobs: rng.IntN(6), Memory: int64(rng.IntN(2)) * 3000}
		tasks := make([]pack.Task, 1+rng.IntN(60))
		for i := range tasks {
			tasks[i] = pack.Task{
				Load:   pack.Load{CPU: 2 * rng.Float64() * rng.Float64(), Burst: 0.4 * rng.Float64(), Memory: rng.Int64N(1500)},
				Length: time.Duration(1+rng.IntN(60)) * time.Second,
				Alone:  rng.IntN(12) == 0,
				Apart:  []string{"", "", "x", "y"}[rng.IntN(4)],
				First:  time.Duration(rng.IntN(60)) * time.Second,
			}
		}
		p := pack.New(room, tasks)
		foreseen := p.Left(begin)
		all := play(t, p, tasks, func(running []played, together map[string]bool) {
			var loads []pack.Load
			slots, words := map[int]bool{}, map[string]bool{}
			for _, r := range running {
				one := tasks[r.task]
				loads = append(loads, one.Load)
				if len(running) > 1 && (one.Alone || room.Full(one.Load)) {
					t.Fatalf("seed %d: task %d has company", seed, r.task)
				}
				if words[one.Apart] && !together[one.Apart] {
					t.Fatalf("seed %d: two tasks of %q side by side", seed, one.Apart)
				}
				words[one.Apart] = true
				if slots[r.slot] {
					t.Fatalf("seed %d: slot %d is taken twice", seed, r.slot)
				}
				slots[r.slot] = true
				if room.Jobs > 0 && r.slot >= room.Jobs || r.slot >= len(tasks) {
					t.Fatalf("seed %d: slot %d is not compact", seed, r.slot)
				}
			}
			if len(running) > 1 && room.Full(loads...) {
				t.Fatalf("seed %d: more is under way than has room", seed)
			}
		})
		ran := map[int]int{}
		var end time.Time
		for _, r := range all {
			ran[r.task]++
			if r.ends.After(end) {
				end = r.ends
			}
		}
		for i := range tasks {
			if ran[i] != 1 {
				t.Fatalf("seed %d: task %d ran %d times", seed, i, ran[i])
			}
		}
		if took := end.Sub(begin); took != foreseen {
			t.Fatalf("seed %d: %s was foreseen, it takes %s", seed, foreseen, took)
		}
		again := play(t, pack.New(room, tasks), tasks, func([]played, map[string]bool) {})
		if !slices.Equal(all, again) {
			t.Fatalf("seed %d: another order the second time", seed)
		}
	}
}

// Which task goes first, and which does not wait for another.
func TestOrder(t *testing.T) {
	two := pack.Room{CPUs: 1.9}
	alone := task(light, 20)
	alone.Alone = true
	tasks := []pack.Task{alone, task(light, 20), task(heavy, 25), task(light, 50), task(busy, 25)}
	for _, c := range []struct {
		name string
		room pack.Room
		want []int // in the order in which they begin
	}{
		{"one at a time: as they were given", pack.Room{CPUs: 1.9, Jobs: 1}, []int{0, 1, 2, 3, 4}},
		{"many: the largest first, what is alone last", two, []int{2, 4, 3, 1, 0}},
	} {
		var order []int
		for _, r := range play(t, pack.New(c.room, tasks), tasks, func([]played, map[string]bool) {}) {
			order = append(order, r.task)
		}
		if !slices.Equal(order, c.want) {
			t.Errorf("%s: %v, want %v", c.name, order, c.want)
		}
	}
}

// A task that comes back waits until all others are over, and runs alone.
func TestAgainRunsAlone(t *testing.T) {
	p := pack.New(pack.Room{CPUs: 1.9}, []pack.Task{task(light, 20), task(light, 20), task(light, 20)})
	for want := range 3 {
		if i, _, ok := p.Next(begin); !ok || i != want {
			t.Fatalf("began %d (%v), want %d", i, ok, want)
		}
	}
	p.Again(1)
	p.Done(0)
	if i, _, ok := p.Next(begin); ok {
		t.Fatalf("task %d began beside another", i)
	}
	if left := p.Left(begin); left != 40*time.Second {
		t.Errorf("%s are left, want 20 s for the one that runs and 20 s for the one behind it", left)
	}
	p.Done(2)
	if i, slot, ok := p.Next(begin); !ok || i != 1 || slot != 0 {
		t.Errorf("began %d in slot %d (%v), want 1 in slot 0", i, slot, ok)
	}
	p.Done(1)
	if i, _, ok := p.Next(begin); ok {
		t.Errorf("task %d began once more", i)
	}
}

// A task that comes back later may have company, and waits until no other is left that may.
func TestLaterHasCompany(t *testing.T) {
	alone := task(light, 20)
	alone.Alone = true
	tasks := []pack.Task{task(light, 50), task(light, 40), task(light, 30), alone}
	p := pack.New(pack.Room{CPUs: 1.9, Memory: 2 * light.Memory}, tasks)
	begins := func(want int) {
		t.Helper()
		if i, _, ok := p.Next(begin); ok != (want >= 0) || ok && i != want {
			t.Fatalf("began %d (%v), want %d", i, ok, want)
		}
	}
	begins(0)
	begins(1)
	p.Later(0)
	begins(2) // shorter, but it has not begun yet
	begins(-1)
	p.Done(1)
	begins(0)
	p.Done(2)
	begins(-1)
	p.Done(0)
	begins(3)
}

func TestLeft(t *testing.T) {
	p := pack.New(pack.Room{CPUs: 64, Jobs: 2}, []pack.Task{task(light, 30), task(light, 20), task(light, 10)})
	left := func(after int, want int) {
		t.Helper()
		if got := p.Left(begin.Add(time.Duration(after) * time.Second)); got != time.Duration(want)*time.Second {
			t.Errorf("after %d s %s are left, want %d s", after, got, want)
		}
	}
	left(0, 30)
	p.Next(begin)
	p.Next(begin)
	left(5, 25)
	left(35, 10) // both take longer than expected, so they are about to end
	p.Foresee(0, time.Minute, 0, 0)
	left(5, 55)
	p.Done(1)
	p.Done(0)
	left(40, 10)
}

// What was measured on another machine is scaled to this one. The rest stays as it is.
func TestPackerScale(t *testing.T) {
	elsewhere := task(pack.Load{CPU: 0.8, Burst: 0.1}, 1)
	elsewhere.Elsewhere = 0.8
	partly := task(elsewhere.Load, 1)
	partly.Elsewhere = 0.2
	for _, c := range []struct {
		name  string
		tasks []pack.Task
		scale float64
		want  int // tasks at once
	}{
		{"before anything is known", []pack.Task{elsewhere, elsewhere, elsewhere}, 1, 2},
		{"a fast machine", []pack.Task{elsewhere, elsewhere, elsewhere}, 0.5, 3},
		{"a fault that takes the same CPU everywhere", []pack.Task{partly, partly, partly}, 0.5, 2},
		{"a slow machine", []pack.Task{elsewhere, elsewhere, elsewhere}, 2, 1},
		{"measured here", []pack.Task{task(elsewhere.Load, 1), task(elsewhere.Load, 1), task(elsewhere.Load, 1)}, 0.5, 2},
	} {
		p := pack.New(pack.Room{CPUs: 2}, c.tasks)
		p.Scale(c.scale)
		started := 0
		for ok := true; ok; {
			if _, _, ok = p.Next(begin); ok {
				started++
			}
		}
		if started != c.want {
			t.Errorf("%s: %d at once, want %d", c.name, started, c.want)
		}
	}
}

// Whether a task comes to its quota depends on what it takes on this machine. One that does
// runs alone, and last.
func TestQuotaOnThisMachine(t *testing.T) {
	most := task(pack.Load{CPU: 1.2, Burst: 0.1}, 1)
	most.Elsewhere = 0.2
	room := pack.Room{CPUs: 64, Quota: 1.35}
	for _, c := range []struct {
		name  string
		cpu   float64
		scale float64
		want  []int // in the order in which they begin
		first int   // of them at once
	}{
		{"below it", 1.2, 1, []int{0, 1, 2}, 3},
		{"a slow machine", 1.2, 1.5, []int{1, 2, 0}, 2},
		{"at it elsewhere", 1.3, 1, []int{1, 2, 0}, 2},
		{"at it elsewhere, on a fast machine", 1.3, 0.5, []int{0, 1, 2}, 3},
	} {
		tasks := []pack.Task{most, task(light, 1), task(light, 1)}
		tasks[0].CPU = c.cpu
		p := pack.New(room, tasks)
		p.Scale(c.scale)
		var order []int
		first := 0
		for range tasks {
			i, _, ok := p.Next(begin)
			if ok && len(order) == first {
				first++
			}
			if !ok {
				for _, running := range p.Running() {
					p.Done(running)
				}
				if i, _, ok = p.Next(begin); !ok {
					t.Fatalf("%s: nothing begins on an empty machine", c.name)
				}
				order = append(order, i)
				continue
			}
			order = append(order, i)
		}
		if !slices.Equal(order, c.want) || first != c.first {
			t.Errorf("%s: they begin in the order %v, the first %d at once; want %v, %d", c.name, order, first, c.want, c.first)
		}
	}
}

// Other programs take room, so a quiet machine would be faster, unless one task runs at a time.
func TestLeftIfQuiet(t *testing.T) {
	for jobs, want := range map[int][2]time.Duration{0: {60 * time.Second, 20 * time.Second}, 1: {60 * time.Second, 60 * time.Second}} {
		p := pack.New(pack.Room{CPUs: 1.9, Jobs: jobs}, []pack.Task{task(light, 20), task(light, 20), task(light, 20)})
		p.Now(begin, 1.9, 1.9, 0)
		if got := [2]time.Duration{p.Left(begin), p.LeftIfQuiet(begin)}; got != want {
			t.Errorf("jobs %d: %v are left, and on a quiet machine, want %v", jobs, got, want)
		}
	}
}

// Other programs that were there when the run began are expected to stay. Those that came
// later are expected to stay as long again as they have, and half a minute at least. What is
// open is whether they end now or never. What they cost beyond the room counts only for tasks
// that begin beside them.
func TestHowLongOtherProgramsStay(t *testing.T) {
	after := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	for _, tt := range []struct {
		name       string
		first      float64 // CPUs that they use when the run begins
		begun, now int     // when they become busy, and when the rest is asked for
		crowded    float64
		want       [3]int // least, likely, most
	}{
		{"nobody", 0, 0, 100, 1, [3]int{20, 20, 20}},
		{"a few, which take the room of one task", 0.1, 0, 100, 1, [3]int{40, 40, 40}},
		{"always", 1.9, 0, 100, 1, [3]int{20, 160, 160}},
		{"since now", 0, 100, 100, 1, [3]int{20, 50, 160}},   // 0-20, 20-40, and from 30 on the rest
		{"for a while", 0, 100, 160, 1, [3]int{20, 80, 160}}, // 0-20, 20-40, 40-60, and then the rest
		{"always, and it costs", 1.9, 0, 100, 2, [3]int{20, 320, 320}},
		{"since now, and it costs", 0, 100, 100, 2, [3]int{20, 50, 320}}, // 0-40, and from 30 on the rest
	} {
		p := pack.New(pack.Room{CPUs: 1.9}, lights(8))
		p.Pace(1, tt.crowded)
		p.Now(begin, tt.first, tt.first, 0)
		if tt.begun > 0 {
			p.Now(after(tt.begun), 1.9, 1.9, 0)
			p.Now(after(tt.now), 1.9, 1.9, 0)
		}
		least, most := p.Between(after(tt.now))
		for i, got := range []time.Duration{least, p.Left(after(tt.now)), most} {
			if want := time.Duration(tt.want[i]) * time.Second; got != want {
				t.Errorf("%s: %s %s, want %s", tt.name, []string{"least", "likely", "most"}[i], got, want)
			}
		}
		if busy := tt.first > 1 || tt.begun > 0; p.Busy() != busy {
			t.Errorf("%s: busy %v", tt.name, !busy)
		}
		if p.Now(after(tt.now), 0, 0, 0); p.Left(after(tt.now)) != 20*time.Second {
			t.Errorf("%s: when they have ended, %s are expected", tt.name, p.Left(after(tt.now)))
		}
	}
}

// Tasks that run while other programs take the CPU from them are expected to come again, if
// that lasts too long. They come together, after the others, when the programs have ended.
func TestTasksThatOtherProgramsSpoil(t *testing.T) {
	after := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	for _, tt := range []struct {
		name       string
		tasks      int
		others     float64
		at, lasted int // when they begin, and for how long they have lasted
		ended      bool
		want       int
	}{
		{"they have just begun", 8, 1, 10, 0, false, 30 + 40}, // they are expected to last 30 s
		{"just before the tasks end", 8, 1, 30, 0, false, 10}, // too short
		{"they have ended early", 8, 1, 10, 10, true, 20},     // too short
		{"they have ended late", 8, 1, 10, 20, true, 10 + 40},
		{"they take what is idle", 2, 1, 10, 0, false, 30},
		{"one task alone", 1, 1.9, 10, 0, false, 30},
	} {
		p := pack.New(pack.Room{CPUs: 1.9}, slices.Repeat([]pack.Task{task(light, 40)}, tt.tasks))
		p.Now(begin, 0, 0, 0)
		for range tt.tasks {
			p.Next(begin)
		}
		p.Now(after(tt.at), tt.others, tt.others, 0)
		now := after(tt.at + tt.lasted)
		p.Now(now, tt.others, tt.others, 0)
		if tt.ended {
			p.Now(now, 0, 0, 0)
		}
		if got := p.Left(now); got != time.Duration(tt.want)*time.Second {
			t.Errorf("%s: %s are expected, want %d s", tt.name, got, tt.want)
		}
	}
}

// What an attempt itself knows counts more than how long its task had too little CPU, and a new
// attempt begins anew. What may come again is in the range.
func TestTasksThatComeAgain(t *testing.T) {
	now := begin.Add(30 * time.Second)
	for _, tt := range []struct {
		name string
		tell func(p *pack.Packer, task int)
		want [3]int // least, likely, most
	}{
		{"nobody said anything", func(*pack.Packer, int) {}, [3]int{10, 50, 50}},
		{"it does not", func(p *pack.Packer, i int) { p.Spoiled(i, 0, 0) }, [3]int{10, 10, 10}},
		{"it may", func(p *pack.Packer, i int) { p.Spoiled(i, 0.25, 25*time.Second) }, [3]int{10, 10, 35}},
		{"it probably does", func(p *pack.Packer, i int) { p.Spoiled(i, 0.75, 25*time.Second) }, [3]int{10, 35, 35}},
		{"it does", func(p *pack.Packer, i int) { p.Spoiled(i, 1, 25*time.Second) }, [3]int{35, 35, 35}},
		{"the next attempt has begun", func(p *pack.Packer, i int) { p.Spoiled(i, 1, 25*time.Second); p.Attempt(i) }, [3]int{10, 10, 10}},
	} {
		p := pack.New(pack.Room{CPUs: 1.9}, slices.Repeat([]pack.Task{task(light, 40)}, 8))
		p.Now(begin, 0, 0, 0)
		for range 8 {
			p.Next(begin)
		}
		p.Now(begin.Add(10*time.Second), 1, 1, 0)
		p.Now(now, 1, 1, 0)
		p.Now(now, 0, 0, 0)
		for i := range 8 {
			tt.tell(p, i)
		}
		least, most := p.Between(now)
		for i, got := range []time.Duration{least, p.Left(now), most} {
			if want := time.Duration(tt.want[i]) * time.Second; got != want {
				t.Errorf("%s: %s %s, want %s", tt.name, []string{"least", "likely", "most"}[i], got, want)
			}
		}
	}
}

// Other programs that have ended lately are expected to be gone, although they still take room
// for a while.
func TestOtherProgramsThatHaveJustEnded(t *testing.T) {
	p := pack.New(pack.Room{CPUs: 1.9}, lights(8))
	p.Now(begin, 0, 0, 0)
	p.Now(begin.Add(10*time.Second), 1.9, 1.9, 0)
	now := begin.Add(70 * time.Second)
	p.Now(now, 1.8, 0.1, 0)
	if p.Busy() {
		t.Error("they are still busy")
	}
	if got := p.Left(now); got < 20*time.Second || got > 50*time.Second {
		t.Errorf("%s are left for eight tasks of 20 s", got)
	}
	if p.Next(now); len(p.Running()) != 1 {
		t.Fatal("nothing begins")
	}
	if _, _, ok := p.Next(now); ok {
		t.Error("a second task begins although the others used the CPU seconds ago")
	}
}

// A pool that another one keeps waiting for too long waits no second time, until that one
// has gone.
func TestAPoolIsOutlastedOnce(t *testing.T) {
	p := pack.New(pack.Room{CPUs: 2}, []pack.Task{task(light, 20), task(light, 20), task(light, 20)})
	hung := []pack.Notice{{Runs: &pack.Claim{Load: pack.Load{CPU: 1}, Alone: true}, CPUs: 2}}
	start := time.Now()
	begins := func(after time.Duration) bool {
		_, _, ok := p.Next(start.Add(after))
		return ok
	}
	p.Beside(hung)
	if begins(0) || begins(pack.Patience-time.Second) {
		t.Error("a task began beside one that runs alone")
	}
	if !begins(pack.Patience) || !begins(pack.Patience+time.Second) {
		t.Error("after the longest wait, the first or the second task waits")
	}
	p.Beside(nil)
	p.Beside(hung)
	if begins(pack.Patience + 2*time.Second) {
		t.Error("a task began beside another pool that came later")
	}
}

// A probe keeps the other tasks with its word waiting only as long as it lasts, and only the
// first of them makes it. What is then said of the first is all that it takes.
func TestLeftKnowsWhatAProbeTakes(t *testing.T) {
	tasks := []pack.Task{task(light, 30), task(light, 30), task(light, 30)}
	for i := range tasks {
		tasks[i].Apart, tasks[i].First = "probe", 10*time.Second
	}
	p := pack.New(pack.Room{CPUs: 64}, tasks)
	if left := p.Left(begin); left != 40*time.Second {
		t.Errorf("%s are expected, want 10 s for the probe and 30 s for all together", left)
	}
	p.Next(begin)
	if left := p.Left(begin.Add(5 * time.Second)); left != 35*time.Second {
		t.Errorf("while it is probed %s are left, want 35 s", left)
	}
	p.Together("probe")
	p.Foresee(0, 38*time.Second, 0, 0)
	if left := p.Left(begin.Add(8 * time.Second)); left != 30*time.Second {
		t.Errorf("when it is probed %s are left, want 30 s", left)
	}
}

// What is open of many tasks is less than all that is open of each. A slow pace makes only
// longer what has not begun, and may end.
func TestBetween(t *testing.T) {
	open := task(light, 30)
	open.Least, open.Most = 20*time.Second, 40*time.Second
	for n, want := range map[int][3]time.Duration{ // least, likely, most
		1: {20 * time.Second, 30 * time.Second, 40 * time.Second},
		4: {100 * time.Second, 120 * time.Second, 140 * time.Second},
	} {
		p := pack.New(pack.Room{CPUs: 64, Jobs: 1}, slices.Repeat([]pack.Task{open}, n))
		least, most := p.Between(begin)
		if got := [3]time.Duration{least, p.Left(begin), most}; got != want {
			t.Errorf("%d open tasks: %v, want %v", n, got, want)
		}
	}
	p := pack.New(pack.Room{CPUs: 64, Jobs: 1}, []pack.Task{task(light, 30), task(light, 30)})
	p.Next(begin)
	p.Pace(1.5, 1.5)
	least, most := p.Between(begin)
	if got, want := [3]time.Duration{least, p.Left(begin), most}, [3]time.Duration{60 * time.Second, 75 * time.Second, 75 * time.Second}; got != want {
		t.Errorf("at half the pace: %v, want %v", got, want)
	}
}
