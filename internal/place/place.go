package place

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

// Place is a launched target and everything that watches it. The watchers write
// what they see into its journal.
type Place struct {
	host     *Host
	target   *Target
	clock    bench.Clock
	journal  *Journal
	addr     string
	port     *launch.Port // that of the front, if there is one
	front    *front       // before the server; nil = there is none
	launched int64        // when the supervisor had executed the server's command, ns since origin
	token    string
	scratch  *launch.Scratch
	benchrun string   // path of the benchrun binary that the server's user can run
	receipts *os.File // open for reading
	group    *launch.Group
	control  int // pid of the control server; 0 = this place has none
	watcher  *observe.Watcher
	database *database // beside the target; nil = there is none
	log      *serverLog
	logPath  string // Close appends the server's output to this file
	workers  int
	limits   bench.Limits
	needs    bench.Needs // of the family

	before    bench.Used // what the target had used when its app was broken
	meanwhile bench.Used // what it used until the app was repaired

	disarm func() bool        // stops an interruption from ending the target
	cancel context.CancelFunc // ends the watching
	tail   sync.WaitGroup

	badReceipts int // only the goroutine that tails the receipts uses it
	asked       askedNonces
	busy        hostWatch    // only the observer's goroutine uses it
	capDeaths   capDeaths    // only the observer's goroutine uses it
	files       atomic.Int64 // in the target's folders, by the last count
	ended       atomic.Bool  // benchrun ended the target before its time

	mu       sync.Mutex
	tracking bool  // true while reclaimed slots count
	stopped  []int // processes that SignalServing has stopped

	supervisor *supervisor // starts the server; nil = benchrun does
}

// Options are what a place needs besides its target.
type Options struct {
	Clock   bench.Clock
	Journal *Journal    // gets everything that benchrun sees of the target
	Control int         // pid of the control server, whose CPU time counts as benchrun's; 0 = no control
	LogPath string      // the file to which Close appends the server's output
	Needs   bench.Needs // of the family
}

// Open prepares a folder, a port and the app, and starts the server. The caller
// must call Close, even if Ready returns an error.
func Open(ctx context.Context, h *Host, t *Target, o Options) (*Place, error) {
	p := &Place{
		host: h, target: t, clock: o.Clock, journal: o.Journal, control: o.Control, logPath: o.LogPath,
		workers: t.Profile.Workers, tracking: true, limits: h.Limits, needs: o.Needs,
	}
	if o.Needs.Files > 0 {
		p.limits.NoFile = o.Needs.Files
	}
	if most := p.limits.MemoryBytes; o.Needs.Memory > 0 && (most == 0 || o.Needs.Memory < most) {
		p.limits.MemoryBytes = o.Needs.Memory
	}
	if err := p.prepare(); err != nil {
		return nil, errors.Join(err, p.Close(ctx))
	}
	if err := p.launch(ctx); err != nil {
		return nil, errors.Join(err, p.Close(ctx))
	}
	return p, nil
}

// Addr is where the target listens, host:port.
func (p *Place) Addr() string { return p.addr }

// Clock times everything in the place.
func (p *Place) Clock() bench.Clock { return p.clock }

// Token is what the app of this launch answers to /ping.
func (p *Place) Token() string { return p.token }

// Workers is how many processes are expected to answer.
func (p *Place) Workers() int { return p.workers }

// Journal holds what benchrun sees of the target.
func (p *Place) Journal() *Journal { return p.journal }

// Record is a copy of what the journal holds so far.
func (p *Place) Record() *bench.Record { return p.journal.Snapshot() }

// Expect announces a request with this nonce, so that benchrun believes its
// receipts. The caller calls it before it sends the request.
func (p *Place) Expect(nonce string) { p.asked.add(nonce) }

// Stop asks the front to end, if there is one, then sends the stop signal that the
// server file names, and waits at most window for the end. Slots that become free from now on do not count as reclaimed.
func (p *Place) Stop(ctx context.Context, window time.Duration) bench.Stop {
	p.StopTracking()
	if p.supervisor != nil {
		return p.stopSupervised(ctx, window)
	}
	signal := unix.SignalNum("SIG" + p.target.Server.StopSignal())
	return launch.Stop(ctx, p.clock, p.group, p.ports(), signal, window, bench.Seconds(p.target.Profile.Claims.Grace))
}

