package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/procfs"
)

// What a benchmark needs of this machine, in bytes and numbers.
const (
	diskLeast  = 200 << 20 // an environment with a compiler's leavings
	diskEnough = 1 << 30
	filesLeast = 2048 // an attempt's own connections, logs and records
	filesBest  = 8192 // what servers are given
	// At 100 connections a second that rest in TIME_WAIT for a minute, and with
	// the probes' bursts.
	portsEnough = 10_000
)

func lookMemory(_ context.Context, p *patient) []Check {
	free, err := procfs.MemAvailable()
	if err != nil {
		return []Check{{Name: "memory", Text: problem(err)}}
	}
	floor := int64(512 << 20)
	limit := p.host.MemoryBytes / 2
	if p.machine != nil {
		floor, limit = p.machine.MemoryFloor, p.machine.Limits.MemoryBytes
	}
	return []Check{memory(free, floor, limit)}
}

// memory compares what is free with the floor below which a run is broken off,
// and with what a server may take above it.
func memory(free, floor, limit int64) Check {
	c := Check{Name: "memory", State: OK, Text: fmt.Sprintf("%d MiB available; a server may take %d", free>>20, limit>>20)}
	switch {
	case free < floor:
		c.State, c.Fix = Bad, fmt.Sprintf("end other programs: with less than %d MiB benchrun ends every attempt early", floor>>20)
	case free < floor+limit:
		c.State, c.Fix = Warn, fmt.Sprintf("end other programs: benchrun ends an attempt early when its server leaves less than %d MiB", floor>>20)
	}
	return c
}

func lookDisks(_ context.Context, p *patient) []Check {
	var checks []Check
	for _, place := range []struct{ name, folder, move string }{
		{"disk-results", p.wanted.Out, "give another --out"},
		{"disk-scratch", os.TempDir(), "set TMPDIR"},
		{"disk-cache", p.cache, "set BENCHRUN_CACHE"},
	} {
		if place.folder == "" {
			continue
		}
		free, err := freeBytes(place.folder)
		if err == nil && place.folder == p.wanted.Out {
			err = writable(place.folder)
		}
		if err != nil {
			checks = append(checks, Check{Name: place.name, Text: problem(err), Fix: place.move})
			continue
		}
		checks = append(checks, disk(place.name, place.folder, place.move, free))
	}
	return checks
}

// freeBytes is what an ordinary user can still write in folder, or, where it
// is not there yet, in the nearest folder above it.
func freeBytes(folder string) (int64, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return 0, err
	}
	for {
		var st unix.Statfs_t
		err := unix.Statfs(folder, &st)
		if err == nil {
			return int64(st.Bavail) * st.Bsize, nil //nolint:gosec // no disk has 8 EiB
		}
		up := filepath.Dir(folder)
		if !errors.Is(err, fs.ErrNotExist) || up == folder {
			return 0, fmt.Errorf("%s: %w", folder, err)
		}
		folder = up
	}
}

// writable says whether folder, or the nearest one above it, can be written to.
func writable(folder string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	for {
		err := unix.Access(folder, unix.W_OK|unix.X_OK)
		up := filepath.Dir(folder)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, fs.ErrNotExist) || up == folder:
			return fmt.Errorf("%s: %w", folder, err)
		}
		folder = up
	}
}

func disk(name, folder, move string, free int64) Check {
	c := Check{Name: name, State: OK, Text: fmt.Sprintf("%d MiB free for %s", free>>20, folder)}
	switch {
	case free < diskLeast:
		c.State, c.Fix = Bad, fmt.Sprintf("make room, %d MiB at least, or %s", diskLeast>>20, move)
	case free < diskEnough:
		c.State, c.Fix = Warn, "make room, or "+move
	}
	return c
}

func lookCPUs(_ context.Context, p *patient) []Check { return []Check{cpus(p.host.CPUs)} }

func cpus(n int) Check {
	c := Check{Name: "cpus", State: OK, Text: fmt.Sprintf("%d", n)}
	if n < 2 {
		c.State, c.Text = Warn, "1: the server and the clients share it"
		c.Fix = "use a machine with two: here a busy server makes verdicts invalid"
	}
	return c
}

func lookFiles(context.Context, *patient) []Check {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return []Check{{Name: "open-files", Text: problem(err)}}
	}
	// Go raises the soft limit to the hard one, and root may raise that.
	return []Check{files(r.Max, os.Geteuid() == 0)}
}

func files(most uint64, root bool) Check {
	c := Check{Name: "open-files", State: OK, Text: fmt.Sprintf("%d file descriptors", most)}
	switch {
	case most < filesLeast:
		c.State, c.Fix = Bad, fmt.Sprintf("ulimit -Hn %d, or LimitNOFILE= of the service", filesBest)
	case most < filesBest && !root:
		c.State, c.Fix = Warn, fmt.Sprintf("ulimit -Hn %d: servers get no more than you have", filesBest)
	}
	return c
}

func lookPorts(context.Context, *patient) []Check {
	port, pickErr := launch.PickPort()
	port.Release()
	low, high, err := procfs.ClientPorts()
	if err != nil {
		return []Check{{Name: "ports", Text: "ip_local_port_range: " + problem(err)}}
	}
	return []Check{ports(low, high, pickErr)}
}

// ports tells whether the clients have enough ports and the servers one.
func ports(low, high int, pickErr error) Check {
	c := Check{Name: "ports", State: OK, Text: fmt.Sprintf("clients use %d-%d; a server gets a free one below", low, high)}
	var env *bench.EnvironmentError
	switch {
	case errors.As(pickErr, &env):
		c.State, c.Text, c.Fix = Bad, problem(pickErr), "sysctl net.ipv4.ip_local_port_range='32768 60999'"
	case pickErr != nil:
		c.State, c.Text = Bad, problem(pickErr)
	case high-low+1 < portsEnough:
		c.State, c.Text = Warn, fmt.Sprintf("clients have only %d ports (%d-%d)", high-low+1, low, high)
		c.Fix = "sysctl net.ipv4.ip_local_port_range='32768 60999'"
	}
	return c
}
