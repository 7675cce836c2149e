package launch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mount is one line of /proc/self/mountinfo, see proc_pid_mountinfo(5).
type mount struct {
	root   string // which part of the file system is mounted
	point  string
	fstype string
	super  []string // options of the file system; for cgroup v1, its controllers
}

// readMounts lists the mounts that this process sees.
func readMounts() ([]mount, error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseMounts(string(b)), nil
}

// unescape decodes the octal escapes of mountinfo.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

func parseMounts(text string) []mount {
	var all []mount
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 5 || len(g) < 3 {
			continue
		}
		all = append(all, mount{
			root: unescape.Replace(f[3]), point: unescape.Replace(f[4]),
			fstype: g[0], super: strings.Split(g[2], ","),
		})
	}
	return all
}

// hierarchy says where a cgroup controller is mounted, and in which of its groups
// this process is. The controller "" is cgroup v2.
type hierarchy struct {
	point string // mount point
	own   string // folder of this process's group, at or below point
}

// parseHierarchies combines mounts with /proc/self/cgroup.
func parseHierarchies(mounts []mount, selfCgroup string) map[string]hierarchy {
	own := map[string]string{}
	for line := range strings.Lines(selfCgroup) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		for c := range strings.SplitSeq(f[1], ",") {
			own[c] = f[2]
		}
	}
	found := map[string]hierarchy{}
	for _, m := range mounts {
		controllers := m.super
		switch m.fstype {
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
			found[c] = hierarchy{point: m.point, own: ownFolder(m, path)}
		}
	}
	return found
}

// ownFolder is the folder of the group path below the mount m. In a container, the
// root of the mount is the container's own group, and path may lie outside of what is
// mounted. Then ownFolder is the mount point.
func ownFolder(m mount, path string) string {
	rel, err := filepath.Rel(m.root, path)
	if err != nil || slices.Contains(strings.Split(rel, "/"), "..") || slices.Contains(strings.Split(path, "/"), "..") {
		return m.point
	}
	dir := filepath.Join(m.point, rel)
	if _, err := os.Stat(dir); err != nil {
		return m.point
	}
	return dir
}
