package place

import (
	"context"
	"fmt"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/procfs"
)

// LookTime is how long benchrun looks at the machine before a run. Tests may shorten it.
var LookTime = 500 * time.Millisecond

// Disturbance is something on this machine that would spoil measurements.
type Disturbance struct {
	Name string // kebab-case
	What string
	Fix  string
}

// Busy says what disturbs this machine now, before benchrun starts anything. It
// returns nil on a quiet machine, and takes half a second.
func Busy(ctx context.Context, env bench.Environment) []Disturbance {
	var out []Disturbance
	if n := launch.Others(); n > 0 {
		others, fix := "another benchrun is at work", "wait until it has ended"
		if n > 1 {
			others, fix = fmt.Sprintf("%d other benchruns are at work", n), "wait for them to end"
		}
		out = append(out, Disturbance{"other-benchruns", others + " on this machine, and each disturbs the other: " + busyCost, fix})
	}
	was, okBefore := readHost()
	bench.Sleep(ctx, LookTime)
	is, okAfter := readHost()
	if okBefore && okAfter && ctx.Err() == nil {
		if line := busyLine(was, is, env.CPUs, env.Load1); line != "" {
			out = append(out, Disturbance{"busy", line, "end them, or measure when it is quiet"})
		}
	}
	return out
}

// busyCost is what the user loses on a busy machine.
const busyCost = "seconds in which no CPU is left do not count, so attempts take longer, and those that become invalid are made again"

// readHost reads how much CPU all programs have used so far. The target's own use
// is 0: no target runs yet.
func readHost() (cpuReading, bool) {
	busy, idle, err := procfs.HostCPU()
	return cpuReading{at: time.Now().UnixNano(), busy: busy, idle: idle, own: OwnCPU()}, err == nil
}

// busyLine warns if, between two readings, other programs used so much CPU that a
// target would find none idle; otherwise it returns "". A target may use all CPUs
// but half of one. On many CPUs it seldom does, so others may use an eighth of them.
func busyLine(was, is cpuReading, cpus int, load1 float64) string {
	span := time.Duration(is.at - was.at).Seconds()
	if span <= 0 {
		return ""
	}
	others := (is.busy - was.busy - (is.own - was.own)) / span
	if others <= max(busyOthers, float64(cpus)/8) {
		return ""
	}
	return fmt.Sprintf("this machine is busy: other programs use %.1f of %d CPUs now (load average %.1f): %s",
		others, cpus, load1, busyCost)
}
