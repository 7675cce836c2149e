package observe

import (
	"time"

	"golang.org/x/sys/unix"
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
