package runner

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/observe"
	"benchrun/targets"
)

// stage is a launched target with everything that watches it. An attempt and a
// probe both stand on one.
type stage struct {
	lab      *Lab
	target   *Prepared
	clock    bench.Clock
	col      *collector
	addr     string
	port     *launch.Port
	launched int64 // when its command had been executed, ns since origin
	token    string
	scratch  *launch.Scratch
	benchrun string   // the binary, where the server's user can run it
	receipts *os.File // open for reading
	group    *launch.Group
	control  int // the control server's process; 0 = another asks it, or none
	watcher  *observe.Watcher
	log      *serverLog
	logPath  string // what the log is appended to at the end
	workers  int

	disarm func() bool        // calls off the end on interruption
	cancel context.CancelFunc // ends the watching
	tail   sync.WaitGroup

	badReceipts int // touched by the tail alone
	asked       askedNonces
	host        hostWatch   // touched by the observer alone
	ended       atomic.Bool // benchrun ended the target before its time

	mu       sync.Mutex
	tracking bool // false once reclaims no longer count
}

// newStage prepares a folder, a port and the app, and starts the server. The
// caller must call close, also after an error of ready.
func newStage(ctx context.Context, lab *Lab, t *Prepared, clock bench.Clock, col *collector, control int, logPath string) (*stage, error) {
	s := &stage{lab: lab, target: t, clock: clock, col: col, control: control, logPath: logPath, workers: t.Profile.Workers, tracking: true}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	if err := s.launch(ctx); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *stage) prepare() (err error) {
	if s.scratch, err = launch.NewScratch(s.lab.User); err != nil {
		return err
	}
	if s.log, err = newServerLog(s.scratch.Dir); err != nil {
		return err
	}
	for _, dir := range []string{s.scratch.Dir, filepath.Dir(s.logPath)} {
		if err := roomIn(dir); err != nil {
			return err
		}
	}
	if s.port, err = s.lab.pickPort(); err != nil {
		return err
	}
	s.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port.Number))
	var raw [16]byte
	if _, err = rand.Read(raw[:]); err != nil {
		return fmt.Errorf("attempt token: %w", err)
	}
	s.token = hex.EncodeToString(raw[:])
	if err = targets.WriteApp(s.target.Server, s.scratch.App, s.token, s.receiptsPath()); err != nil {
		return err
	}
	if err = s.bringBenchrun(); err != nil {
		return err
	}
	return s.createReceipts()
}

// receiptsPath lies beside the app's folder, not in it: where the server runs as
// another user, it can write to the file, but not put another one in its place.
func (s *stage) receiptsPath() string { return filepath.Join(s.scratch.Dir, "receipts.ndjson") }

// createReceipts makes the file before the server runs, and keeps it open: what
// the server does to the path afterwards does not matter. The server's group may
// write to it; its mode and place are benchrun's.
func (s *stage) createReceipts() (err error) {
	s.receipts, err = os.OpenFile(s.receiptsPath(), os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o600)
	if err == nil && s.lab.User != nil {
		err = s.receipts.Chown(-1, s.lab.User.GID)
	}
	if err == nil {
		err = s.receipts.Chmod(0o660) // whatever the umask is
	}
	if err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	return nil
}

func (s *stage) launch(ctx context.Context) (err error) {
	argv, env, err := s.command()
	if err != nil {
		return err
	}
	s.group, err = launch.Start(ctx, s.lab.Caps, launch.Spec{
		Argv: argv, Env: env, Dir: s.scratch.App, Output: s.log.theirs,
		User: s.lab.User, Limits: s.lab.Limits, Scratch: s.scratch,
	})
	if err != nil {
		return err
	}
	s.launched = s.clock.Now()
	// An interruption ends the target at once; the clients then end by themselves.
	s.disarm = context.AfterFunc(ctx, s.destroySoon)
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.watcher, err = observe.Start(watching, observe.Config{
		Clock: s.clock, ShimPID: s.group.ShimPID(), Port: s.port.Number,
		Memory: s.group.MemoryBytes, CPU: s.group.CPUSeconds,
		OnVital: s.onVital, OnProc: s.col.proc, OnReceipt: s.onReclaim, OnDoubt: s.col.doubt,
	})
	if err != nil {
		return fmt.Errorf("observer: %w", err)
	}
	s.tail.Go(func() {
		err := observe.TailReceipts(watching, s.receipts, s.clock, s.onReceipt, s.onBadReceipt)
		if err != nil {
			s.col.doubt(bench.Doubt{Cause: "receipts-unreadable", Note: err.Error()})
		}
	})
	s.tail.Go(func() { s.watchDisk(watching) })
	return nil
}

// bootNonce begins the nonces of readiness requests, whose receipts say
// nothing about faults.
const bootNonce = "boot-"

