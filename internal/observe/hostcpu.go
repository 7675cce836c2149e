package observe

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/procfs"
)

// ProcessCPU is the CPU time in seconds that a process has used since it began, all
// threads together; false if there is no such process. The kernel offers it as a clock
// (clock_getcpuclockid(3)).
func ProcessCPU(pid int) (float64, bool) {
	const sched = 2 // CPUCLOCK_SCHED
	var used unix.Timespec
	if pid <= 0 || pid > pidMax || unix.ClockGettime(int32(^pid<<3|sched), &used) != nil { //nolint:gosec // pid is bounded
		return 0, false
	}
	return time.Duration(used.Nano()).Seconds(), true
}

// HostCPU is what all CPUs together have done since the machine started, in CPU seconds:
// busy includes programs and what the hypervisor took (steal), idle includes waiting for
// disks (proc_stat(5)).
func HostCPU() (busy, idle float64, err error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	var user, nice, system, idled, iowait, irq, softirq, steal float64
	if _, err := fmt.Sscanf(string(line), "cpu %g %g %g %g %g %g %g %g", &user, &nice, &system, &idled, &iowait, &irq, &softirq, &steal); err != nil {
		return 0, 0, fmt.Errorf("/proc/stat: %w", err)
	}
	return (user + nice + system + steal) / procfs.UserHZ, (idled + iowait) / procfs.UserHZ, nil
}
