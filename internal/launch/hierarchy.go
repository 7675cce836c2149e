package launch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"benchrun/internal/procfs"
)

// hierarchy says where a cgroup controller is mounted, and in which of its groups
// this process is. The controller "" is cgroup v2.
type hierarchy struct {
	point string // mount point
	own   string // folder of this process's group, at or below point
}

// hierarchies combines mounts with the groups of this process, by controller.
func hierarchies(mounts []procfs.Mount, own map[string]string) map[string]hierarchy {
	found := map[string]hierarchy{}
	for _, m := range mounts {
		controllers := m.Options
		switch m.Type {
		case "cgroup2":
			controllers = []string{""}
		case "cgroup":
		default:
			continue
		}
		for _, c := range controllers {
			path, in := own[c]
			if _, have := found[c]; have || !in {
				continue
			}
			found[c] = hierarchy{point: m.Point, own: ownFolder(m, path)}
		}
	}
	return found
}

// ownFolder is the folder of the group path below the mount m. In a container, the
// root of the mount is the container's own group, and path may lie outside of what is
// mounted. Then ownFolder is the mount point.
func ownFolder(m procfs.Mount, path string) string {
	rel, err := filepath.Rel(m.Root, path)
	if err != nil || slices.Contains(strings.Split(rel, "/"), "..") || slices.Contains(strings.Split(path, "/"), "..") {
		return m.Point
	}
	dir := filepath.Join(m.Point, rel)
	if _, err := os.Stat(dir); err != nil {
		return m.Point
	}
	return dir
}
