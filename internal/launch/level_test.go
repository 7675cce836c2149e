package launch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// FindLevel returns the error of an interruption, and nothing about this machine.
func TestProbeInterrupted(t *testing.T) {
	ownTemp(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	cancel(why)
	_, err := FindLevel(ctx, nil)
	var env *bench.EnvironmentError
	if !errors.Is(err, why) || errors.As(err, &env) {
		t.Errorf("error %v, want %v", err, why)
	}
}

// An unusable TMPDIR is named in the error, with what the user can do.
func TestProbeNamesTMPDIR(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/no such folder", file, "/proc"} {
		t.Setenv("TMPDIR", dir)
		_, err := FindLevel(t.Context(), nil)
		var env *bench.EnvironmentError
		if !errors.As(err, &env) || !strings.Contains(err.Error(), "TMPDIR is "+dir) || !strings.Contains(env.Hint, "set TMPDIR") {
			t.Errorf("TMPDIR=%s: %v", dir, err)
		}
	}
}

// TMPDIR may be relative or long, and may contain blanks.
func TestOddTMPDIR(t *testing.T) {
	ownTemp(t)
	t.Chdir(os.Getenv("TMPDIR"))
	odd := "a b\t" + strings.Repeat("x", 200)
	if err := os.Mkdir(odd, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", odd)
	user, err := Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	caps, err := FindLevel(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	g := startPart(t, caps, smallLimits, "sh", "-c", "pwd; echo done")
	eventually(t, "the log is written", func() bool { return strings.HasSuffix(logOf(g), "done\n") })
	if !strings.Contains(logOf(g), odd) {
		t.Errorf("it ran in %q, want it to be below %q", logOf(g), odd)
	}
}

func TestCapabilitiesHave(t *testing.T) {
	if !(Capabilities{Memory: true}).Has(bench.HostMemoryLimit) || (Capabilities{CPU: true, PIDs: true}).Has(bench.HostMemoryLimit) {
		t.Error("a memory limit is had where there is none, or not where there is one")
	}
	if !(Capabilities{PIDs: true}).Has(bench.HostProcessLimit) || (Capabilities{CPU: true, Memory: true}).Has(bench.HostProcessLimit) {
		t.Error("a limit of processes is had where there is none, or not where there is one")
	}
	for _, level := range Levels() {
		if (Capabilities{Level: level, Private: true}).Has(bench.HostOwnMounts) != (level == PIDNamespace) {
			t.Errorf("level %s: it has own mounts, or has them not", level)
		}
		if (Capabilities{Level: level}).Has(bench.HostProcessTree) != (level != ProcessGroup) {
			t.Errorf("level %s: it distinguishes processes, or does not", level)
		}
	}
	if (Capabilities{Memory: true, CPU: true, PIDs: true, Private: true}).Has("teleportation") {
		t.Error("a machine has what nobody knows")
	}
}