func (p *Place) prepare() (err error) {
	if p.scratch, err = launch.NewScratch(p.host.User); err != nil {
		return err
	}
	if p.log, err = newServerLog(p.scratch.Dir); err != nil {
		return err
	}
	if p.needs.PipedLog {
		if err := p.log.throughPipe(); err != nil {
			return err
		}
	}
	if err := p.makeOwnTmp(); err != nil {
		return err
	}
	for _, dir := range []string{p.scratch.Dir, filepath.Dir(p.logPath)} {
		if err := roomIn(dir); err != nil {
			return err
		}
	}
	if p.port, err = p.host.pickPort(); err != nil {
		return err
	}
	p.addr = net.JoinHostPort(loopback, strconv.Itoa(p.port.Number))
	if err = p.newFront(); err != nil {
		return err
	}
	if err = p.writeApp(); err != nil {
		return err
	}
	if err = p.bringBenchrun(); err != nil {
		return err
	}
	return p.createReceipts()
}

// newToken changes what the app answers from its next load on.
func (p *Place) newToken() error {
	var raw [16]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return fmt.Errorf("attempt token: %w", err)
	}
	p.token = hex.EncodeToString(raw[:])
	return nil
}

// writeApp writes the app with a new token.
func (p *Place) writeApp() error {
	if err := p.newToken(); err != nil {
		return err
	}
	if err := targets.WriteApp(p.target.Server, p.scratch.App, p.token, p.receiptsPath()); err != nil || !p.needs.Database() {
		return err
	}
	return p.SlowApp(0) // the app must also know its database
}

// receiptsPath lies beside the app's folder, not in it. If the server runs as
// another user, it can write to the file but cannot replace it.
func (p *Place) receiptsPath() string { return filepath.Join(p.scratch.Dir, "receipts.ndjson") }

// createReceipts makes the file before the server runs and keeps it open, so what
// the server does to the path later does not matter. The server's group may write
// to the file, but benchrun owns it and its folder.
func (p *Place) createReceipts() (err error) {
	p.receipts, err = os.OpenFile(p.receiptsPath(), os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o600)
	if err == nil && p.host.User != nil {
		err = p.receipts.Chown(-1, p.host.User.GID)
	}
	if err == nil {
		err = p.receipts.Chmod(0o660) // whatever the umask is
	}
	if err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	return nil
}

func (p *Place) launch(ctx context.Context) (err error) {
	argv, env, err := p.Command()
	if err != nil {
		return err
	}
	if err := p.target.Server.WriteFiles(p.target.ProfileName, p.placeholders()); err != nil {
		return err
	}
	if argv, err = p.underSupervisor(argv); err != nil {
		return err
	}
	if p.needs.Database() {
		if p.database, err = p.host.startDatabase(ctx, p.scratch); err != nil {
			return err
		}
	}
	p.group, err = launch.Start(ctx, p.host.Caps, launch.Spec{
		Argv: argv, Env: env, Dir: p.scratch.App, Output: p.log.theirs,
		User: p.host.User, Limits: p.limits, Scratch: p.scratch, Again: true, Tmp: p.ownTmp(),
		Beside: p.front.beside(),
	})
	if err != nil {
		return err
	}
	p.launched = p.clock.Now()
	// An interruption ends the target at once; then the clients end by themselves.
	p.disarm = context.AfterFunc(ctx, p.destroySoon)
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel = cancel
	p.watcher, err = observe.Start(watching, observe.Config{
		Clock: p.clock, ShimPID: p.group.ShimPID(), Ports: p.ports(),
		Memory: p.memoryBytes, CPU: p.cpuSeconds,
		Tell: p.see,
	})
	if err != nil {
		return fmt.Errorf("observer: %w", err)
	}
	p.tail.Go(func() {
		err := observe.TailReceipts(watching, p.receipts, p.clock, p.see)
		if err != nil {
			p.journal.Doubt(bench.Doubt{Cause: "receipts-unreadable", Note: err.Error()})
		}
	})
	p.tail.Go(func() { p.watchDisk(watching) })
	return nil
}

// loopback is the address of every target.
const loopback = "127.0.0.1"

// Command returns the server's command line and its environment in this place.
func (p *Place) Command() (argv, env []string, err error) {
	argv, env, err = p.target.Server.Command(p.target.ProfileName, p.placeholders())
	return argv, p.withOwnTmp(env), err
}