// onReceipt keeps the receipts of requests that benchrun makes. The file may be
// full of others, which no app has a reason to write.
func (s *stage) onReceipt(r bench.Receipt) {
	kept, asked := s.asked.takes(r.Nonce)
	switch {
	case !asked:
		s.onBadReceipt(fmt.Sprintf("(a receipt of a request that was not made: %s)", r.Nonce))
	case !kept: // the app's own may be among these
		s.onBadReceipt(fmt.Sprintf("(more than %d receipts of one request: %s)", mostReceipts, r.Nonce))
	}
	if !kept || strings.HasPrefix(r.Nonce, bootNonce) {
		return
	}
	s.col.receipt(r)
	switch {
	case !s.stillTracking():
	case r.Event == bench.ReceiptStart:
		s.watcher.Track(r)
	case r.Event == bench.ReceiptEnd:
		s.watcher.Untrack(r.Nonce)
	}
}

func (s *stage) onReclaim(r bench.Receipt) {
	if s.stillTracking() {
		s.col.receipt(r)
	}
}

// mostBadReceipts is how many lines that are no receipts a record holds.
const mostBadReceipts = 20

// onBadReceipt records what the app, or whoever wrote to its file, spoiled.
// It is no reason to disbelieve the rest: a lost receipt shows as a missing one.
func (s *stage) onBadReceipt(line string) {
	if s.badReceipts++; s.badReceipts > mostBadReceipts {
		return
	}
	s.col.mark(s.clock.Now(), bench.MarkBadReceipt, bench.Excerpt(line))
}

// command is the target's command line and environment on this stage.
func (s *stage) command() (argv, env []string, err error) {
	where := targets.Placeholders{
		Host: "127.0.0.1", Port: s.port.Number, App: s.scratch.App, Work: s.scratch.Work,
		Python: s.target.Installation.Python, Env: s.target.Installation.Env, Benchrun: s.benchrun,
	}
	where.User, where.Group = s.lab.names()
	return s.target.Server.Command(s.target.ProfileName, where)
}

// bringBenchrun puts a copy of benchrun where the server's user can run it,
// for a server that is part of it: the binary itself may lie in a home folder
// that is closed to others.
func (s *stage) bringBenchrun() error {
	s.benchrun = s.lab.Self
	if s.target.Server.App != targets.AppBuiltin || s.lab.User == nil {
		return nil
	}
	s.benchrun = filepath.Join(s.scratch.Dir, "benchrun")
	from, err := os.Open(s.lab.Self)
	if err != nil {
		return fmt.Errorf("own binary: %w", err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(s.benchrun, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755) //nolint:gosec // it is there to be run
	if err != nil {
		return fmt.Errorf("copy of benchrun: %w", err)
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Chmod(0o755), to.Close()); err == nil && errors.Is(unix.Access(s.benchrun, unix.X_OK), unix.EACCES) {
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("no program can be run from %s: its file system is mounted noexec", s.scratch.Dir),
			Hint:    "set TMPDIR to a folder on one that is not",
		}
	}
	return err
}

// limits are those in force, with who runs the target and what holds it.
func (s *stage) limits() bench.Limits {
	l := s.group.Limits()
	if !s.lab.Caps.Memory { // onVital holds the target to it
		l.MemoryBytes = s.lab.Limits.MemoryBytes
	}
	l.User, l.How = s.lab.Limits.User, s.lab.Limits.How
	return l
}

func (s *stage) stillTracking() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tracking
}

// stopTracking is called before the server is told to go: slots that come back
// because of that are not reclaimed.
func (s *stage) stopTracking() {
	s.mu.Lock()
	s.tracking = false
	s.mu.Unlock()
}

// close ends every process, then the watching, then removes the folder. It is
// idempotent and returns an error when something may be left behind.
func (s *stage) close(ctx context.Context) error {
	s.stopTracking()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	var first error
	keep := func(err error) {
		if err != nil && first == nil {
			first = err
		}
	}
	if s.disarm != nil {
		s.disarm()
	}
	if s.group != nil {
		if err := s.group.Err(); err != nil { // else the server is blamed for its end
			s.col.doubt(bench.Doubt{Cause: "supervisor", Note: err.Error()})
		}
		if n, ok := s.group.OOMKills(); ok && n > 0 {
			s.col.mark(s.clock.Now(), bench.MarkMemoryCap, fmt.Sprintf("the kernel ended %d processes", n))
		}
		keep(s.group.Destroy(ending))
		if s.scratch != nil { // told once
			left := s.group.Left()
			for _, what := range left {
				s.col.mark(s.clock.Now(), bench.MarkLeft, what)
			}
			s.lab.tellLeft(s.target.Server.Name+"/"+s.target.ProfileName, left)
		}
	}
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	if s.watcher != nil {
		s.watcher.Stop()
	}
	s.tail.Wait()
	_ = s.receipts.Close() // nil or closed before is no harm, and nothing was written
	s.port.Release()
	if s.log != nil {
		keep(s.log.keep(s.logPath))
		keep(s.log.close())
		s.log = nil
	}
	if s.scratch != nil {
		keep(s.scratch.Remove())
		s.scratch = nil
	}
	return first
}

// tellLeft tells at once what may have been left outside of a program's folders:
// a probe, a check and half an attempt have no record that is kept.
func (l *Lab) tellLeft(who string, left []string) {
	if len(left) > 0 && l.Note != nil {
		l.Note(fmt.Sprintf("%s: outside of its folders, perhaps its own, and left as they are: %s", who, strings.Join(left, ", ")))
	}
}
