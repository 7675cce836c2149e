package campaign

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/internal/launch"
	"benchrun/internal/place"
)

// A room says how many cells the method's examples have.
func TestRoomOfTheMethod(t *testing.T) {
	cell := pack.Load{CPU: 0.15, Burst: 0.05}
	for cpus, want := range map[int]int{2: 9, 4: 19, 16: 84} {
		h := &place.Host{Environment: bench.Environment{CPUs: cpus}, Limits: bench.Limits{CPUs: place.CPUQuota(cpus)}}
		h.Caps.CPU = true
		space, n := room(h, 0), 0
		space.Memory = 0
		for all := []pack.Load{cell}; !space.Full(all...); all = append(all, cell) {
			n++
		}
		if n != want {
			t.Errorf("%d CPUs have room for %d cells, docs/method.md says %d", cpus, n, want)
		}
		if want := 0.9 * (float64(cpus) - 0.5); space.Quota != want {
			t.Errorf("on %d CPUs a cell runs alone from %.2f CPUs on, want %.2f", cpus, space.Quota, want)
		}
	}
}

// sharing is a campaign of n cells of 0.4 CPUs on two CPUs, which tells others what it
// runs in a folder.
func sharing(t *testing.T, folder string, n int) *Run {
	t.Helper()
	c := cellOf(t, "mine", "wedge")
	r := &Run{Host: &place.Host{Environment: bench.Environment{CPUs: 2}, Notices: folder}}
	r.Host.Caps.CPU = true
	var tasks []pack.Task
	for i := range n {
		r.order.Cells = append(r.order.Cells, c)
		r.tasks = append(r.tasks, i)
		tasks = append(tasks, pack.Task{Load: pack.Load{CPU: 0.4}, Length: time.Second})
	}
	space := room(r.Host, 0)
	space.Memory = 0
	r.forecast.pool = pack.NewPool(space, tasks)
	return r
}

// Two campaigns on one machine, which know of each other by their notices, have no more
// cells at once than it has room for, and both come to the end.
func TestTwoCampaignsShareAMachine(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "notices")
	var mu sync.Mutex
	now, most, done := 0, 0, map[int]int{}
	var both sync.WaitGroup
	for campaign := range 2 {
		r := sharing(t, folder, 6)
		both.Go(func() {
			err := r.carryOut(t.Context(), func(task) (pack.Outcome, error) {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(1200 * time.Millisecond)
				mu.Lock()
				now--
				done[campaign]++
				mu.Unlock()
				return pack.Over, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if most > 4 {
		t.Errorf("%d cells at once; two CPUs have room for 4 of them", most)
	}
	if done[0] != 6 || done[1] != 6 {
		t.Errorf("the campaigns measured %v cells, want 6 each", done)
	}
	if _, err := os.Lstat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder is left behind: %v", err)
	}
}

// noticeArg is the argument under which the test binary fills a machine, until it is killed.
const noticeArg = "__notice"

// leaveNotice tells in a folder that this process fills the machine.
func leaveNotice(folder string) {
	b := &board{notices: launch.NewNotices(folder), note: func(text string) { panic(text) }}
	b.Turn(func([]pack.Notice) pack.Notice {
		return pack.Notice{Runs: &pack.Claim{Load: pack.Load{CPU: 1.7}, Alone: true}, CPUs: 1.7}
	})
	fmt.Println("told")
	time.Sleep(time.Minute) // the test kills it
}

// What a benchrun runs takes room from the others until it is killed, and then no more.
func TestNoticeOfAKilledBenchrun(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "notices")
	other := exec.CommandContext(t.Context(), os.Args[0], noticeArg, folder)
	out, err := other.StdoutPipe()
	if err == nil {
		err = other.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "told\n" {
		t.Fatalf("%q, %v", line, err)
	}
	seen := func() (others []pack.Notice) {
		b := &board{notices: launch.NewNotices(folder), note: func(text string) { t.Error(text) }}
		b.Turn(func(all []pack.Notice) pack.Notice {
			others = all
			return pack.Notice{}
		})
		return others
	}
	if others := seen(); len(others) != 1 || others[0].Runs == nil || others[0].Runs.CPU != 1.7 || !others[0].Runs.Alone {
		t.Errorf("while it lives: %+v", others)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	if others := seen(); len(others) != 0 {
		t.Errorf("after it was killed: %+v", others)
	}
	if _, err := os.Lstat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder is left behind: %v", err)
	}
}

// Any user may write a notice. What makes no sense does not count.
func TestNoticesThatMakeNoSense(t *testing.T) {
	texts := [][]byte{
		[]byte(`{"runs": {"cpu": 0.5, "burst": 0.1, "memory": 1}, "cpus": 1.7}`),
		[]byte(`{"runs": {"cpu": -100}, "cpus": 1.7}`), []byte(`{"wants": {"memory": -1}, "cpus": 1.7}`),
		[]byte(`{"runs": {"cpu": 1e999}, "cpus": 1.7}`), []byte(`{"wants": {"cpu": 1}, "cpus": 0}`), []byte(`half a noti`), nil,
	}
	if got := noticesIn(texts); len(got) != 1 || got[0].Runs.CPU != 0.5 {
		t.Errorf("%+v", got)
	}
}

// Where no notice can be left, the run goes on, and says so once.
func TestFolderThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	said := 0
	b := &board{notices: launch.NewNotices(file), note: func(string) { said++ }}
	for range 2 {
		decided := false
		b.Turn(func(others []pack.Notice) pack.Notice {
			decided = len(others) == 0
			return pack.Notice{Runs: &pack.Claim{}}
		})
		if !decided {
			t.Error("nothing was decided")
		}
	}
	if b.Leave(); said != 1 {
		t.Errorf("it was said %d times", said)
	}
}