func (p *Place) placeholders() targets.Placeholders {
	where := targets.Placeholders{
		Host: loopback, Port: p.serverPort(), App: p.scratch.App, Work: p.scratch.Work,
		Python: p.target.Installation.Python, Env: p.target.Installation.Env, Benchrun: p.benchrun,
	}
	where.User, where.Group = p.host.names()
	return where
}

// bringBenchrun copies benchrun to where the server's user can run it. A server
// that is part of benchrun needs this: the binary may lie in a home folder that is
// closed to others.
func (p *Place) bringBenchrun() error {
	p.benchrun = p.host.Self
	if p.target.Server.App != targets.AppBuiltin || p.host.User == nil {
		return nil
	}
	p.benchrun = filepath.Join(p.scratch.Dir, "benchrun")
	from, err := os.Open(p.host.Self)
	if err != nil {
		return fmt.Errorf("own binary: %w", err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(p.benchrun, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755) //nolint:gosec // it is there to be run
	if err != nil {
		return fmt.Errorf("copy of benchrun: %w", err)
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Chmod(0o755), to.Close()); err == nil && errors.Is(unix.Access(p.benchrun, unix.X_OK), unix.EACCES) {
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("no program can be run from %s: its file system is mounted noexec", p.scratch.Dir),
			Hint:    "set TMPDIR to a folder on a file system without noexec",
		}
	}
	return err
}

// Limits are those in force. They also name who runs the target and what
// enforces them.
func (p *Place) Limits() bench.Limits {
	l := p.group.Limits()
	if !p.host.Caps.Memory { // guard enforces it
		l.MemoryBytes = p.host.Limits.MemoryBytes
	}
	l.User, l.How = p.host.Limits.User, p.host.Limits.How
	return l
}

func (p *Place) stillTracking() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tracking
}

// StopTracking is to be called before SIGTERM: slots that become free because of
// SIGTERM do not count as reclaimed.
func (p *Place) StopTracking() {
	p.mu.Lock()
	p.tracking = false
	p.mu.Unlock()
}

// Close ends every process, then the watching, then removes the folder. It is
// idempotent. It returns an error if something may be left behind.
func (p *Place) Close(ctx context.Context) error {
	p.StopTracking()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	var first error
	keep := func(err error) {
		if err != nil && first == nil {
			first = err
		}
	}
	if p.disarm != nil {
		p.disarm()
	}
	if p.group != nil {
		if err := p.group.Err(); err != nil { // otherwise the judge would blame the server for its end
			p.journal.Doubt(bench.Doubt{Cause: "supervisor", Note: err.Error()})
		}
		if n, ok := p.group.OOMKills(); ok && n > 0 {
			p.journal.Mark(p.clock.Now(), bench.MarkMemoryCap, "the kernel ended "+bench.Things(int(n), "process", "processes"))
		}
		keep(p.group.Destroy(ending))
	}
	if p.cancel != nil {
		p.cancel()
		p.cancel = nil
	}
	if p.watcher != nil {
		p.watcher.Stop()
		p.journal.Update(func(r *bench.Record) { r.Head.Company = p.busy.most })
	}
	if p.database != nil { // after the watching, which reads what it uses
		if why := p.database.broken(); why != "" {
			p.journal.Doubt(bench.Doubt{Cause: "database", Note: why})
		}
		keep(p.database.close(ending))
		p.database = nil
	}
	if p.group != nil && p.scratch != nil { // once, and when the database has taken its shared memory with it
		left := p.group.Left()
		for _, what := range left {
			p.journal.Mark(p.clock.Now(), bench.MarkLeft, what)
		}
		p.host.tellLeft(p.target.Server.Name+"/"+p.target.ProfileName, left)
	}
	p.host.company.leave(&p.busy)
	p.tail.Wait()
	_ = p.receipts.Close() // it may be nil or closed already, and benchrun wrote nothing
	p.port.Release()
	p.front.release()
	if p.log != nil {
		keep(p.log.drain())
		keep(p.log.keep(p.logPath))
		keep(p.keepFrontWords())
		keep(p.log.close())
		p.log = nil
	}
	if p.scratch != nil {
		keep(p.scratch.Remove())
		p.scratch = nil
	}
	return first
}

// tellLeft reports at once what a program may have left outside of its folders,
// because probes, checks and interrupted attempts store no record.
func (h *Host) tellLeft(who string, left []string) {
	if len(left) > 0 && h.Note != nil {
		h.Note(fmt.Sprintf("%s: these appeared outside of its folders while it ran; benchrun leaves them, because they may not be its own: %s", who, strings.Join(left, ", ")))
	}
}
