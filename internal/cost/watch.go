package cost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/observe"
)

// watchCPU is the goal for watching the most processes, in % of a core.
const watchCPU = 1.0

// watched is what a watch took.
type watched struct {
	CPU    float64 `json:"cpu"`    // % of a core
	Vitals int     `json:"vitals"` // looks at the whole tree
	Memory string  `json:"memory"` // where a tree's memory was read: "cgroup" or "pss"
}

// watchPart watches n[0] processes for n[1] ms as an attempt does, and tells
// what that took of its own CPU. n[2] = 1 leaves the cgroup's memory aside.
func watchPart(ctx context.Context, answer *json.Encoder, logs string, n []int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	caps, err := launch.FindLevel(ctx, nil)
	if err != nil {
		return err
	}
	group, end, err := confine(ctx, caps, logs, func(string) ([]string, error) {
		return []string{self, PartArg, treeName, "-", strconv.Itoa(n[0])}, nil
	})
	if err != nil {
		return err
	}
	defer end()
	var procs, vitals atomic.Int64
	cfg := observe.Config{
		Clock: bench.NewClock(), ShimPID: group.ShimPID(), Ports: []int{1},
		Memory: group.MemoryBytes, CPU: group.CPUSeconds,
		Tell: func(e bench.Entry) {
			if v, ok := e.(bench.Vital); ok {
				procs.Store(int64(v.Procs))
				vitals.Add(1)
			}
		},
	}
	got := watched{Memory: "cgroup"}
	if _, ok := group.MemoryBytes(); !ok || n[2] == 1 {
		cfg.Memory, got.Memory = nil, "pss"
	}
	w, err := observe.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer w.Stop()
	for deadline := time.Now().Add(bootPatience); int(procs.Load()) != n[0]; {
		if time.Now().After(deadline) || !pause(ctx, 20*time.Millisecond) {
			return fmt.Errorf("%d of %d processes are there", procs.Load(), n[0])
		}
	}
	pause(ctx, time.Second) // getting to know the tree is not what is measured
	vitals.Store(0)
	got.CPU, err = share(ctx, time.Duration(n[1])*time.Millisecond)
	got.Vitals = int(vitals.Load())
	return errors.Join(err, answer.Encode(got))
}

// wakePart wakes up as often as the observer and does nothing: what the
// runtime alone takes.
func wakePart(ctx context.Context, answer *json.Encoder, _ string, n []int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for pause(ctx, 40*time.Millisecond) {
		}
	}()
	cpu, err := share(ctx, time.Duration(n[0])*time.Millisecond)
	return errors.Join(err, answer.Encode(watched{CPU: cpu}))
}

// share is what this process takes of a core in the next d, in %.
func share(ctx context.Context, d time.Duration) (float64, error) {
	before, err := ownCPU()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if !pause(ctx, d) {
		return 0, context.Cause(ctx)
	}
	after, err := ownCPU()
	return 100 * (after - before).Seconds() / time.Since(began).Seconds(), err
}

func ownCPU() (time.Duration, error) {
	var u unix.Rusage
	err := unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// treePart is a process with n[0] - 1 idle children. They end with it.
func treePart(ctx context.Context, _ *json.Encoder, _ string, n []int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for range n[0] - 1 {
		child := exec.CommandContext(ctx, self, PartArg, "idle", "-")
		stdin, err := child.StdinPipe() // ends with this process
		if err != nil {
			return err
		}
		if err := child.Start(); err != nil {
			return err
		}
		defer func() { _ = stdin.Close(); _ = child.Wait() }()
	}
	<-ctx.Done()
	return nil
}

// idlePart does nothing until its stdin ends.
func idlePart(ctx context.Context, _ *json.Encoder, _ string, _ []int) error {
	<-ctx.Done()
	return nil
}

// measureWatch watches trees of several sizes, and the largest once more as
// where no cgroup tells the memory.
func measureWatch(ctx context.Context, l *Lab) ([]Row, error) {
	length := strconv.FormatInt(l.Scale.Watch.Milliseconds(), 10)
	var idle watched
	if _, err := l.ask(ctx, &idle, "wake", "-", length); err != nil {
		return nil, err
	}
	var rows []Row
	most := l.Scale.Procs[len(l.Scale.Procs)-1]
	look := func(procs int, pss string) (watched, error) {
		var got watched
		_, err := l.ask(ctx, &got, "watch", l.Dir, strconv.Itoa(procs), length, pss)
		return got, err
	}
	source := ""
	for _, procs := range l.Scale.Procs {
		got, err := look(procs, "0")
		if err != nil {
			return rows, err
		}
		source = got.Memory
		rows = append(rows, watchRow(procs, got, idle, procs == most))
	}
	if source == "pss" {
		return rows, nil
	}
	got, err := look(most, "1")
	if err != nil {
		return rows, err
	}
	return append(rows, watchRow(most, got, idle, false)), nil
}

func watchRow(procs int, got, idle watched, goal bool) Row {
	sources := map[string]string{"cgroup": "memory from the cgroup", "pss": "memory as PSS"}
	row := Row{
		What:   fmt.Sprintf("watching %s at 5 Hz, %s", bench.Things(procs, "process", "processes"), sources[got.Memory]),
		Figure: number(got.CPU) + " % of a core",
		Beside: "waking up as often for nothing: " + number(idle.CPU) + " %",
	}
	if goal {
		row.Goal, row.Missed = "≤ 1 % of a core", got.CPU > watchCPU
	}
	return row
}
