package observe

import (
	"os"
	"testing"
	"time"
)

// forkTree is a quiet tree that gets reports of forks. It skips the test if the kernel
// reports none to this user.
func forkTree(t *testing.T, a *agent) *tree {
	t.Helper()
	tr, _ := quietTree(t, a)
	if tr.forks == nil {
		t.Skip("the kernel does not tell us of forks")
	}
	pid := a.asks("fork(signal.pause)")
	for end := time.Now().Add(10 * time.Second); tr.seen[pid] == nil; {
		if !tr.deaths.wait(end, tr.told) && !time.Now().Before(end) {
			t.Skipf("the kernel told nothing of a fork (root: %v)", os.Geteuid() == 0)
		}
	}
	return tr
}

// This test takes no look: the report of the fork alone must reveal the birth.
func TestForksAreTold(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		other, a := startAgent(t, false), startAgent(t, namespace)
		tr := forkTree(t, a)
		stranger := other.asks("fork(signal.pause)")
		a.does("r, w = os.pipe()")
		pid := a.asks("fork(lambda: os._exit(int(os.read(r, 1))))")
		for end := time.Now().Add(10 * time.Second); tr.seen[pid] == nil && time.Now().Before(end); {
			tr.deaths.wait(end, tr.told)
		}
		p := tr.seen[pid]
		if p == nil {
			t.Fatalf("nothing told of process %d", pid)
		}
		if p.parent != a.pid {
			t.Errorf("parent %d, want %d", p.parent, a.pid)
		}
		if tr.members[stranger] != nil {
			t.Error("a process of another tree is a member")
		}
		a.asks("(os.write(w, b'3'), os.waitpid(%d, 0))[1][0]", pid)
		for end := time.Now().Add(10 * time.Second); p.diedAt == 0 && time.Now().Before(end); {
			tr.deaths.wait(end, tr.told)
		}
		if p.diedAt == 0 || (kernelAtLeast(t, 6, 15) && (p.exit == nil || p.exit.Code != 3)) {
			t.Errorf("died at %d with %+v, want code 3", p.diedAt, p.exit)
		}
	})
}

// shortLived forks 200 processes that live for 2 ms, and returns how many the tree
// noticed.
func shortLived(t *testing.T, a *agent, tr *tree) (noticed int) {
	t.Helper()
	const all = 200
	seen, forked := map[int]bool{}, map[int]bool{}
	born := tr.onBorn
	tr.onBorn = func(p *member) { seen[p.seen] = true; born(p) }
	defer func() { tr.onBorn = born }()
	a.does("import time")
	a.does("pids = []")
	a.does("for i in range(%d): pids.append(fork(lambda: (time.sleep(0.002), os._exit(0)))); os.waitpid(pids[-1], 0)", all)
	a.does("say(*pids)")
	ended := make(chan []string, 1)
	go func() { ended <- a.hears() }()
	var pids []string
	for pids == nil {
		due := time.Now().Add(lookEvery)
		for tr.deaths.wait(due, tr.told) && time.Now().Before(due) {
		}
		tr.look()
		select {
		case pids = <-ended:
		default:
		}
	}
	for _, word := range pids {
		pid := a.number(word)
		if forked[pid] {
			t.Errorf("the agent named %d twice", pid)
		}
		forked[pid] = true
		if seen[pid] {
			noticed++
		}
	}
	if len(forked) != all {
		t.Fatalf("the agent named %d processes, want %d", len(forked), all)
	}
	if len(seen) > noticed {
		t.Errorf("%d processes noticed that the agent did not fork", len(seen)-noticed)
	}
	return noticed
}

// Looks alone miss most processes that live for a few milliseconds.
func TestShortLivesAreNoticed(t *testing.T) {
	levels(t, func(t *testing.T, namespace bool) {
		a := startAgent(t, namespace)
		tr := forkTree(t, a)
		told := shortLived(t, a, tr)
		tr.forks.close()
		tr.forks = nil
		looked := shortLived(t, a, tr)
		t.Logf("of 200 processes that live for 2 ms: %d noticed when told, %d by looks alone", told, looked)
		if told < 100 || told <= looked {
			t.Errorf("%d noticed when told, %d by looks alone", told, looked)
		}
	})
}

// Forks beyond forksPerLook are left to the looks.
func TestForkStormIsBounded(t *testing.T) {
	a := startAgent(t, false)
	tr := forkTree(t, a)
	const all = 3 * forksPerLook
	a.does("for i in range(%d): os.waitpid(fork(lambda: os._exit(0)), 0)", all)
	last := a.asks("fork(signal.pause)")
	for n := 0; tr.deaths.wait(time.Now().Add(lookEvery), tr.told); n++ {
		if n > 2*all {
			t.Fatal("the storm is heard of without end")
		}
	}
	if tr.forks.budget != 0 {
		t.Fatalf("%d more forks might be heard of, after %d", tr.forks.budget, all)
	}
	for range 100 { // the rest of what the socket holds
		tr.look()
		if tr.forks.budget > 0 {
			break
		}
	}
	tr.look()
	if tr.seen[last] == nil || tr.forks.budget == 0 {
		t.Errorf("after the storm: last one known %v, %d to hear of", tr.seen[last] != nil, tr.forks.budget)
	}
}

// The filter lets only forks by the tree's processes through, and a look adds the
// newborn ones to it.
func TestOnlyTheTreesForksAreTold(t *testing.T) {
	other, a := startAgent(t, false), startAgent(t, false)
	tr := forkTree(t, a)
	a.does("r, w = os.pipe()")
	child := a.asks("fork(lambda: (os.read(r, 1), say(fork(signal.pause)), signal.pause()))")
	for end := time.Now().Add(10 * time.Second); tr.seen[child] == nil && time.Now().Before(end); {
		tr.deaths.wait(end, tr.told)
	}
	tr.look()
	stranger := other.asks("fork(signal.pause)")
	a.does("os.write(w, b'x')")
	grandchild := a.number(a.hears()[0])
	var told []int
	tr.forks.each(func(pid, parent int) {
		told = append(told, pid)
		if parent == other.pid || pid == stranger {
			t.Errorf("told that %d forked %d, of another tree", parent, pid)
		}
	})
	if len(told) != 1 || told[0] != grandchild {
		t.Errorf("told of %v, want only %d, the child of a child", told, grandchild)
	}
}

// If the kernel reports forks, looks come more often only after a fork.
func TestForksUnsettle(t *testing.T) {
	a := startAgent(t, false)
	tr := forkTree(t, a)
	tr.look()
	if !tr.forks.hears || tr.unsettled() {
		t.Fatalf("the kernel said that it tells: %v; unsettled: %v", tr.forks.hears, tr.unsettled())
	}
	pid := a.asks("fork(signal.pause)")
	for end := time.Now().Add(10 * time.Second); tr.seen[pid] == nil && time.Now().Before(end); {
		tr.deaths.wait(end, tr.told)
	}
	if !tr.unsettled() {
		t.Error("settled after a fork")
	}
	if tr.look(); tr.unsettled() {
		t.Error("unsettled after the look that a fork calls for")
	}
	tr.forks.close()
	if tr.forks = nil; !tr.unsettled() {
		t.Error("settled without news of forks")
	}
}
