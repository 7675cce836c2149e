package launch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

func TestParseHierarchies(t *testing.T) {
	root := t.TempDir() // stands for /sys/fs/cgroup
	for _, dir := range []string{"memory/jobs/7", "pids", "cpu,cpuacct", "unified/user.slice/a.scope"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	at := func(p string) string { return filepath.Join(root, p) }
	for _, c := range []struct {
		name, mounts, own string
		want              map[string]hierarchy
	}{
		{
			"v1, nested", "32 31 0:29 / " + at("memory") + " rw,relatime - cgroup cgroup rw,memory\n" +
				"33 31 0:30 / " + at("cpu,cpuacct") + " rw - cgroup cgroup rw,cpu,cpuacct\n",
			"4:memory:/jobs/7\n2:cpu,cpuacct:/\n1:pids:/\n",
			map[string]hierarchy{
				"memory": {at("memory"), at("memory/jobs/7")},
				"cpu":    {at("cpu,cpuacct"), at("cpu,cpuacct")}, "cpuacct": {at("cpu,cpuacct"), at("cpu,cpuacct")},
			},
		},
		{
			"v1 in a container: the mount's root is the own group",
			"32 31 0:29 /docker/ab " + at("memory") + " rw shared:1 - cgroup cgroup rw,memory\n", "4:memory:/docker/ab\n",
			map[string]hierarchy{"memory": {at("memory"), at("memory")}},
		},
		{
			"the own group is not visible", "32 31 0:29 /docker/ab " + at("memory") + " rw - cgroup cgroup rw,memory\n",
			"4:memory:/docker/cd\n", map[string]hierarchy{"memory": {at("memory"), at("memory")}},
		},
		{
			"v2", "41 31 0:38 / " + at("unified") + " rw - cgroup2 cgroup2 rw,nsdelegate\n40 1 8:1 / / rw - ext4 /dev/sda rw\n",
			"0::/user.slice/a.scope\n", map[string]hierarchy{"": {at("unified"), at("unified/user.slice/a.scope")}},
		},
		{
			"v2 outside of the cgroup namespace", "41 31 0:38 /../.. " + at("unified") + " rw - cgroup2 cgroup2 rw\n",
			"0::/../../user.slice\n", map[string]hierarchy{"": {at("unified"), at("unified")}},
		},
		{"none", "40 1 8:1 / / rw - ext4 /dev/sda rw\n", "0::/\n", map[string]hierarchy{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := hierarchies(procfs.ParseMounts(c.mounts), procfs.ParseCgroups(c.own))
			if len(got) != len(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			for k, w := range c.want {
				if got[k] != w {
					t.Errorf("%q: got %v, want %v", k, got[k], w)
				}
			}
		})
	}
}

// fake makes files with the kernel's names and formats.
func fake(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestParentV2(t *testing.T) {
	root := fake(t, map[string]string{
		"cgroup.subtree_control":                    "memory",
		"user.slice/cgroup.controllers":             "cpu memory pids",
		"user.slice/cgroup.subtree_control":         "memory pids", // cpu can be switched on
		"user.slice/a.scope/cgroup.controllers":     "memory pids",
		"user.slice/a.scope/deep/cgroup.procs":      "",
		"alone/cgroup.procs":                        "",
		"user.slice/refuses/cgroup.controllers":     "memory pids",
		"user.slice/refuses/cgroup.procs":           "",
		"user.slice/b.scope/cgroup.controllers":     "cpu memory pids",
		"user.slice/b.scope/cgroup.subtree_control": "cpu memory pids",
	})
	for own, want := range map[string]string{
		"user.slice/a.scope/deep": "user.slice", "user.slice/refuses": "user.slice",
		"user.slice/b.scope": "user.slice/b.scope", "alone": ".",
	} {
		got, controllers := parentV2(hierarchy{point: root, own: filepath.Join(root, own)})
		if got != filepath.Join(root, want) {
			t.Errorf("%s: new groups go to %s, want %s", own, got, want)
		}
		if want != "." && len(controllers) != 3 || want == "." && !slices.Equal(controllers, []string{"memory"}) {
			t.Errorf("%s: controllers %v", own, controllers)
		}
	}
}

func TestV2Files(t *testing.T) {
	dir := fake(t, map[string]string{
		"cpu.max": "", "memory.max": "", "memory.swap.max": "", "pids.max": "",
		"memory.stat": "anon 4096\nfile 999\nshmem 100\n", "memory.events": "oom 2\noom_kill 1\n",
		"cpu.stat": "usage_usec 2500000\n",
	})
	c := &cgroup{version: cgroupV2, dirs: map[string]string{"cpu": dir, "memory": dir, "pids": dir}}
	for name := range c.dirs {
		if err := c.limit(name, bench.Limits{CPUs: 1.5, MemoryBytes: 1 << 30, PIDs: 12}); err != nil {
			t.Error(err)
		}
	}
	for file, want := range map[string][]string{
		"cpu.max": {"150000", "100000"}, "memory.max": {"1073741824"}, "pids.max": {"12"},
	} {
		if got := fieldsOf(filepath.Join(dir, file))[:len(want)]; !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", file, got, want)
		}
	}
	if want := (bench.Limits{CPUs: 1.5, MemoryBytes: 1 << 30, PIDs: 12}); c.limits != want {
		t.Errorf("in force: %+v, want %+v", c.limits, want)
	}
	if n, ok := c.memoryBytes(); n != 4196 || !ok {
		t.Errorf("memory %d %v", n, ok)
	}
	if n, ok := c.oomKills(); n != 1 || !ok {
		t.Errorf("OOM kills %d %v", n, ok)
	}
	if s, ok := c.cpuSeconds(); s != 2.5 || !ok {
		t.Errorf("CPU %v %v", s, ok)
	}
	none := &cgroup{version: cgroupV2, dirs: map[string]string{"memory": t.TempDir()}}
	if _, ok := none.memoryBytes(); ok {
		t.Error("memory without a file")
	}
	if err := none.limit("memory", bench.Limits{MemoryBytes: 1}); err == nil {
		t.Error("a limit without a file")
	}
}

func TestRemoveCgroupFails(t *testing.T) {
	dir := fake(t, map[string]string{"child/file": ""})
	if err := removeCgroup([]string{dir}, time.Now()); err == nil {
		t.Error("a folder that is not empty counts as removed")
	}
	if err := removeCgroup([]string{filepath.Join(dir, "none")}, time.Now()); err != nil {
		t.Errorf("a folder that is gone: %v", err)
	}
}

// A benchrun died while it made its groups: their names are stored, some of them
// exist, and nothing runs in them.
func TestSweepRemovesHalfMadeGroups(t *testing.T) {
	ownTemp(t)
	version, why := cgroupVersion()
	if version == "" {
		t.Skipf("no cgroups here: %q", why)
	}
	s, _ := newTestScratch(t)
	name := s.nextName()
	c, _, err := planCgroup(version, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.remember(groupState{Name: name, Cgroups: c.folders()}); err != nil {
		t.Fatal(err)
	}
	made := c.folders()[0]
	if err := os.Mkdir(made, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.lock.Close(); err != nil {
		t.Fatal(err)
	}
	s.lock = nil
	if said, err := Sweep(); err != nil || len(said) != 1 || !strings.Contains(said[0], "1 cgroups") {
		t.Errorf("Sweep said %q, %v", said, err)
	}
	if _, err := os.Stat(made); err == nil {
		t.Errorf("%s is still there", made)
	}
}
