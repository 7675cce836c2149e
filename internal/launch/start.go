package launch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
)

// startTime limits each step of starting. A healthy step takes milliseconds.
const startTime = 10 * time.Second

// leastTmp is how many bytes a server may write to its private places if no limit is
// given.
const leastTmp = 64 << 20

// supervisorLog is the file in a scratch folder that gets the shim's stderr.
const supervisorLog = "supervisor.log"

// Start starts a server under supervision and returns as soon as its command has been
// executed. ctx limits only the start; the group lives until Destroy. Start leaves out
// limits that caps.Cgroup cannot set; Group.Limits says which are in force. It returns a
// bench.EnvironmentError that names the command if the command cannot be executed or the
// level does not work; then nothing is left.
func Start(ctx context.Context, caps Capabilities, spec Spec) (*Group, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	g, err := start(ctx, caps, spec)
	if err == nil {
		return g, nil
	}
	if g != nil {
		err = errors.Join(err, g.Destroy(ctx))
	}
	return nil, &bench.EnvironmentError{
		Problem: fmt.Sprintf("cannot start %q (supervision %s)", spec.Argv[0], caps.Level), Err: err,
	}
}

// start returns a group together with an error if there is something to destroy.
func start(ctx context.Context, caps Capabilities, spec Spec) (*Group, error) {
	g := &Group{
		level: caps.Level, private: caps.Private && caps.Level.namespaced(), uid: os.Geteuid(), since: time.Now().Unix(), scratch: spec.Scratch, name: spec.Scratch.nextName(), leaderFD: -1,
		reports: make(chan report, 4), done: make(chan struct{}), shimGone: make(chan struct{}),
		heard: make(chan struct{}),
	}
	if spec.User != nil {
		g.uid = spec.User.UID
	}
	if caps.Cgroup != "" {
		var err error
		if g.cg, g.why, err = planCgroup(caps.Cgroup, g.name); err != nil {
			return nil, err
		}
	}
	// Store this before anything is made, so that Sweep finds it if benchrun is killed.
	if err := spec.Scratch.remember(g.state()); err != nil {
		return nil, err
	}
	if g.cg != nil {
		why, err := g.cg.create(spec.Limits)
		if g.why = append(g.why, why...); err != nil {
			return g, err
		}
		g.limits = g.cg.limits
	}
	order := shimOrder{Level: caps.Level, Scratch: spec.Scratch.ID, UID: g.uid, Again: spec.Again, Tmp: spec.Tmp, Stage: stageOrder{
		Argv: spec.Argv, Dir: spec.Dir, User: spec.User, NoFile: spec.Limits.NoFile, Held: spec.Held != nil,
		Env:  append(slices.Clip(spec.Env), markerName+"="+spec.Scratch.ID),
		Nice: spec.Limits.CPUs > 0 && g.limits.CPUs == 0, Longest: uint64(max(0, spec.Limits.DiskBytes)),
	}}
	g.limits.DiskBytes = spec.Limits.DiskBytes
	if g.private {
		keep, err := spec.Scratch.ofTheServer()
		if err != nil {
			return g, err
		}
		order.Private = &private{
			Keep: keep, Blank: spec.Scratch.tmp,
			Bytes: cmp.Or(spec.Limits.TmpBytes, leastTmp), ShmBytes: spec.Limits.MemoryBytes,
		}
		g.limits.TmpBytes = order.Private.Bytes
	}
	if g.cg != nil {
		order.Stage.Cgroups = g.cg.folders()
	}
	if b := spec.Beside; b != nil {
		g.beside = newBeside(*b)
		stage := order.Stage // the same limits
		stage.Argv, stage.Dir, stage.Env = b.Argv, b.Dir, append(slices.Clip(b.Env), markerName+"="+spec.Scratch.ID)
		order.Beside = &stage
	}
	if err := g.forkShim(order, spec); err != nil {
		return g, err
	}
	if err := g.handshake(ctx, spec); err != nil {
		return g, err
	}
	return g, nil
}

// handshake makes the waiting exec stage exec.
func (g *Group) handshake(ctx context.Context, spec Spec) error {
	var err error
	if g.shimID, err = identify(g.ShimPID()); err != nil {
		return fmt.Errorf("find the supervisor: %w", err)
	}
	if err := g.scratch.remember(g.state()); err != nil {
		return err
	}
	running, err := g.adopt(ctx, g.isLeader)
	if err != nil {
		return err
	}
	g.limits.NoFile = running.NoFile
	if spec.User != nil {
		g.limits.User = spec.User.Name
	}
	if running.Niced && g.limits.How == "" {
		g.limits.How = "nice"
	}
	return nil
}

// adopt learns who the process is that the supervisor has forked, tells is, and lets it exec.
func (g *Group) adopt(ctx context.Context, is func(pid int, host identity, pidfd int)) (running report, err error) {
	forked, err := g.await(ctx, eventForked)
	if err != nil {
		return running, err
	}
	// The process waits for "go", so its pid cannot belong to another process yet.
	host, err := hostPID(g.ShimPID(), forked.PID)
	if err != nil {
		return running, err
	}
	id, err := identify(host)
	if err != nil {
		return running, fmt.Errorf("find the new process: %w", err)
	}
	fd, err := unix.PidfdOpen(host, 0)
	if err != nil {
		return running, fmt.Errorf("pidfd of the new process (Linux 5.4 is needed): %w", err)
	}
	is(forked.PID, id, fd)
	if err := g.scratch.remember(g.state()); err != nil {
		return running, err
	}
	if _, err := g.control.WriteString(orderGo + "\n"); err != nil {
		return running, fmt.Errorf("tell the supervisor: %w", err)
	}
	return g.await(ctx, eventRunning)
}

