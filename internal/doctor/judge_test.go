package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/postgresql"
)

// Each judgement, on machines that are not here.
func TestJudgements(t *testing.T) {
	all := launch.Capabilities{Level: launch.PIDNamespace, Cgroup: "cgroup-v1", CPU: true, Memory: true, PIDs: true}
	bare := launch.Capabilities{Level: launch.Subreaper, Why: []string{
		"level pid-namespace is not available: operation not permitted", "no cgroups are mounted"}}
	some := launch.Capabilities{Level: launch.UserNamespace, Cgroup: "cgroup-v2", CPU: true, Why: []string{"cgroup v2 does not pass on the controller memory"}}
	lim := bench.Limits{CPUs: 1.5, MemoryBytes: 2 << 30, PIDs: 4096}
	noPorts := &bench.EnvironmentError{Problem: "no ports between 20000 and the ephemeral range at 1024"}
	sample := func(o bench.Outcome, took time.Duration) bench.Sample {
		return bench.Sample{Outcome: o, Due: 1, Done: 1 + int64(took)}
	}
	const mib = 1 << 20
	for _, tt := range []struct {
		name  string
		got   Check
		state State
		says  string // in text or fix
	}{
		{"namespace", supervision(all), OK, "pid-namespace"},
		{"user namespace", supervision(some), OK, "user-namespace"},
		{"subreaper", supervision(bare), Warn, "operation not permitted"},
		{"places", places(launch.Capabilities{Private: true}, bench.Limits{TmpBytes: 256 << 20}), OK, "its own IPC, /tmp, /dev/shm and the like (256 MiB)"},
		{"shared places", places(bare, lim), Warn, "shares IPC"},
		{"limits", limits(all, lim), OK, "1.5 CPUs, 2048 MiB, 4096 processes"},
		{"some limits", limits(some, lim), Warn, "cgroup-v2: 1.5 CPUs; no limit for memory, processes; cgroup v2 does not pass on"},
		{"no limits", limits(bare, lim), Warn, "no cgroups are mounted"},
		{"clean", leftovers(nil, nil), OK, ""},
		{"left", leftovers([]string{"/tmp/benchrun-0/12"}, nil), Warn, "/tmp/benchrun-0/12"},
		{"foreign folder", leftovers(nil, errors.New("belongs to user 7")), Bad, "belongs to user 7"},
		{"packages there", packages([]string{"gcc"}, nil, "", ""), OK, "gcc"},
		{"packages as sudo", packages([]string{"gcc"}, []string{"gcc"}, "apt-get install gcc", "sudo"), Warn, "as sudo"},
		{"packages by hand", packages([]string{"gcc"}, []string{"gcc"}, "apt-get install gcc", ""), Bad, "apt-get install gcc"},
		{"database", database(postgresql.Programs{Folder: "/usr/lib/postgresql/15/bin", Major: 15}, true, "", ""), OK, "PostgreSQL 15 in /usr/lib/postgresql/15/bin"},
		{"database as root", database(postgresql.Programs{}, false, "root", "apt-get install postgresql"), Warn, "as root"},
		{"database by hand", database(postgresql.Programs{}, false, "", "apt-get install postgresql"), Warn, "unsupported"},
		{"memory", memory(8192*mib, 512*mib, 2048*mib), OK, "8192 MiB"},
		{"memory at the limit", memory(2560*mib, 512*mib, 2048*mib), OK, ""},
		{"memory scarce", memory(2559*mib, 512*mib, 2048*mib), Warn, "512 MiB"},
		{"memory gone", memory(511*mib, 512*mib, 2048*mib), Bad, "512 MiB"},
		{"disk", disk("disk-cache", "/c", "move", 1024*mib), OK, "/c"},
		{"disk scarce", disk("disk-cache", "/c", "move", 1023*mib), Warn, "move"},
		{"disk full", disk("disk-cache", "/c", "move", 199*mib), Bad, "200 MiB"},
		{"two CPUs", cpus(2), OK, "2"},
		{"one CPU", cpus(1), Warn, "share"},
		{"files", files(8192, false), OK, "8192"},
		{"files few", files(4096, false), Warn, "ulimit"},
		{"files few for root", files(4096, true), OK, "4096"},
		{"files too few", files(1024, true), Bad, "LimitNOFILE"},
		{"ports", ports(32768, 60999, nil), OK, "32768-60999"},
		{"ports few", ports(50000, 51000, nil), Warn, "1001 ports"},
		{"ports for no server", ports(1024, 60999, noPorts), Bad, "no ports between"},
		{"quiet", load(1, 2), OK, "1.00 on 2"},
		{"busy", load(1.01, 2), Warn, "do not count"},
		{"steady", stalls([]bench.Sample{sample(bench.OK, time.Millisecond)}), OK, "0 of 1"},
		{"stalled", stalls([]bench.Sample{sample(bench.OK, 0), sample(bench.Late, 300*time.Millisecond)}), Warn, "1 of 2"},
		{"unheard", stalls(nil), Bad, "could not be asked"},
	} {
		if tt.got.State != tt.state || !strings.Contains(tt.got.Text+"\n"+tt.got.Fix, tt.says) {
			t.Errorf("%s: %s %q, fix %q; want %s with %q", tt.name, tt.got.State, tt.got.Text, tt.got.Fix, tt.state, tt.says)
		}
		if tt.got.State == Warn && tt.got.Fix == "" {
			t.Errorf("%s: a warning without a fix", tt.name)
		}
	}
}

// What was never looked at does not pass.
func TestZeroIsBad(t *testing.T) {
	if err := Verdict([]Check{{Name: "unseen"}}); err == nil {
		t.Error("a check without a state passes")
	}
	if err := Verdict([]Check{{Name: "a", State: OK}, {Name: "b", State: Warn}}); err != nil {
		t.Errorf("a warning is no obstacle: %v", err)
	}
}

func TestFreeBytes(t *testing.T) {
	there, err := freeBytes(t.TempDir())
	if err != nil || there <= 0 {
		t.Fatalf("%d, %v", there, err)
	}
	if absent, err := freeBytes(filepath.Join(t.TempDir(), "not", "yet")); err != nil || absent <= 0 {
		t.Errorf("a folder that is still to be made: %d, %v", absent, err)
	}
}

func TestWritable(t *testing.T) {
	if err := writable(filepath.Join(t.TempDir(), "not", "yet")); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writable(filepath.Join(file, "below")); err == nil {
		t.Error("a file can have folders below it")
	}
}

// Root is not told to be root.
func TestFixesHelp(t *testing.T) {
	for _, fix := range []func(uid int) string{namespacesFix, cgroupsFix} {
		if root, user := fix(0), fix(1000); strings.Contains(root, "as root") || !strings.Contains(root, "container") || !strings.Contains(user, "run as root") {
			t.Errorf("root: %q; a user: %q", root, user)
		}
	}
}
