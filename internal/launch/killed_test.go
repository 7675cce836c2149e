package launch

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// playedBenchrun is a child process of the test that runs a hostile server as benchrun
// would.
type playedBenchrun struct {
	told
	cmd  *exec.Cmd
	port int
}

func startBenchrun(t *testing.T, caps Capabilities) *playedBenchrun {
	t.Helper()
	port, arg := testPort(t)
	cmd := exec.Command("/proc/self/exe", "__part", "benchrun", string(caps.Level), caps.Cgroup, arg)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &playedBenchrun{cmd: cmd, port: port}
	t.Cleanup(func() { b.kill(t) })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &b.told); err != nil {
		t.Fatal(err)
	}
	if b.Members != daemons+1 || PortFree(port) {
		t.Fatalf("%d members, want %d; port free: %v, want false", b.Members, daemons+1, PortFree(port))
	}
	return b
}

// kill does kill -9, once.
func (b *playedBenchrun) kill(t *testing.T) {
	t.Helper()
	if b.cmd.ProcessState == nil {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
	}
}

// left returns the pids of what still lives of the server.
func (b *playedBenchrun) left(t *testing.T) []int {
	t.Helper()
	pids, err := marked(filepath.Base(b.Scratch))
	if err != nil {
		t.Fatal(err)
	}
	return pids
}

func (b *playedBenchrun) swept(t *testing.T) {
	t.Helper()
	said, err := Sweep()
	if err != nil || len(said) != 1 || !strings.Contains(said[0], b.Scratch) {
		t.Fatalf("Sweep said %q, %v; want one sentence on %s", said, err, b.Scratch)
	}
	t.Log(said[0])
	if pids := b.left(t); len(pids) > 0 || !PortFree(b.port) {
		t.Errorf("after Sweep: processes %v, port free %v", pids, PortFree(b.port))
	}
	for _, dir := range append(b.Cgroups, b.Scratch) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after Sweep %s is still there (%v)", dir, err)
		}
	}
}

func TestKilledBenchrunLeavesNothing(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			b := startBenchrun(t, caps)
			if said, err := Sweep(); err != nil || len(said) > 0 {
				t.Fatalf("Sweep touched a living benchrun: %q %v", said, err)
			}
			b.kill(t)
			eventually(t, "everything is gone", func() bool { return len(b.left(t)) == 0 && PortFree(b.port) })
			b.swept(t)
		})
	}
}

// TestKilledTwice kills the supervisor as well. It stops the supervisor first, so that
// it cannot react to benchrun's death.
func TestKilledTwice(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		for _, cgroup := range withAndWithout(caps) {
			caps.Cgroup = cgroup
			t.Run(string(caps.Level)+"/"+cgroup, func(t *testing.T) {
				b := startBenchrun(t, caps)
				if err := syscall.Kill(b.Shim, syscall.SIGSTOP); err != nil {
					t.Fatal(err)
				}
				b.kill(t)
				if caps.Level.namespaced() { // the kernel has killed the leader already
					eventually(t, "everything is gone", func() bool { return len(b.left(t)) == 0 && PortFree(b.port) })
					b.swept(t)
					return
				}
				if err := syscall.Kill(b.Shim, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				if n := len(b.left(t)); n < daemons {
					t.Errorf("%d processes are left; the test does not test what it says", n)
				}
				b.swept(t)
			})
		}
	}
}

// Sweep finds a supervisor that is stopped and so cannot end anything by itself.
func TestSweepKillsSupervisor(t *testing.T) {
	ownTemp(t)
	b := startBenchrun(t, Capabilities{Level: Subreaper})
	if err := syscall.Kill(b.Shim, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	b.kill(t)
	b.swept(t)
	if runs(b.Shim) {
		t.Errorf("the supervisor (pid %d) is alive after Sweep", b.Shim)
	}
}

// withAndWithout lists the cgroup versions to try at a level. Outside of namespaces,
// the result depends on whether there is one.
func withAndWithout(caps Capabilities) []string {
	if caps.Cgroup == "" || caps.Level.namespaced() {
		return []string{caps.Cgroup}
	}
	return []string{caps.Cgroup, ""}
}

// TestAsOrdinaryUser repeats those tests without root for which root matters.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the tests run as an ordinary user already")
	}
	ownTemp(t)
	user, err := Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "nobody")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, user.UID, user.GID); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.count=1",
		"-test.run=TestDestroy|TestKilled|TestSweepKills|TestSupervisor|TestNice|TestWhat|TestExit|TestProbe|TestRemove")
	cmd.Env = []string{"PATH=/usr/bin:/bin", "TMPDIR=" + home}
	cmd.Dir = home
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user.UID), Gid: uint32(user.GID)}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("as %s: %v\n%s", user.Name, err, out)
	}
	for _, want := range []string{"--- PASS: TestDestroyLeavesNothing/subreaper", "--- PASS: TestKilledTwice/subreaper"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("as %s: no %q in\n%s", user.Name, want, out)
		}
	}
	t.Logf("%s", out)
}
