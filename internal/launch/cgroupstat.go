package launch

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// memoryBytes is the memory of the group's own processes in bytes: anonymous pages
// and shared memory, without file cache and kernel memory. v1: total_rss +
// total_shmem of memory.stat (total_rss is anonymous memory there). v2: anon + shmem
// of memory.stat. false if there is no memory cgroup.
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

// cpuSeconds is the CPU time that the group has used, in seconds, ended processes
// included. v1: cpuacct.usage (ns); v2: usage_usec of cpu.stat.
func (c *cgroup) cpuSeconds() (float64, bool) {
	if c.version == cgroupV2 {
		for _, dir := range c.folders() { // v2 has cpu.stat even without the controller
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

// oomKills counts the processes that the kernel killed at the group's memory cap.
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

// readKeyed reads a file of "key number" lines; for a missing file it returns nil.
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
