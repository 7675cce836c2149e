package launch

import (
	"os"
	"path/filepath"
	"testing"

	"benchrun/internal/procfs"
)

func TestUsedBy(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		limit int64
		has   bool
		used  int64
	}{
		"v2": {map[string]string{
			"memory.max": "1000\n", "memory.current": "900\n", "memory.stat": "anon 500\ninactive_file 100\nactive_file 200\n",
		}, 1000, true, 600},
		"v2 without a limit": {map[string]string{"memory.max": "max\n", "memory.current": "900\n"}, 0, false, 900},
		"v1": {map[string]string{
			"memory.limit_in_bytes": "1000\n", "memory.usage_in_bytes": "900\n",
			"memory.stat": "inactive_file 1\nactive_file 2\ntotal_inactive_file 100\ntotal_active_file 200\n",
		}, 1000, true, 600},
		"no controller": {nil, 0, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			limit, ok := readMemory(dir, "memory.max", "memory.limit_in_bytes")
			if ok != c.has || ok && limit != c.limit {
				t.Errorf("limit %d (%v), want %d (%v)", limit, ok, c.limit, c.has)
			}
			if used := usedBy(dir); used != c.used {
				t.Errorf("%d bytes are used, want %d", used, c.used)
			}
		})
	}
}

// What is left is no more than is available, and the kernel's own files are understood.
func TestMemoryLeft(t *testing.T) {
	available, err := procfs.MemAvailable()
	if err != nil {
		t.Fatal(err)
	}
	if left := MemoryLeft(); left <= 0 || left > available+available/4 { // it changes meanwhile
		t.Errorf("%d bytes are left, %d are available", left, available)
	}
	all, err := readHierarchies()
	if err != nil {
		t.Fatal(err)
	}
	h, ok := all["memory"]
	if !ok {
		t.Skip("no cgroup v1 with a memory controller: the test would have to move itself")
	}
	dir := filepath.Join(h.own, "benchrun-memory-left-test")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skip(err)
	}
	defer os.Remove(dir) //nolint:errcheck // an empty group
	if err := os.WriteFile(filepath.Join(dir, "memory.limit_in_bytes"), []byte("67108864"), 0o600); err != nil {
		t.Fatal(err)
	}
	limit, ok := readMemory(dir, "memory.max", "memory.limit_in_bytes")
	if !ok || limit != 64<<20 || usedBy(dir) > 1<<20 {
		t.Errorf("limit %d (%v), %d bytes used of an empty group", limit, ok, usedBy(dir))
	}
}
