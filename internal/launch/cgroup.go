package launch

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// The cgroup versions, as Capabilities.Cgroup and Limits.How name them.
const (
	cgroupV1 = "cgroup-v1"
	cgroupV2 = "cgroup-v2"
)

// cfsPeriod is the kernel's default period of a CPU quota, in microseconds.
const cfsPeriod = 100_000

// cgroup is the cgroup (v2) of one server, or its cgroups (v1, one for each
// controller).
type cgroup struct {
	version string
	dirs    map[string]string // controller -> folder
	limits  bench.Limits      // the limits in force
}

// readHierarchies finds the mounted cgroup hierarchies, by controller.
func readHierarchies() (map[string]hierarchy, error) {
	mounts, err := procfs.Mounts()
	if err != nil {
		return nil, err
	}
	own, err := procfs.Cgroups(procfs.Self)
	if err != nil {
		return nil, err
	}
	return hierarchies(mounts, own), nil
}

// cgroupVersion says which version can set limits; "" and the reasons if none can.
// It tries v1 first: if both are mounted, v1 has the controllers.
func cgroupVersion() (string, []string) {
	all, err := readHierarchies()
	if err != nil {
		return "", []string{fmt.Sprintf("cgroups cannot be read: %v", err)}
	}
	var why []string
	for _, c := range []string{"memory", "pids", "cpu"} {
		h, ok := all[c]
		if !ok {
			continue
		}
		if err := unix.Access(h.own, unix.W_OK); err == nil {
			return cgroupV1, nil
		}
		why = append(why, fmt.Sprintf("cannot make a group in the cgroup v1 hierarchy %s (%s is not writable)", c, h.own))
	}
	if h, ok := all[""]; ok {
		parent, _ := parentV2(h)
		if parent != "" {
			return cgroupV2, nil
		}
		why = append(why, fmt.Sprintf("cgroup v2 gives no controller of cpu, memory, pids to a group made between %s and %s", h.own, h.point))
	}
	if len(all) == 0 {
		why = append(why, "no cgroups are mounted")
	}
	return "", why
}

// parentV2 finds a folder for new groups. It goes upwards from this process's own
// group and takes the nearest one whose children have the most of the wanted
// controllers. A group with processes in it cannot pass controllers on, so it is often
// an ancestor. parentV2 switches controllers on there if it may.
func parentV2(h hierarchy) (parent string, controllers []string) {
	for dir := h.own; ; dir = filepath.Dir(dir) {
		if unix.Access(dir, unix.W_OK) == nil {
			got := enableV2(dir)
			if len(got) > len(controllers) {
				parent, controllers = dir, got
			}
		}
		if len(controllers) == 3 || dir == h.point || len(dir) <= len(h.point) {
			return parent, controllers
		}
	}
}

func enableV2(dir string) []string {
	on := fieldsOf(filepath.Join(dir, "cgroup.subtree_control"))
	var got []string
	for _, c := range []string{"cpu", "memory", "pids"} {
		ok := slices.Contains(on, c)
		if !ok && slices.Contains(fieldsOf(filepath.Join(dir, "cgroup.controllers")), c) {
			ok = write(filepath.Join(dir, "cgroup.subtree_control"), "+"+c) == nil
		}
		if ok {
			got = append(got, c)
		}
	}
	return got
}

// planCgroup decides where the groups with this name go. It makes nothing yet, so
// that benchrun can first store what it is going to make. It returns a sentence for
// each controller that is not available.
func planCgroup(version, name string) (*cgroup, []string, error) {
	all, err := readHierarchies()
	if err != nil {
		return nil, nil, err
	}
	c := &cgroup{version: version, dirs: map[string]string{}}
	var why []string
	switch version {
	case cgroupV1:
		for _, n := range []string{"cpu", "cpuacct", "memory", "pids"} {
			if h, ok := all[n]; ok {
				c.dirs[n] = filepath.Join(h.own, name)
			} else {
				why = append(why, fmt.Sprintf("cgroup v1 has no controller %s", n))
			}
		}
	case cgroupV2:
		parent, controllers := parentV2(all[""])
		for _, n := range []string{"cpu", "memory", "pids"} {
			if slices.Contains(controllers, n) {
				c.dirs[n] = filepath.Join(parent, name)
			} else {
				why = append(why, fmt.Sprintf("cgroup v2 does not pass on the controller %s", n))
			}
		}
	default:
		return nil, nil, fmt.Errorf("cgroup version %q is unknown", version)
	}
	return c, why, nil
}

