// Package intake opens what benchrun reads: files that the user names, and what
// an earlier run has stored. Runs are handed around, so nothing in them is
// believed: only a regular file is opened (a pipe or a device would be read for
// ever), one inside a run's folder never leads out of it, no more is read than
// its kind may hold, and reading ends with its context.
//
// Errors are bench.UsageErrors for a file that is not what it should be, and
// bench.EnvironmentErrors for a machine that cannot read it. Both name the file,
// and wrap the cause: fs.ErrNotExist if there is no such file.
package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// Kind is what a file is to be.
type Kind struct {
	Name string // what comes before the path in errors, such as "--gate"; "" = nothing
	Most int64  // bytes that are read of it at most
}

// Small is what files that people write may have, bytes.
const Small = 1 << 20

// MostTail is how much of a server's output is shown, bytes.
const MostTail = 2000

// The kinds of what is stored. A cell takes 10 KB of run.json and an attempt 6 KB
// of cells.ndjson, so that both hold more than half a year of a machine's time.
var (
	Run      = Kind{Most: 64 << 20}          // run.json
	Attempts = Kind{Most: 64 << 20}          // cells.ndjson
	Record   = Kind{Most: 64 << 20}          // records/*, as stored
	Log      = Kind{Most: math.MaxInt64 - 1} // logs/*: of these only the end is read
)

// File is a file that is being read.
type File struct {
	ctx  context.Context //nolint:containedctx // an io.Reader has no other way to end
	file *os.File
	path string
	kind Kind
	size int64
	left int64
}

// noBlock opens without waiting: a named pipe has nobody at its other end, a
// terminal must not become benchrun's own.
const noBlock = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY

// Open opens a file that the user names; a symbolic link is followed.
func Open(ctx context.Context, path string, k Kind) (*File, error) {
	if err := k.refuse(path, statMode(os.Stat(path))); err != nil { // opening some devices does things
		return nil, err
	}
	f, err := os.OpenFile(path, noBlock, 0)
	if err != nil {
		return nil, k.failed(path, err)
	}
	return k.opened(ctx, path, f)
}

// OpenIn opens a file of the folder dir by its path there, and none outside.
func OpenIn(ctx context.Context, dir, rel string, k Kind) (*File, error) {
	path := filepath.Join(dir, rel)
	if err := k.refuse(path, statMode(os.Lstat(path))); err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() { // os.OpenRoot waits for a pipe's other end
		return nil, k.failed(path, syscall.ENOTDIR)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, k.failed(path, err)
	}
	defer func() { _ = root.Close() }() // only opened
	f, err := root.OpenFile(rel, noBlock, 0)
	if err != nil {
		return nil, k.failed(path, err)
	}
	return k.opened(ctx, path, f)
}

// Read reads all of a file that the user names.
func Read(ctx context.Context, path string, k Kind) ([]byte, error) {
	f, err := Open(ctx, path, k)
	if err != nil {
		return nil, err
	}
	return f.all()
}

// ReadIn reads all of a file of the folder dir.
func ReadIn(ctx context.Context, dir, rel string, k Kind) ([]byte, error) {
	f, err := OpenIn(ctx, dir, rel, k)
	if err != nil {
		return nil, err
	}
	return f.all()
}

// ReadSmall reads a file that people write, all of it. name is Kind.Name.
func ReadSmall(name, path string) ([]byte, error) {
	return Read(context.Background(), path, Kind{Name: name, Most: Small}) // over before anybody could end it
}

// mostNames is how many entries of a folder are read at most.
const mostNames = 10_000

// Names lists what a folder has, sorted. name is Kind.Name.
func Names(name, folder string) ([]string, error) {
	k := Kind{Name: name}
	f, err := os.OpenFile(folder, noBlock|syscall.O_DIRECTORY, 0)
	if errors.Is(err, syscall.ENOTDIR) {
		return nil, &bench.UsageError{Problem: k.named(folder) + ": not a folder", Hint: "remove it, or make a folder of that name"}
	}
	if err != nil {
		return nil, k.failed(folder, err)
	}
	defer func() { _ = f.Close() }() // only read
	names, err := f.Readdirnames(mostNames)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, k.failed(folder, err)
	}
	if len(names) == mostNames {
		return nil, bench.Usagef("%s: %d entries or more", k.named(folder), mostNames)
	}
	slices.Sort(names)
	return names, nil
}

