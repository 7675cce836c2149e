package place

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/launch"
	"benchrun/internal/postgresql"
)

// How long the database may take to serve, and to end in order, and what benchrun may ask of
// it. Each takes a fraction of a second, on a busy machine a few.
const (
	databaseBoot = 15 * time.Second
	databaseEnd  = 5 * time.Second
	databaseAsk  = 5 * time.Second
)

// What the database gets at most besides the target's own limits.
const (
	databaseMemory = 512 << 20
	databasePIDs   = 256
)

// database is a PostgreSQL that runs beside a target, in a folder of the same scratch folder
// and in a group of its own. The app reaches it by its socket alone: as on another
// machine, the server neither sees nor ends its processes.
type database struct {
	group   *launch.Group
	folder  string // has the socket, and in data/ the database
	logPath string

	mu      sync.Mutex // guards asks and stopped, and lets one act follow another
	asks    *postgresql.Database
	stopped bool
}

// databaseFolder is where a place's database is.
func databaseFolder(s *launch.Scratch) string { return filepath.Join(s.Dir, "database") }

// startDatabase starts an empty database in a scratch folder and waits until it serves.
func (h *Host) startDatabase(ctx context.Context, scratch *launch.Scratch) (*database, error) {
	programs, template, err := h.emptyDatabase(ctx)
	if err != nil {
		return nil, err
	}
	d := &database{folder: databaseFolder(scratch), logPath: filepath.Join(scratch.Dir, "database.log")}
	data := filepath.Join(d.folder, "data")
	if err = os.Mkdir(d.folder, 0o711); err == nil {
		err = errors.Join(os.Chmod(d.folder, 0o711), own(d.folder, h.User), copyFolder(ctx, template, data, h.User))
	}
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	d.group, err = launch.Start(ctx, h.Caps, launch.Spec{
		Argv: programs.Serve(data, d.folder), Env: databaseEnv(), Dir: d.folder, Log: d.logPath, User: h.User, Scratch: scratch, Again: true,
		Limits: bench.Limits{CPUs: h.Limits.CPUs, MemoryBytes: min(databaseMemory, h.Limits.MemoryBytes), PIDs: min(databasePIDs, h.Limits.PIDs), NoFile: h.Limits.NoFile, DiskBytes: h.Limits.DiskBytes},
	})
	if err != nil {
		return nil, err
	}
	if d.asks, err = postgresql.Open(d.folder); err == nil {
		if err = d.serves(ctx); err == nil {
			err = d.asks.Fill(ctx)
		}
	}
	if err != nil {
		err = &bench.EnvironmentError{Problem: "the database beside the server does not serve", Err: err, Hint: d.lastWords()}
		return nil, errors.Join(err, d.close(ctx))
	}
	return d, nil
}

// databaseEnv is the environment of the database's programs: that of the user who runs
// benchrun must not influence a result.
func databaseEnv() []string { return []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8"} }

// serves waits until the database answers.
func (d *database) serves(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, databaseBoot)
	defer cancel()
	for {
		asking, asked := context.WithTimeout(ctx, databaseAsk)
		err := d.asks.Ping(asking)
		asked()
		if err == nil {
			return nil
		}
		if exit := d.group.Exit(); exit != nil {
			return fmt.Errorf("it ended (%+v): %w", *exit, err)
		}
		if bench.Sleep(ctx, pingPause); ctx.Err() != nil {
			return err
		}
	}
}

// lastWords is the end of the database's log, for an error.
func (d *database) lastWords() string {
	f, err := intake.Open(context.Background(), d.logPath, intake.Kind{Name: "log", Most: mostLog})
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	return "its log ends: " + bench.Excerpt(f.Tail(intake.MostTail))
}

// broken says what has gone wrong with the database that no fault did; "" = nothing.
func (d *database) broken() string {
	if err := d.group.Err(); err != nil {
		return err.Error()
	}
	if exit := d.group.Exit(); exit != nil {
		return fmt.Sprintf("it ended: %+v; %s", *exit, d.lastWords())
	}
	if n, ok := d.group.OOMKills(); ok && n > 0 {
		return fmt.Sprintf("the kernel ended %d of its processes, because its memory was used up", n)
	}
	return ""
}

// lock takes the lock of a row that the app changes, until restore.
func (d *database) lock(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, databaseAsk)
	defer cancel()
	return d.asks.Lock(ctx)
}

// stall stops all processes of the database, until restore.
func (d *database) stall() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return nil
	}
	d.stopped = true
	return d.group.SignalAll(unix.SIGSTOP)
}

// restart ends the database at once, as a crash does, starts it again in the same folder
// and waits until it serves.
func (d *database) restart(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.group.Signal(unix.SIGQUIT); err != nil {
		return fmt.Errorf("end the database: %w", err)
	}
	late := time.NewTimer(databaseEnd)
	defer late.Stop()
	select {
	case <-d.group.Done():
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-late.C:
		return errors.New("the database does not end")
	}
	d.asks.Forget() // not before: whoever waits for the lock would get it
	if err := d.group.Again(ctx); err != nil {
		return err
	}
	return d.serves(ctx)
}

// restore makes the database what it was: its processes go on, and nobody holds a lock.
func (d *database) restore(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, databaseAsk)
	defer cancel()
	var err error
	if d.stopped {
		err = d.group.SignalAll(unix.SIGCONT)
		d.stopped = false
	}
	return errors.Join(err, d.asks.Unlock(ctx))
}

// close ends the database and everything of it.
func (d *database) close(ctx context.Context) error {
	err := d.group.Destroy(ctx)
	if d.asks != nil { // not before: the database might be unable to answer
		_ = d.asks.Close() // its connections are broken
	}
	return err
}
