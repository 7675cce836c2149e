package place

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// pairOf is a target that plays a part, behind a front of benchrun's own.
func pairOf(t *testing.T, target *Target, front string) *Target {
	t.Helper()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := reg.Front(front)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(f.CommandWords[0]); err != nil {
		t.Skipf("%s is not installed: apt-get install %s", f.Title, strings.Join(f.Install.Apt, " "))
	}
	target.Server = target.Server.Behind(f)
	return target
}

// A server is asked through its front, both are ready before the target is, both are
// watched, and both end. The server that is killed and started again serves through the same
// front.
func TestFront(t *testing.T) {
	for name, server := range map[string]string{"nginx": "nginx/", "haproxy": "", "apache": "Apache/"} {
		t.Run(name, func(t *testing.T) {
			host, target := appHost(t)
			pair := pairOf(t, target("honest"), name)
			p, journal := appPlace(t, host, pair, bench.NewClock())
			boot, err := p.Ready(t.Context(), 15*time.Second)
			if err != nil || !boot.Ready || len(boot.PIDs) != 1 || boot.PIDs[0] == p.group.BesidePID() {
				t.Fatalf("%+v, %v", boot, err)
			}
			answer, err := http.Get("http://" + p.Addr() + "/ping")
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if got := answer.Header.Get("Server"); answer.StatusCode != http.StatusOK || !strings.HasPrefix(got, server) {
				t.Errorf("status %d from %q", answer.StatusCode, got)
			}
			argv, _, err := p.Command()
			if before := strings.Join(p.FrontCommand(), " "); err != nil || strings.Contains(strings.Join(argv, " "), p.Addr()[len("127.0.0.1:"):]) || !strings.Contains(before, p.scratch.Work+"/front") {
				t.Errorf("%q before %q on %s, %v", before, argv, p.Addr(), err)
			}
			if p.Leader() == p.group.BesidePID() || p.Leader() != boot.PIDs[0] {
				t.Errorf("leader %d, front %d", p.Leader(), p.group.BesidePID())
			}
			if name != "apache" { // which does not ask the server again for a minute
				if a, err := p.KillLeader(t.Context(), "f0"); err != nil || !a.Ready || a.Lost > 0 || a.Old > 0 {
					t.Errorf("started again: %+v, %v", a, err)
				}
			}
			stop := p.Stop(t.Context(), 10*time.Second)
			if stop.AlreadyGone || stop.NeededSIGKILL || !stop.PortFreed || stop.Survivors > 0 {
				t.Errorf("%+v", stop)
			}
			if exit := p.group.BesideExit(); exit == nil || *exit != (bench.ExitStatus{}) {
				t.Errorf("the front ended %+v", exit)
			}
			if err := p.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			died := map[int]bool{}
			for _, e := range journal.Snapshot().Procs {
				died[e.PID] = died[e.PID] || e.Event == bench.Died
			}
			if !died[p.group.BesidePID()] || len(died) < 3 {
				t.Errorf("nobody saw the front's processes: %v", died)
			}
		})
	}
}

// A front that cannot start makes a target that is not ready, and says why.
func TestFrontThatDoesNotStart(t *testing.T) {
	host, target := appHost(t)
	pair := pairOf(t, target("honest"), "nginx")
	broken := *pair.Server.Front
	broken.Files = map[string]string{"nginx.conf": "nonsense {port} {server};"}
	pair.Server = target("honest").Server.Behind(&broken)
	p, _ := appPlace(t, host, pair, bench.NewClock())
	boot, err := p.Ready(t.Context(), 15*time.Second)
	if err != nil || boot.Ready || boot.Note != "nginx, the front, ended with exit code 1 before the two were ready" || !strings.Contains(boot.LogTail, `unknown directive "nonsense"`) {
		t.Errorf("%+v, %v", boot, err)
	}
}

// What the front has logged is kept below what the server has. A link that the server may
// have put in its place is not followed out of the place's folder.
func TestFrontsLog(t *testing.T) {
	host, target := appHost(t)
	pair := pairOf(t, target("honest"), "nginx")
	p, _ := appPlace(t, host, pair, bench.NewClock())
	if boot, err := p.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
		t.Fatalf("%+v, %v", boot, err)
	}
	if err := p.group.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.group.Done()
	if answer, err := http.Get("http://" + p.Addr() + "/ping"); err != nil || answer.StatusCode != http.StatusBadGateway {
		t.Errorf("%+v, %v", answer, err)
	}
	log := filepath.Join(p.front.at.Work, "error.log")
	for deadline := time.Now().Add(5 * time.Second); p.frontWords() == "" && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.keepFrontWords(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, log); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(p.logPath)
	if err != nil || !strings.Contains(string(text), "# the end of the log of nginx, the front:\n") || !strings.Contains(string(text), "Connection refused") || strings.Contains(string(text), "secret") {
		t.Errorf("%q, %v", text, err)
	}
}
