package cost

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"benchrun/internal/bench"
)

// The goals for a crowd of Full.Crowd: the memory, and the CPU beside that of a
// bare loop of write(2) with the same writes, or by itself.
const (
	crowdMemory   = 80 << 20 // bytes
	mostOverWrite = 1.15
	crowdCPU      = 20.0 // % of a core
)

// crowd is what many slow clients of one kind take.
type crowd struct {
	Open   int     // connections that were held
	Memory int64   // bytes, the most that was resident
	CPU    float64 // % of a core while they were held
	Pieces float64 // a second, as they came in meanwhile
}

func (c crowd) String() string {
	s := fmt.Sprintf("%s MB, %s %% of a core", number(float64(c.Memory)/(1<<20)), number(c.CPU))
	if c.Pieces >= 1 {
		s += fmt.Sprintf(" for %s pieces a second", bench.Grouped(int(c.Pieces)))
	}
	return s
}

// ramp is how long a crowd takes to arrive.
func (l *Lab) ramp() time.Duration {
	return time.Duration(float64(l.Scale.Crowd) / float64(l.Scale.Arrivals) * float64(time.Second))
}

// measureCrowds holds slow uploaders and silent clients, each beside
// slowhttptest, against a sink that never answers; and finds what the kernel
// alone takes for the pieces of the uploaders, before and after them, for a
// machine is not as fast at any time.
func measureCrowds(ctx context.Context, l *Lab) ([]Row, error) {
	number := strconv.Itoa(l.Scale.Crowd)
	arrivals := strconv.Itoa(l.Scale.Arrivals)
	uploads := func(block int, pace time.Duration) []string {
		return []string{number, arrivals, strconv.Itoa(block), strconv.FormatInt(pace.Milliseconds(), 10)}
	}
	var rows []Row
	for _, kind := range []struct {
		what, part string
		args       []string
		bare       bool   // also write the pieces and nothing else
		mode       string // of slowhttptest
		pace       time.Duration
	}{
		{fmt.Sprintf("slow uploaders, a piece of %d bytes a second", slowPiece/2), "uploads", uploads(slowPiece/2, slowPace), true, "-B", slowPace},
		{"slow uploaders at the pace of `slow-upload`: 10,000 bytes every 0.3 s", "uploads", uploads(10_000, 300*time.Millisecond), true, "", 0},
		{"silent clients: a request, then nothing", "silent", []string{number, arrivals}, false, "-H", time.Minute},
	} {
		part := func(name string) (crowd, error) {
			c, err := l.hold(ctx, func(ctx context.Context, addr string) (*exec.Cmd, io.Closer, error) {
				return l.part(ctx, name, append([]string{addr}, kind.args...)...)
			})
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			return c, err
		}
		var bare []crowd
		pieces := func() error {
			if !kind.bare {
				return nil
			}
			c, err := part("pieces")
			bare = append(bare, c)
			return err
		}
		if err := pieces(); err != nil {
			return rows, err
		}
		ours, err := part(kind.part)
		if err == nil {
			err = pieces()
		}
		if err != nil {
			return rows, err
		}
		var theirs *crowd
		if kind.mode != "" && l.Rivals.SlowHTTPTest != "" {
			c, err := l.hold(ctx, func(ctx context.Context, addr string) (*exec.Cmd, io.Closer, error) {
				return program(ctx, l.Rivals.SlowHTTPTest, l.slowHTTPTest(kind.mode, addr, kind.pace)...), nil, nil
			})
			if err != nil {
				return rows, fmt.Errorf("slowhttptest %s: %w", kind.mode, err)
			}
			theirs = &c
		}
		rows = append(rows, crowdRow(kind.what, l.Scale.Crowd, ours, bare, theirs))
	}
	return rows, nil
}