// opened takes over a file that was opened, if it is what it should be.
func (k Kind) opened(ctx context.Context, path string, f *os.File) (*File, error) {
	info, err := f.Stat()
	if err == nil {
		err = k.refuse(path, info.Mode())
	}
	if err == nil && info.Size() > k.Most {
		err = k.tooLarge(path)
	}
	if err != nil {
		_ = f.Close() // only opened
		return nil, k.failed(path, err)
	}
	return &File{ctx: ctx, file: f, path: path, kind: k, size: info.Size(), left: k.Most}, nil
}

// patience is how long a file may keep its reader waiting: a regular one never
// does, but /proc has some that do.
const patience = time.Second

// Read reads on, until the context ends. More than the kind may hold is an error.
func (f *File) Read(p []byte) (int, error) {
	if f.ctx.Err() != nil {
		return 0, context.Cause(f.ctx)
	}
	if f.left < 0 {
		return 0, f.kind.tooLarge(f.path)
	}
	_ = f.file.SetReadDeadline(time.Now().Add(patience))           // of files of the kernel that wait though they look regular; others have none
	n, err := f.file.Read(p[:min(int64(len(p)), f.left+1, 1<<20)]) // one more tells that there is more
	if f.left -= int64(n); f.left < 0 {
		return n, f.kind.tooLarge(f.path)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = f.kind.refuse(f.path, fs.ModeIrregular)
	case err != nil && !errors.Is(err, io.EOF):
		err = f.kind.failed(f.path, err)
	}
	return n, err
}

// Size is how many bytes it had when it was opened.
func (f *File) Size() int64 { return f.size }

// End leaves out all but the last n bytes of those that were there when the file
// was opened; it is called before anything is read. Nothing is read beyond them.
func (f *File) End(n int64) (io.Reader, error) {
	if _, err := f.file.Seek(max(0, f.size-n), io.SeekStart); err != nil {
		return nil, f.kind.failed(f.path, err)
	}
	return io.LimitReader(f, n), nil
}

// Tail is the end of a text, at most n bytes of it, as valid UTF-8; "" where it
// cannot be read.
func (f *File) Tail(n int64) string {
	end, err := f.End(n)
	if err != nil {
		return ""
	}
	return Text(end)
}

// Text is all of r as valid UTF-8, without white space around it; "" where it cannot be
// read.
func Text(r io.Reader) string {
	text, err := io.ReadAll(r)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(text), "?"))
}

// Close ends reading.
func (f *File) Close() error { return f.file.Close() }

func (f *File) all() ([]byte, error) {
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return text, nil
}

// statMode is what a file is; 0, a regular one, where opening it will tell.
func statMode(info fs.FileInfo, err error) fs.FileMode {
	if err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return 0
	}
	return info.Mode()
}

// refuse says what is wrong with a file that is not regular.
func (k Kind) refuse(path string, mode fs.FileMode) error {
	e := &bench.UsageError{Hint: "name a regular file"}
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		e.Problem = k.named(path) + ": is a directory"
	case mode&fs.ModeNamedPipe != 0:
		e.Problem, e.Hint = k.named(path)+": is a pipe", "write what comes out of it to a file, and name that"
	case mode&fs.ModeDevice != 0:
		e.Problem = k.named(path) + ": is a device"
	default:
		e.Problem = k.named(path) + ": is not a regular file"
	}
	return e
}

func (k Kind) tooLarge(path string) error {
	return &bench.UsageError{
		Problem: fmt.Sprintf("%s: more than %s", k.named(path), size(k.Most)),
		Hint:    "check that it is the right file: benchrun expects none so large",
	}
}

// failed makes the error of what the file system refused.
func (k Kind) failed(path string, err error) error {
	var usage *bench.UsageError
	var p *fs.PathError
	switch {
	case errors.As(err, &usage):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return &bench.UsageError{Problem: k.named(path) + ": no such file or folder", Err: fs.ErrNotExist}
	case strings.HasSuffix(err.Error(), "path escapes from parent"): // os.Root has no other word for it
		return &bench.UsageError{Problem: k.named(path) + ": leads out of the folder", Hint: "put the file itself there, not a link to it"}
	case errors.Is(err, syscall.ENXIO): // a socket
		return k.refuse(path, fs.ModeSocket)
	case errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		return &bench.UsageError{Problem: k.named(path) + ": not the path of a file"}
	case errors.As(err, &p):
		err = p.Err
	}
	return &bench.EnvironmentError{Problem: "read " + k.named(path), Err: err}
}

func (k Kind) named(path string) string { return strings.TrimSpace(k.Name + " " + path) }

func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
