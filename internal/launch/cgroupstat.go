package launch

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// memoryBytes is the group's memory that only its own processes can account
// for: anonymous pages plus shared memory, without file cache and without the
// kernel's own. v1: total_rss + total_shmem of memory.stat (total_rss is
// anonymous memory there). v2: anon + shmem of memory.stat.
func (c *cgroup) memoryBytes() (int64, bool) {
	a, b := "total_rss", "total_shmem"
	if c.version == cgroupV2 {
		a, b = "anon", "shmem"
	}
	file, ok := c.file("memory", "memory.stat")
	if !ok {
		return 0, false
	}
	stat := readKeyed(file)
	anon, ok1 := stat[a]
	shmem, ok2 := stat[b]
	return anon + shmem, ok1 && ok2
}

// cpuSeconds is the CPU time that the group has used, the dead included.
// v1: cpuacct.usage (ns); v2: usage_usec of cpu.stat.
func (c *cgroup) cpuSeconds() (float64, bool) {
	if c.version == cgroupV2 {
		for _, dir := range c.folders() { // cpu.stat is there without the controller too
			us, ok := readKeyed(filepath.Join(dir, "cpu.stat"))["usage_usec"]
			return float64(us) / 1e6, ok
		}
		return 0, false
	}
	file, ok := c.file("cpuacct", "cpuacct.usage")
	if !ok {
		return 0, false
	}
	f := fieldsOf(file)
	if len(f) != 1 {
		return 0, false
	}
	ns, err := strconv.ParseInt(f[0], 10, 64)
	return float64(ns) / 1e9, err == nil
}

// oomKills counts the processes that the kernel killed for the group's cap.
// v1: oom_kill of memory.oom_control; v2: oom_kill of memory.events.
func (c *cgroup) oomKills() (int64, bool) {
	name := "memory.oom_control"
	if c.version == cgroupV2 {
		name = "memory.events"
	}
	file, ok := c.file("memory", name)
	if !ok {
		return 0, false
	}
	n, ok := readKeyed(file)["oom_kill"]
	return n, ok
}

func (c *cgroup) file(controller, name string) (string, bool) {
	dir, ok := c.dirs[controller]
	return filepath.Join(dir, name), ok
}

// readKeyed reads a file of "key number" lines; a missing file gives none.
func readKeyed(file string) map[string]int64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	found := map[string]int64{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 2 {
			if n, err := strconv.ParseInt(f[1], 10, 64); err == nil {
				found[f[0]] = n
			}
		}
	}
	return found
}