// crowdRow compares a crowd of benchrun's with what the writes alone take, at two
// times (or never), and with slowhttptest.
func crowdRow(what string, wanted int, ours crowd, bare []crowd, theirs *crowd) Row {
	row := Row{
		What: bench.Grouped(wanted) + " " + what, Figure: ours.String() + missing(ours, wanted),
		Goal:   "≤ 80 MB, ≤ 20 % of a core",
		Missed: ours.Memory > crowdMemory || ours.Open < wanted,
	}
	var beside []string
	if theirs != nil {
		beside = append(beside, "slowhttptest "+theirs.String()+missing(*theirs, wanted))
	}
	floor := 0.0
	for _, c := range bare {
		beside = append(beside, "write(2) alone "+c.String()+missing(c, wanted))
		floor += c.CPU / float64(len(bare))
	}
	if floor > 0 {
		row.Figure += fmt.Sprintf(", %.2f × write(2) alone", ours.CPU/floor)
		row.Goal = "≤ 80 MB, ≤ 1.15 × write(2) alone"
		row.Missed = row.Missed || ours.CPU > mostOverWrite*floor
	} else {
		row.Missed = row.Missed || ours.CPU > crowdCPU
	}
	row.Beside = strings.Join(beside, "; ")
	return row
}

// missing tells of a crowd that did not come together.
func missing(c crowd, wanted int) string {
	if c.Open >= wanted {
		return ""
	}
	return fmt.Sprintf("; %s connections only", bench.Grouped(c.Open))
}

// gatherPatience is how long after its ramp a crowd may still gather.
const gatherPatience = 30 * time.Second

// hold starts a sink and a program that crowds it, and looks at the program
// from outside while its connections are held.
func (l *Lab) hold(ctx context.Context, start func(ctx context.Context, addr string) (*exec.Cmd, io.Closer, error)) (c crowd, err error) {
	ctx, cancel := context.WithCancel(ctx)
	sink, err := l.startSink(ctx)
	if err != nil {
		cancel()
		return c, err
	}
	defer sink.wait()
	defer cancel()
	client, _, err := start(ctx, sink.addr)
	if err != nil {
		return c, err
	}
	if err := client.Start(); err != nil {
		return c, err
	}
	defer func() { _ = client.Wait() }() // after cancel: it is ended by a signal
	defer cancel()
	pid := client.Process.Pid
	for end := time.Now().Add(l.ramp() + gatherPatience); sink.open() < l.Scale.Crowd && time.Now().Before(end); {
		if !pause(ctx, tellEvery) {
			return c, context.Cause(ctx)
		}
	}
	before, err := cpuOf(pid)
	if err != nil {
		return c, err
	}
	began, read := time.Now(), sink.read()
	if !pause(ctx, l.Scale.Hold) {
		return c, context.Cause(ctx)
	}
	after, err := cpuOf(pid)
	if err != nil {
		return c, err
	}
	took := time.Since(began).Seconds()
	c.CPU, c.Open, c.Pieces = 100*(after-before).Seconds()/took, sink.open(), float64(sink.read()-read)/took
	if c.Memory, err = peakOf(pid); err != nil {
		return c, fmt.Errorf("it ended before it was measured: %w", err)
	}
	return c, nil
}

// pause waits; false says that ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// runningSink is a sink in a process of its own.
type runningSink struct {
	addr string
	now  atomic.Pointer[sinkState]
	wait func()
}

func (s *runningSink) open() int { return s.now.Load().Open }
func (s *runningSink) read() int { return s.now.Load().Read }

// startSink starts a sink that ends with ctx; wait returns when it has.
func (l *Lab) startSink(ctx context.Context) (*runningSink, error) {
	cmd, _, err := l.part(ctx, "sink", "-")
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s, lines := &runningSink{}, json.NewDecoder(bufio.NewReader(out))
	var first sinkState
	if err := lines.Decode(&first); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("the sink's port: %w", err)
	}
	s.addr = "127.0.0.1:" + strconv.Itoa(first.Port)
	s.now.Store(&first)
	done := make(chan struct{})
	go func() { // ends with the sink
		defer close(done)
		for {
			var state sinkState
			if lines.Decode(&state) != nil {
				return
			}
			s.now.Store(&state)
		}
	}()
	s.wait = func() { <-done; _ = cmd.Wait() }
	return s, nil
}
