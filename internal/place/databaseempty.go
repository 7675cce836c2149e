package place

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/launch"
	"benchrun/internal/postgresql"
	"benchrun/targets"
)

// mostDatabaseFile bounds a file of an empty database, in bytes.
const mostDatabaseFile = 64 << 20

// emptyDatabase is the folder of a database in which nothing is yet, and the programs that
// made it. It is made once for each version of PostgreSQL, and kept in the cache.
func (h *Host) emptyDatabase(ctx context.Context) (programs postgresql.Programs, data string, err error) {
	programs, ok := postgresql.Find()
	if !ok {
		return programs, "", &bench.EnvironmentError{Problem: "PostgreSQL is not installed", Hint: "run: sudo apt-get install postgresql"}
	}
	cache, err := targets.CacheFolder()
	if err != nil {
		return programs, "", err
	}
	folder := filepath.Join(cache, "databases", fmt.Sprintf("postgresql-%d-of-%d", programs.Major, os.Geteuid()))
	data, marker := filepath.Join(folder, "data"), filepath.Join(folder, ".complete")
	if is(marker) {
		return programs, data, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return programs, "", fmt.Errorf("database: %w", err)
	}
	lock, err := os.OpenFile(folder+".lock", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return programs, "", fmt.Errorf("database: %w", err)
	}
	defer func() { _ = lock.Close() }() // unlocks; nothing was written
	if err := targets.AwaitLock(ctx, lock, func() { h.note("waiting for another benchrun that makes an empty database") }); err != nil {
		return programs, "", err
	}
	if is(marker) {
		return programs, data, nil
	}
	if err := errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o755), os.Chmod(folder, 0o755), os.Mkdir(data, 0o700), own(data, h.User)); err != nil {
		return programs, "", fmt.Errorf("database: %w", err)
	}
	if err := h.initialise(ctx, programs, data, lock); err != nil {
		return programs, "", err
	}
	return programs, data, os.WriteFile(marker, nil, 0o644)
}

// initialise makes an empty database as the servers' user, and then takes it away from
// that user: no server may change what later ones begin with.
func (h *Host) initialise(ctx context.Context, programs postgresql.Programs, data string, lock *os.File) error {
	log := filepath.Join(filepath.Dir(data), "initdb.log")
	out, err := os.Create(log)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	p := targets.Program{Argv: programs.Initialise(data), Env: databaseEnv(), Builds: true, Lock: lock, Out: out}
	if h.User != nil {
		p.User = &targets.RunAs{Name: h.User.Name}
	}
	exit, _, err := h.RunProgram(ctx, p)
	if err = errors.Join(err, out.Close()); err == nil && exit != (bench.ExitStatus{}) {
		err = &bench.EnvironmentError{Problem: fmt.Sprintf("PostgreSQL could not make an empty database (%+v)", exit), Hint: "the log is " + log}
	}
	if err != nil || h.User == nil {
		return err
	}
	return filepath.WalkDir(data, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, os.Geteuid(), os.Getegid()))
	})
}

// copyFolder copies a folder of regular files for a user (nil: for the one who runs
// benchrun). Nobody else may read the copy.
func copyFolder(ctx context.Context, from, to string, user *launch.User) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			err = os.Mkdir(target, 0o700)
		} else {
			err = copyFile(ctx, path, target)
		}
		return errors.Join(err, own(target, user))
	})
}

func copyFile(ctx context.Context, from, to string) error {
	in, err := intake.Open(ctx, from, intake.Kind{Name: "file of an empty database", Most: mostDatabaseFile})
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// own gives a file to the user that servers run as, if that is another one.
func own(path string, user *launch.User) error {
	if user == nil {
		return nil
	}
	return os.Lchown(path, user.UID, user.GID)
}

func is(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// note reports something to whoever listens.
func (h *Host) note(text string) {
	if h.Note != nil {
		h.Note(text)
	}
}
