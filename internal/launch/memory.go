package launch

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"benchrun/internal/procfs"
)

// MemoryLeft is how many bytes of memory benchrun and its targets can still take: what
// is available on this machine, or less if a cgroup limits benchrun. 0 = unknown.
func MemoryLeft() int64 {
	left, err := procfs.MemAvailable()
	if err != nil || left <= 0 {
		return 0
	}
	for _, dir := range memoryGroups() {
		if limit, ok := readMemory(dir, "memory.max", "memory.limit_in_bytes"); ok {
			left = min(left, limit-usedBy(dir))
		}
	}
	return max(1, left)
}

// MemoryLimit is how many bytes the cgroups that benchrun is in allow it in all, itself
// and its targets; math.MaxInt64 = as much as there is.
func MemoryLimit() int64 {
	least := int64(math.MaxInt64)
	for _, dir := range memoryGroups() {
		if limit, ok := readMemory(dir, "memory.max", "memory.limit_in_bytes"); ok {
			least = min(least, limit)
		}
	}
	return least
}

// memoryGroups are the folders of the cgroups that count this process's memory, from
// its own group upwards.
func memoryGroups() []string {
	all, err := readHierarchies()
	if err != nil {
		return nil
	}
	h, ok := all["memory"] // where both versions are mounted, v1 has the controllers
	if !ok {
		h, ok = all[""]
	}
	if !ok {
		return nil
	}
	dirs := []string{h.own}
	for dir := h.own; dir != h.point && len(dir) > len(h.point); {
		dir = filepath.Dir(dir)
		dirs = append(dirs, dir)
	}
	return dirs
}

// usedBy is what a group uses, without the file cache, which the kernel gives up when
// memory runs short.
func usedBy(dir string) int64 {
	used, _ := readMemory(dir, "memory.current", "memory.usage_in_bytes")
	stat := readKeyed(filepath.Join(dir, "memory.stat"))
	for _, names := range [][]string{{"total_inactive_file", "inactive_file"}, {"total_active_file", "active_file"}} { // v1 with its subgroups, v2
		for _, name := range names {
			if cache, ok := stat[name]; ok {
				used -= cache
				break
			}
		}
	}
	return used
}

// readMemory reads the first of a group's files that is there. ok is false if there is
// none, or if it says "max".
func readMemory(dir string, names ...string) (n int64, ok bool) {
	for _, name := range names {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
