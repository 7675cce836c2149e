package observe

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v3/host"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// Host describes this machine. It leaves Python, Supervision and Limits to the caller.
// CPUs are those that this process may use. Testbed is the same on machines whose
// results may be compared: 12 hexadecimal digits, a hash of machine and CPU model, CPUs,
// memory in whole GiB, the kernel's major.minor and the system. Unknown values are
// "unknown". A bench.EnvironmentError means that /proc cannot be read; the other fields
// are still set.
func Host() (bench.Environment, error) {
	e := bench.Environment{OS: osName(), CPUModel: cmp.Or(procfs.CPUModel(), "unknown"), CPUs: runtime.NumCPU(), Kernel: "unknown"}
	var errs []error
	note := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("host %s: %w", what, err))
		}
	}
	var err error
	e.Hostname, err = os.Hostname()
	note("name", err)
	if kernel, err := host.KernelVersion(); err == nil {
		e.Kernel = kernel
	} else {
		note("kernel", err)
	}
	if m, err := mem.VirtualMemory(); err == nil {
		e.MemoryBytes = int64(m.Total)
	} else {
		note("memory", err)
	}
	if l, err := load.Avg(); err == nil {
		e.Load1 = l.Load1
	} else {
		note("load", err)
	}
	e.Somaxconn, err = somaxconn()
	note("somaxconn", err)
	e.Testbed = testbed(machineModel(), e)
	if len(errs) > 0 {
		return e, &bench.EnvironmentError{
			Problem: "this machine cannot be looked at", Err: errors.Join(errs...),
			Hint: "see to it that all of /proc is mounted: mount -t proc proc /proc, or run the container without masking it",
		}
	}
	return e, nil
}

func somaxconn() (int, error) {
	value, err := procfs.Sysctl("net/core/somaxconn")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(value)
}

// osName is PRETTY_NAME of os-release(5). gopsutil would run lsb_release instead.
func osName() string {
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
				return strings.Trim(strings.TrimSpace(v), `"'`)
			}
		}
	}
	return runtime.GOOS
}

// machineModel is the machine's name according to its firmware.
func machineModel() string {
	var words []string
	for _, path := range []string{"/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/product_name", "/proc/device-tree/model"} {
		if b, err := os.ReadFile(path); err == nil {
			words = append(words, strings.Trim(string(b), " \n\x00"))
		}
	}
	if len(words) == 0 {
		return "unknown"
	}
	return strings.Join(words, " ")
}

func testbed(model string, e bench.Environment) string {
	kernel := strings.SplitN(e.Kernel, ".", 3)
	gib := (e.MemoryBytes + 1<<29) >> 30
	sum := sha256.Sum256([]byte(strings.Join([]string{
		model, e.CPUModel, strconv.Itoa(e.CPUs), strconv.FormatInt(gib, 10),
		strings.Join(kernel[:min(2, len(kernel))], "."), e.OS,
	}, "\n")))
	return hex.EncodeToString(sum[:])[:12]
}
