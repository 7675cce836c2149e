package cost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/observe"
	"benchrun/internal/procfs"
)

// endPatience is how long a program may take to end after SIGTERM.
const endPatience = 20 * time.Second

// program makes the command of a child that goes with ctx.
func program(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = endPatience
	return cmd
}

// part makes the command of a part of benchrun. The part ends with its stdin,
// so that none outlives this process.
func (l *Lab) part(ctx context.Context, name string, args ...string) (cmd *exec.Cmd, stdin io.Closer, err error) {
	cmd = program(ctx, l.Self, append([]string{PartArg, name}, args...)...)
	cmd.Stderr = os.Stderr //nolint:forbidigo // it is benchrun, and writes there as this process does
	stdin, err = cmd.StdinPipe()
	return cmd, stdin, err
}

// ask runs a part to its end, reads its answer into into, and gives the CPU
// time that it took.
func (l *Lab) ask(ctx context.Context, into any, name string, args ...string) (cpu time.Duration, err error) {
	cmd, _, err := l.part(ctx, name, args...)
	if err != nil {
		return 0, err
	}
	out := bytes.Buffer{}
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		return 0, fmt.Errorf("answer of %s: %w", name, err)
	}
	return used(cmd.ProcessState), nil
}

// run runs another program to its end and gives what it printed on stdout and
// the CPU time that it took.
func run(ctx context.Context, stdin, path string, args ...string) (stdout []byte, cpu time.Duration, err error) {
	cmd := program(ctx, path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	stdout, err = cmd.Output()
	if err != nil {
		return nil, 0, &bench.EnvironmentError{Problem: path, Err: fmt.Errorf("%w: %s", err, bytes.TrimSpace(errs.Bytes()))}
	}
	return stdout, used(cmd.ProcessState), nil
}

func used(s *os.ProcessState) time.Duration { return s.UserTime() + s.SystemTime() }

// cpuOf is the CPU time that a process has used so far.
func cpuOf(pid int) (time.Duration, error) {
	used, ok := observe.ProcessCPU(pid)
	if !ok {
		return 0, fmt.Errorf("process %d is gone", pid)
	}
	return time.Duration(used * float64(time.Second)), nil
}

// peakOf is the most memory that was resident of a process so far, in bytes.
// Unlike the figure that wait4(2) gives, it begins anew with exec.
func peakOf(pid int) (int64, error) { return procfs.Memory(pid, "VmHWM") }