// create makes the planned groups and sets the limits. It leaves out unavailable
// limits and says why; if none is available, it fails.
func (c *cgroup) create(want bench.Limits) ([]string, error) {
	var why []string
	for _, dir := range c.folders() { // v1 controllers may share a folder, and v2's do
		if err := os.Mkdir(dir, 0o755); err != nil {
			why = append(why, fmt.Sprintf("cannot make a group: %v", err))
			maps.DeleteFunc(c.dirs, func(_, d string) bool { return d == dir })
		}
	}
	if len(c.dirs) == 0 {
		return why, fmt.Errorf("cannot make a %s: %s", c.version, strings.Join(why, "; "))
	}
	for _, n := range slices.Sorted(maps.Keys(c.dirs)) {
		if err := c.limit(n, want); err != nil {
			why = append(why, fmt.Sprintf("no limit for %s: %v", n, err))
		}
	}
	c.limits.How = c.version
	return why, nil
}

// limit sets one controller's limit and notes that it is in force.
func (c *cgroup) limit(controller string, want bench.Limits) error {
	dir, v1 := c.dirs[controller], c.version == cgroupV1
	switch {
	case controller == "cpu" && want.CPUs > 0:
		quota := strconv.Itoa(int(want.CPUs * cfsPeriod))
		file, value := "cpu.max", fmt.Sprintf("%s %d", quota, cfsPeriod)
		if v1 {
			file, value = "cpu.cfs_quota_us", quota
		}
		if err := write(filepath.Join(dir, file), value); err != nil {
			return err
		}
		c.limits.CPUs = want.CPUs
	case controller == "memory" && want.MemoryBytes > 0:
		value := strconv.FormatInt(want.MemoryBytes, 10)
		file, swapFile, swap := "memory.max", "memory.swap.max", "0"
		if v1 {
			file, swapFile, swap = "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", value
		}
		if err := write(filepath.Join(dir, file), value); err != nil {
			return err
		}
		_ = write(filepath.Join(dir, swapFile), swap) // kernels without swap accounting lack the file
		c.limits.MemoryBytes = want.MemoryBytes
	case controller == "pids" && want.PIDs > 0:
		if err := write(filepath.Join(dir, "pids.max"), strconv.Itoa(want.PIDs)); err != nil {
			return err
		}
		c.limits.PIDs = want.PIDs
	}
	return nil
}

// folders lists the group's folders, each once.
func (c *cgroup) folders() []string {
	return slices.Compact(slices.Sorted(maps.Values(c.dirs)))
}

// forbidForks makes every further fork in the groups fail, so that killing ends even
// if a server forks endlessly. It ignores errors, because killing may end without it.
func forbidForks(folders []string) {
	for _, dir := range folders {
		_ = write(filepath.Join(dir, "pids.max"), "0") // with v1, one of the groups has this file
	}
}

// cgroupMembers lists the living processes in group folders.
func cgroupMembers(folders []string) ([]int, error) {
	seen := map[string]bool{}
	for _, dir := range folders {
		b, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENODEV) {
			continue // the group was removed
		}
		if err != nil {
			return nil, err
		}
		for _, f := range strings.Fields(string(b)) {
			seen[f] = true
		}
	}
	var pids []int
	for f := range seen {
		pid, err := strconv.Atoi(f)
		if err != nil || pid == 0 { // 0: in another PID namespace
			continue
		}
		if runs(pid) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// killCgroup sends SIGKILL to every member and returns the pids that it saw.
func killCgroup(folders []string) ([]int, error) {
	pids, err := cgroupMembers(folders)
	for _, pid := range pids {
		err = errors.Join(err, killIf(pid, func() bool { return inCgroup(pid, folders) }))
	}
	return pids, err
}

// inCgroup says whether a process is in one of these groups. It compares names, which
// no other group has.
func inCgroup(pid int, folders []string) bool {
	groups, _ := procfs.Cgroups(pid) // none: it is gone
	for _, group := range groups {
		if slices.ContainsFunc(folders, func(dir string) bool { return path.Base(group) == path.Base(dir) }) {
			return true
		}
	}
	return false
}

// removeCgroup removes group folders. The kernel refuses while a dead member has not
// been reaped, so it tries again until the deadline.
func removeCgroup(folders []string, deadline time.Time) error {
	for _, dir := range folders {
		for {
			err := unix.Rmdir(dir)
			if err == nil || errors.Is(err, unix.ENOENT) {
				break
			}
			if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
				return fmt.Errorf("remove cgroup %s: %w", dir, err)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// write writes a value to an existing file of the kernel.
func write(file, value string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

func fieldsOf(file string) []string {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return strings.Fields(string(b))
}
