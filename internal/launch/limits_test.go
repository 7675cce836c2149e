package launch

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// best is what FindLevel finds.
func best(t *testing.T) Capabilities {
	t.Helper()
	caps, err := FindLevel(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return caps
}

func needs(t *testing.T, have bool, what string, caps Capabilities) {
	t.Helper()
	if !have {
		t.Skipf("%s cannot be limited here: %q", what, caps.Why)
	}
}

func TestMemoryCapKillsTheHog(t *testing.T) {
	ownTemp(t)
	caps := best(t)
	needs(t, caps.Memory, "memory", caps)
	g := startPart(t, caps, bench.Limits{MemoryBytes: 64 << 20}, part("hog", "512")...)
	eventually(t, "the hog is dead", func() bool { return g.Exit() != nil })
	if e := *g.Exit(); e.Signal != "SIGKILL" {
		t.Errorf("the hog ended with %+v", e)
	}
	if n, ok := g.OOMKills(); !ok || n < 1 {
		t.Errorf("%d OOM kills (%v), want at least 1", n, ok)
	}
	if err := g.Err(); err != nil {
		t.Errorf("the supervisor was harmed: %v", err)
	}
}

func TestMemoryAndCPUAreRead(t *testing.T) {
	ownTemp(t)
	caps := best(t)
	needs(t, caps.Memory && caps.CPU, "memory or CPU", caps)
	g := startPart(t, caps, smallLimits, part("hog", "96")...)
	eventually(t, "the hog is ready", func() bool { return strings.Contains(logOf(g), "ready") })
	bytes, ok := g.MemoryBytes()
	if !ok || bytes < 96<<20 || bytes > 400<<20 { // the race detector doubles it
		t.Errorf("memory %d MiB (%v), want 96 and what Go itself needs", bytes>>20, ok)
	}
	if s, ok := g.CPUSeconds(); !ok || s <= 0 || s > 60 {
		t.Errorf("CPU %v s (%v)", s, ok)
	}
	if n, ok := g.OOMKills(); !ok || n != 0 {
		t.Errorf("%d OOM kills (%v), want 0", n, ok)
	}
}

func TestPIDCap(t *testing.T) {
	ownTemp(t)
	caps := best(t)
	needs(t, caps.PIDs, "the number of processes", caps)
	g := startPart(t, caps, bench.Limits{PIDs: 60}, part("swarm")...)
	eventually(t, "the swarm has grown", func() bool { return g.Exit() != nil })
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(logOf(g), "forked ")))
	if err != nil || n < 30 || n >= 60 {
		t.Fatalf("log %q: want less than 60 forks, and not many less (%v)", logOf(g), err)
	}
	if pids, err := g.Members(); err != nil || len(pids) != n {
		t.Errorf("%d survivors of the leader, want %d (%v)", len(pids), n, err)
	}
}

func TestCPUQuotaThrottles(t *testing.T) {
	ownTemp(t)
	caps := best(t)
	needs(t, caps.CPU, "CPU", caps)
	g := startPart(t, caps, bench.Limits{CPUs: 0.05}, part("burn")...)
	eventually(t, "the kernel throttles", func() bool {
		return readKeyed(filepath.Join(g.cg.dirs["cpu"], "cpu.stat"))["nr_throttled"] >= 3
	})
	if l := g.Limits(); l.CPUs != 0.05 || l.How != caps.Cgroup {
		t.Errorf("limits in force: %+v", l)
	}
}

