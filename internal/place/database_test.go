package place

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/postgresql"
)

// databasePlace is a place whose app has a database, and that database as the app asks it.
func databasePlace(t *testing.T, adapt ...func(*Host)) (*Place, *Journal, *sql.DB) {
	t.Helper()
	host, target := appHost(t)
	for _, f := range adapt {
		f(host)
	}
	journal := &Journal{}
	p, err := Open(t.Context(), host, target("honest"), Options{Clock: bench.NewClock(), Journal: journal, LogPath: filepath.Join(t.TempDir(), "log"), Needs: bench.Needs{Host: []bench.HostFeature{bench.HostPostgreSQL}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	if boot, err := p.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
		t.Fatalf("%+v, %v", boot, err)
	}
	db, err := postgresql.AsApp(databaseFolder(p.scratch))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return p, journal, db
}

// sell does what the app does, and waits for so long.
func sell(t *testing.T, db *sql.DB, patience time.Duration) error {
	t.Helper()
	sold := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err := db.ExecContext(ctx, postgresql.Sell)
		sold <- err
	}()
	select {
	case err := <-sold:
		return err
	case <-time.After(patience + time.Second): // the driver does not look at its context while it connects
		return errors.New("nobody answers")
	}
}

const (
	enough = 10 * time.Second // for a database that answers
	little = time.Second      // for one that does not
)

// The app's database answers, except while a fault keeps it from that, and answers again
// when it is restored.
func TestDatabase(t *testing.T) {
	p, journal, db := databasePlace(t)
	if text, err := os.ReadFile(filepath.Join(p.scratch.App, "attempt.json")); err != nil || !strings.Contains(string(text), `"database":"`+databaseFolder(p.scratch)+`"`) {
		t.Errorf("the app is told %s, %v", text, err)
	}
	if err := sell(t, db, enough); err != nil {
		t.Fatal(err)
	}
	for name, fault := range map[string]func() error{
		"lock":  func() error { return p.LockRow(t.Context()) },
		"stall": p.StallDatabase,
	} {
		for range 2 { // the second time does nothing
			if err := fault(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := sell(t, db, little); err == nil {
			t.Errorf("%s: the database answers all the time", name)
		}
		if err := p.RestoreDatabase(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := sell(t, db, enough); err != nil {
			t.Errorf("%s: after it was restored: %v", name, err)
		}
	}
	if err := p.LockRow(t.Context()); err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() { waited <- sell(t, db, enough) }()
	for deadline := time.Now().Add(enough); ; time.Sleep(10 * time.Millisecond) {
		if n, err := p.database.asks.Waiting(t.Context()); err != nil || time.Now().After(deadline) {
			t.Fatalf("%d wait for the lock, %v", n, err)
		} else if n == 1 {
			break
		}
	}
	if err := p.RestartDatabase(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err == nil {
		t.Error("the connection outlived the database")
	}
	if err := sell(t, db, enough); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	if err := p.RestoreDatabase(t.Context()); err != nil {
		t.Error(err)
	}
	folder := p.scratch.Dir
	processes, err := p.database.group.Members()
	if err != nil || len(processes) < 2 {
		t.Errorf("processes %v of the database, %v", processes, err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of the database is left: %v", err)
	}
	for _, pid := range processes {
		if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil && strings.HasPrefix(cwd, folder) {
			t.Errorf("process %d of the database is left", pid)
		}
	}
	for _, d := range journal.Snapshot().Doubts {
		if d.Cause == "database" {
			t.Errorf("a doubt of a database that did what it should: %+v", d)
		}
	}
}

// The server neither sees the database's processes nor counts them as its own, but what
// they use counts.
func TestDatabaseIsBesideTheTarget(t *testing.T) {
	p, journal, db := databasePlace(t)
	if err := sell(t, db, enough); err != nil {
		t.Fatal(err)
	}
	looked := journal.Snapshot()
	eventually(t, "some looks at the tree", func() bool { return len(journal.Snapshot().Vitals) > len(looked.Vitals)+2 })
	rec := journal.Snapshot()
	for _, e := range rec.Procs {
		if strings.Contains(e.Name, "postgres") {
			t.Errorf("%+v counts as the server's", e)
		}
	}
	if v := rec.Vitals; len(v) == 0 || v[len(v)-1].Procs != 1 {
		t.Errorf("vitals %+v: the app is one process", v)
	}
	if own, ok := p.group.CPUSeconds(); ok {
		if all, _ := p.cpuSeconds(); all <= own {
			t.Errorf("%g s of CPU time, %g s of them the server's", all, own)
		}
		own, _ := p.group.MemoryBytes()
		if all, _ := p.memoryBytes(); all <= own {
			t.Errorf("%d bytes of memory, %d of them the server's", all, own)
		}
	}
}

// Where the database shares IPC with other programs, its shared memory goes with it, so
// that nothing of it is reported as left.
func TestDatabaseTakesItsSharedMemoryWithIt(t *testing.T) {
	p, journal, db := databasePlace(t, func(h *Host) { h.Caps = launch.Capabilities{Level: launch.Subreaper} })
	if err := sell(t, db, enough); err != nil {
		t.Fatal(err)
	}
	made := p.database.group.Left() // the server may have started a second later
	if len(made) == 0 {
		t.Error("a database that serves has no shared memory that this test could miss")
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, m := range journal.Snapshot().Marks {
		if m.Name == bench.MarkLeft && slices.Contains(made, m.Note) {
			t.Errorf("reported as left: %s", m.Note)
		}
	}
}

// A database that ends by itself is no result of the server's.
func TestDatabaseThatEnds(t *testing.T) {
	p, journal, _ := databasePlace(t)
	group := p.database.group
	if err := group.SignalAll(9); err != nil {
		t.Fatal(err)
	}
	<-group.Done()
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	n := 0
	for _, d := range journal.Snapshot().Doubts { // others may be about the host
		if d.Cause == "database" && d.From == 0 && d.To == 0 {
			n++
		}
	}
	if n != 1 {
		t.Errorf("doubts %+v, want one of the database, about the whole record", journal.Snapshot().Doubts)
	}
}

// Acts need a database.
func TestNoDatabase(t *testing.T) {
	host, target := appHost(t)
	p, _ := appPlace(t, host, target("honest"), bench.NewClock())
	if err := p.LockRow(t.Context()); err == nil {
		t.Error("a row of no database is locked")
	}
	if err := p.StallDatabase(); err == nil {
		t.Error("no database is stopped")
	}
	if err := p.RestartDatabase(t.Context()); err == nil {
		t.Error("no database is restarted")
	}
	if err := p.RestoreDatabase(t.Context()); err != nil {
		t.Error(err)
	}
}
