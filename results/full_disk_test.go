package results

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"benchrun/internal/bench"
)

// fullDiskArg makes the test binary fill a small disk: see fillDisk.
const fullDiskArg = "__fill-disk"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == fullDiskArg {
		if err := fillDisk(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func diskFull(err error) bool {
	var env *bench.EnvironmentError
	return errors.As(err, &env) && errors.Is(err, syscall.ENOSPC) &&
		strings.Contains(err.Error(), "write ") && strings.Contains(err.Error(), "disk full: free space and")
}

// TestFullDisk runs fillDisk in a mount namespace. The file system ends with it, even if
// the test is killed.
func TestFullDisk(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", fullDiskArg, t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Start()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) {
		t.Skip("this machine gives no mount namespace: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
}

// fillDisk mounts 256 KiB of tmpfs and writes a run until it is full. Afterwards,
// everything that was written before must be there, and nothing incomplete.
func fillDisk(dir string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("benchrun-test", dir, "tmpfs", 0, "size=256k"); err != nil {
		return err
	}
	f, err := Create(dir, bench.Run{})
	if err != nil {
		return err
	}
	r := rand.New(rand.NewSource(2))
	written := 0
	for ; written < 1000; written++ {
		if err = f.WriteRecord(f.RecordPath("a/b/c", written), randomRecord(r)); err != nil {
			break
		}
	}
	if !diskFull(err) {
		return fmt.Errorf("after %d records: %w", written, err)
	}
	// A record needs space for a new file; an appended line may still find some.
	line := testLine(1)
	lines := 0
	for err = nil; lines < 10_000 && err == nil; lines++ {
		err = f.AppendAttempt(line)
	}
	if !diskFull(err) {
		return fmt.Errorf("after %d lines: %w", lines, err)
	}
	if err := f.WriteRun(bench.Run{ID: "second", Args: []string{strings.Repeat("x", 300<<10)}}); !diskFull(err) {
		return fmt.Errorf("run.json: %w", err)
	}
	if run, err := f.Run(context.Background()); err != nil || run.ID == "second" {
		return fmt.Errorf("the first run.json reads as %+v: %w", run, err)
	}
	got, torn, _, err := f.ReadAttempts(context.Background())
	if err != nil || torn != "" || len(got) != lines-1 {
		return fmt.Errorf("%d lines of %d came back, torn %q: %w", len(got), lines-1, torn, err)
	}
	files, err := f.Records()
	if err != nil || len(files) != written || written == 0 {
		return fmt.Errorf("%d records of %d are there: %w", len(files), written, err)
	}
	for _, rel := range files {
		if _, err := f.ReadRecord(context.Background(), rel); err != nil {
			return err
		}
	}
	if left, err := filepath.Glob(f.Join(RecordsDir + "/*" + tempSuffix)); err != nil || len(left) != 0 {
		return fmt.Errorf("left behind: %v, %w", left, err)
	}
	return nil
}

func TestWriteErrors(t *testing.T) {
	f := &Folder{path: t.TempDir()}
	path := f.Join("f")
	err := f.atomically("f", func(w io.Writer) error { return errors.New("bad figure") })
	var env *bench.EnvironmentError
	if err == nil || errors.As(err, &env) || !strings.Contains(err.Error(), path+": bad figure") {
		t.Errorf("an encoder's error came back as %v", err)
	}
	err = f.atomically("f/no/folder", func(io.Writer) error { return nil })
	if !errors.As(err, &env) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing folder gave %v", err)
	}
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOSPC: "write p: no space left on device; disk full: free space and",
		syscall.EDQUOT: "write p: disk quota exceeded; disk full: free space and",
		syscall.EROFS:  "write p: read-only file system; choose a folder",
		syscall.EACCES: "write p: permission denied; choose a folder",
		syscall.EIO:    "write p: input/output error",
	} {
		err := writeError("p", &os.PathError{Op: "write", Path: "p", Err: errno})
		if !errors.As(err, &env) || !errors.Is(err, errno) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v gave %q; want %q", errno, err, want)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}
