package procfs

import (
	"os"
	"strings"
)

// Mount is one line of /proc/PID/mountinfo, see proc_pid_mountinfo(5).
type Mount struct {
	Root    string // which part of the file system is mounted
	Point   string
	Type    string   // of the file system
	Options []string // of the file system; for cgroup v1, its controllers
}

// Mounts lists the mounts that this process sees, later ones above earlier ones.
func Mounts() ([]Mount, error) {
	b, err := os.ReadFile(Path(Self, "mountinfo"))
	if err != nil {
		return nil, err
	}
	return ParseMounts(string(b)), nil
}

// unescape decodes the octal escapes of mountinfo.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// ParseMounts reads what stands in mountinfo. It leaves out damaged lines.
func ParseMounts(text string) []Mount {
	var all []Mount
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		f, g := strings.Fields(before), strings.Fields(after)
		if !ok || len(f) < 5 || len(g) < 3 {
			continue
		}
		all = append(all, Mount{
			Root: unescape.Replace(f[3]), Point: unescape.Replace(f[4]),
			Type: g[0], Options: strings.Split(g[2], ","),
		})
	}
	return all
}

// Cgroups are the groups of a process by controller, each as a path in its hierarchy. The
// controller "" is cgroup v2. See cgroups(7).
func Cgroups(pid int) (map[string]string, error) {
	b, err := os.ReadFile(Path(pid, "cgroup"))
	if err != nil {
		return nil, err
	}
	return ParseCgroups(string(b)), nil
}

// ParseCgroups reads what stands in /proc/PID/cgroup. It leaves out damaged lines.
func ParseCgroups(text string) map[string]string {
	groups := map[string]string{}
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(f) != 3 {
			continue
		}
		for controller := range strings.SplitSeq(f[1], ",") {
			groups[controller] = f[2]
		}
	}
	return groups
}