// isLeader stores who the leader is.
func (g *Group) isLeader(pid int, host identity, pidfd int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leader, g.leaderHost, g.leaderFD = pid, host, pidfd
}

// await returns the next report, which must be of the wanted kind.
func (g *Group) await(ctx context.Context, want event) (report, error) {
	timeout := time.NewTimer(startTime)
	defer timeout.Stop()
	select {
	case r, ok := <-g.reports:
		switch {
		case !ok:
			return r, fmt.Errorf("the supervisor ended before its server was %s: %s", want, g.shimWords())
		case r.Event == eventFailed:
			return r, fmt.Errorf("%s: %s", r.What, r.Error)
		case r.Event != want:
			return r, fmt.Errorf("the supervisor said %q instead of %q", r.Event, want)
		}
		return r, nil
	case <-ctx.Done():
		return report{}, ctx.Err()
	case <-timeout.C:
		return report{}, fmt.Errorf("the supervisor did not say %q within %v", want, startTime)
	}
}

// forkShim starts the supervisor, and two goroutines that live as long as it does.
func (g *Group) forkShim(order shimOrder, spec Spec) error {
	attr, err := shimAttr(g.level, g.private, spec.User)
	if err != nil {
		return err
	}
	log, err := openOutput(spec)
	if err != nil {
		return err
	}
	if spec.Output == nil {
		defer log.Close() //nolint:errcheck // only handed on
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(log.Fd()), &st); err != nil {
		return fmt.Errorf("output of %s: %w", spec.Argv[0], err)
	}
	g.output = file{st.Dev, st.Ino}
	words, err := os.OpenFile(g.shimLogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer words.Close() //nolint:errcheck // only handed on
	var theirs, ours [3]*os.File
	defer func() {
		for _, f := range theirs {
			_ = f.Close() // it may be nil
		}
	}()
	var errs [3]error
	theirs[0], ours[0], errs[0] = os.Pipe() // config
	theirs[1], ours[1], errs[1] = os.Pipe() // control
	ours[2], theirs[2], errs[2] = os.Pipe() // status
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{"benchrun", SuperviseArg}
	cmd.Env, cmd.Dir, cmd.Stderr, cmd.SysProcAttr = []string{}, "/", words, attr
	cmd.ExtraFiles = append(theirs[:], log)
	if spec.Held != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, spec.Held)
	}
	err = errors.Join(errs[:]...)
	if err == nil {
		err = g.forkAndWait(cmd)
	}
	if err != nil {
		for _, f := range ours {
			_ = f.Close()
		}
		close(g.heard)
		return err
	}
	g.control = ours[1]
	go g.listen(ours[2])
	return errors.Join(json.NewEncoder(ours[0]).Encode(order), ours[0].Close())
}

// forkAndWait forks from a thread that stays locked until the shim has ended: the shim's
// parent-death signal fires when the thread that forked it ends.
func (g *Group) forkAndWait(cmd *exec.Cmd) error {
	forked := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			g.shim = cmd.Process
		}
		forked <- err
		if err == nil {
			_ = cmd.Wait() // its reports say more than its exit status
			close(g.shimGone)
		}
	}()
	if err := <-forked; err != nil {
		return fmt.Errorf("fork the supervisor: %w", err)
	}
	return nil
}

// listen reads the shim's reports until it ends.
func (g *Group) listen(status *os.File) {
	defer status.Close() //nolint:errcheck // read only
	defer close(g.heard)
	defer close(g.reports)
	dec := json.NewDecoder(status)
	for {
		var r report
		if err := dec.Decode(&r); err != nil {
			break
		}
		switch r.Event {
		case eventExited:
			g.leaderEnded(bench.ExitStatus{Code: r.Code, Signal: r.Signal})
		case eventBesideExited:
			g.besideEnded(bench.ExitStatus{Code: r.Code, Signal: r.Signal})
		case eventEmpty:
			g.sawEmpty.Store(true)
		case eventFailed:
			g.note(fmt.Sprintf("%s: %s", r.What, r.Error))
			fallthrough
		default:
			select {
			case g.reports <- r:
			default: // after the start nobody awaits reports
			}
		}
	}
	// The leader dies with the shim: the namespace ends, or its own parent-death signal
	// fires.
	if !g.ending.Load() {
		g.note("the supervisor ended by itself")
	}
	g.leaderEnded(bench.ExitStatus{Signal: "SIGKILL"})
	g.besideEnded(bench.ExitStatus{Signal: "SIGKILL"})
}

// openOutput returns the file for the server's output. Servers open /dev/stderr by name
// again, so it must belong to their user.
func openOutput(spec Spec) (f *os.File, err error) {
	if f = spec.Output; f == nil {
		if f, err = os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
			return nil, err
		}
	}
	info, err := f.Stat()
	if err == nil && spec.User != nil && info.Mode()&^fs.ModePerm&^fs.ModeNamedPipe == 0 { // a file or a pipe, no device
		err = f.Chown(spec.User.UID, spec.User.GID)
	}
	if err != nil && spec.Output == nil {
		err = errors.Join(err, f.Close())
	}
	return f, err
}

// shimWords is what the supervisor wrote to its stderr, for an error text.
func (g *Group) shimWords() string {
	b, err := os.ReadFile(g.shimLogFile())
	if err != nil || len(b) == 0 {
		return "it left no word"
	}
	const most = 2000
	return strings.TrimSpace(string(b[max(0, len(b)-most):]))
}