func TestNiceWithoutQuota(t *testing.T) {
	niceOf := func(stat string) string { return strings.Fields(stat[strings.LastIndexByte(stat, ')'):])[17] }
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := strconv.Atoi(niceOf(string(own))); err != nil || n > niceness && os.Geteuid() != 0 {
		t.Skipf("these tests run with niceness %d, which only root may lower (%v)", n, err)
	}
	ownTemp(t)
	g := startPart(t, Capabilities{Level: Subreaper}, bench.Limits{CPUs: 1, MemoryBytes: 1 << 30, PIDs: 99}, "sleep", "60")
	if l := g.Limits(); l.How != "nice" || l.CPUs != 0 || l.MemoryBytes != 0 || l.PIDs != 0 {
		t.Errorf("limits in force: %+v", l)
	}
	if nice := niceOf(procFile(t, g, "stat")); nice != strconv.Itoa(niceness) {
		t.Errorf("nice %s, want %d", nice, niceness)
	}
	if _, err := os.Stat("/proc/self/autogroup"); err == nil && !strings.HasSuffix(strings.TrimSpace(procFile(t, g, "autogroup")), "nice 10") {
		t.Errorf("autogroup %q", procFile(t, g, "autogroup"))
	}
}

func procFile(t *testing.T, g *Group, name string) string {
	t.Helper()
	b, err := os.ReadFile(procfs.Path(g.LeaderHostPID(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestWhatTheServerInherits looks at a started process from outside. benchrun itself
// has inherited bad things here: SIGHUP is ignored, and a descriptor leaked to it.
func TestWhatTheServerInherits(t *testing.T) {
	ownTemp(t)
	signal.Ignore(syscall.SIGHUP)
	t.Cleanup(func() { signal.Reset(syscall.SIGHUP) })
	leak, err := syscall.Open(os.DevNull, syscall.O_RDONLY, 0) // no O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(leak) })
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			g := startPart(t, caps, bench.Limits{NoFile: 256}, "sleep", "60")
			user := g.limits.User
			if os.Geteuid() == 0 && user != unprivilegedName {
				t.Errorf("limits name the user %q", user)
			}
			status := statusOf(procFile(t, g, "status"))
			uid := os.Geteuid()
			if u, _ := Unprivileged(); u != nil {
				uid = u.UID
				if status["Groups"] != "" {
					t.Errorf("supplementary groups %q", status["Groups"])
				}
			}
			want := strings.Repeat(fmt.Sprint(uid)+" ", 4)
			if got := strings.Join(strings.Fields(status["Uid"]), " ") + " "; got != want {
				t.Errorf("uids %q, want %q", got, want)
			}
			for name, want := range map[string]string{
				"NoNewPrivs": "1", "CapEff": "0000000000000000", "CapPrm": "0000000000000000",
				"CapAmb": "0000000000000000", "SigIgn": "0000000000000000", "SigBlk": "0000000000000000",
			} {
				if status[name] != want {
					t.Errorf("%s is %s, want %s", name, status[name], want)
				}
			}
			limits := procFile(t, g, "limits")
			for _, want := range []string{"Max open files 256 256 files", "Max core file size 0 0 bytes"} {
				if !strings.Contains(strings.Join(strings.Fields(limits), " "), want) {
					t.Errorf("no %q in\n%s", want, limits)
				}
			}
			env := strings.Split(strings.TrimSuffix(procFile(t, g, "environ"), "\x00"), "\x00")
			if want := []string{"PATH=/usr/bin:/bin", markerName + "=" + g.scratch.ID}; !slices.Equal(env, want) {
				t.Errorf("environment %q, want %q", env, want)
			}
			eventually(t, "it has no descriptor but the first three", func() bool { // its loader opens and closes some at first
				fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", g.LeaderHostPID()))
				return err == nil && len(fds) == 3
			})
			if adj := strings.TrimSpace(procFile(t, g, "oom_score_adj")); adj != oomScore {
				t.Errorf("oom_score_adj %s", adj)
			}
			p, err := procfs.ReadStat(g.LeaderHostPID())
			if err != nil || p.Group != g.LeaderHostPID() || p.Parent != g.ShimPID() {
				t.Errorf("leader %+v (%v): want a group of its own below %d", p, err, g.ShimPID())
			}
		})
	}
}

func statusOf(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		k, v, _ := strings.Cut(line, ":")
		m[k] = strings.TrimSpace(v)
	}
	return m
}
