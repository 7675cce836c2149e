package place

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// appCommand makes the test binary a server. Its arguments: what it does to its
// receipts when a fault is requested, or how it fails to start; its port; its app
// folder.
const appCommand = "__app"

func playApp(part, port, folder string) error {
	var attempt struct{ Token, Receipts string }
	b, err := os.ReadFile(filepath.Join(folder, "attempt.json"))
	if err == nil {
		err = json.Unmarshal(b, &attempt)
	}
	switch {
	case err != nil:
		return err
	case part == "broken":
		return errors.New("will not serve")
	case part == "stranger":
		attempt.Token = "another's"
	case part == "waiting": // until the test has taken its port
		for {
			if _, err := os.Stat(filepath.Join(folder, "go")); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
	case part == "filler": // small files, each removed from its place but held open, or not
		var held []*os.File
		for i := range 200 {
			f, err := os.Create(filepath.Join(folder, "filled"+strconv.Itoa(i)))
			if err != nil {
				return err
			}
			if _, err := f.Write(make([]byte, 1<<20)); err != nil {
				return err
			}
			if held = append(held, f); i%2 == 0 {
				_ = os.Remove(f.Name())
			}
			time.Sleep(20 * time.Millisecond)
		}
		defer runtime.KeepAlive(held)
	case part == "hoarder": // of descriptors
		for range 100 {
			f, err := os.Open(os.DevNull)
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }()
		}
	case part == "tmp": // until it is full
		_ = os.WriteFile("/var/tmp/filled", make([]byte, 8<<20), 0o600)
	case part == "replace":
		_ = os.Rename(attempt.Receipts, attempt.Receipts+"2")
		_ = unix.Mkfifo(attempt.Receipts, 0o666)
	}
	receipts, err := os.OpenFile(attempt.Receipts, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	write := func(nonce string) {
		_ = json.NewEncoder(receipts).Encode(bench.Receipt{T: bench.Monotonic(), Nonce: nonce, Fault: "slow", PID: os.Getpid(), TID: os.Getpid(), Event: bench.ReceiptStart})
	}
	http.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(clients.PingAnswer{Token: attempt.Token, PID: os.Getpid(), TID: os.Getpid()})
	})
	http.HandleFunc("/sleep", func(w http.ResponseWriter, r *http.Request) {
		write(r.FormValue("nonce"))
		w.Header().Set(clients.PIDHeader, strconv.Itoa(os.Getpid()))
	})
	http.HandleFunc("/fault", func(_ http.ResponseWriter, r *http.Request) {
		switch part {
		case "flood":
			line := fmt.Appendf(nil, `{"nonce":"x","fault":"a","pid":7,"tid":9,"event":"start","t":%d}`+"\n", bench.Monotonic())
			_, _ = receipts.Write(bytes.Repeat(line, 20_000))
			for range 100 {
				write(r.FormValue("nonce"))
			}
		case "repeat":
			for range mostReceipts {
				write(r.FormValue("nonce"))
			}
		case "sparse":
			_ = receipts.Truncate(targetDisk) // the kernel lets no file grow larger
		}
		write(r.FormValue("nonce"))
	})
	return http.ListenAndServe("127.0.0.1:"+port, nil) //nolint:gosec // a test's own
}

// appHost is a host of this machine, and a target that plays a part.
func appHost(t *testing.T) (*Host, func(part string) *Target) {
	t.Helper()
	host, err := NewHost(t.Context(), bench.Environment{MemoryBytes: 4 << 30}, "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	return host, func(part string) *Target {
		profile := targets.Profile{Workers: 1}
		server := &targets.Server{Name: "app", App: targets.AppBuiltin, Profiles: map[string]targets.Profile{"default": profile}}
		server.CommandWords = []string{"{benchrun}", appCommand, part, "{port}", "{app}"}
		return &Target{Server: server, Profile: profile, ProfileName: "default", Installation: &targets.Installation{Server: server}}
	}
}

func appPlace(t *testing.T, host *Host, target *Target, clock bench.Clock) (*Place, *Journal) {
	t.Helper()
	journal := &Journal{}
	s, err := Open(t.Context(), host, target, Options{Clock: clock, Journal: journal, LogPath: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s, journal
}

// askFault asks the app for its fault.
func askFault(t *testing.T, p *Place, nonce string) {
	t.Helper()
	if status, _, _, err := clients.Ask(t.Context(), p.addr, "/fault?nonce="+nonce, 10*time.Second); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v", status, err)
	}
}

// besidesBusy leaves out the doubts that come of other programs on the machine.
func besidesBusy(doubts []bench.Doubt) []bench.Doubt {
	return slices.DeleteFunc(doubts, func(d bench.Doubt) bool { return d.Cause == bench.DoubtHostBusy })
}

// Whatever a server does to its receipts file, benchrun keeps a few receipts of
// the requests it made, marks what the server did, and doubts nothing.
func TestReceiptsAreHeld(t *testing.T) {
	host, target := appHost(t)
	// Another user than benchrun's cannot replace the file at all, and neither can a
	// server that has private places.
	outOfReach := host.User != nil || host.Caps.Private
	for _, tt := range []struct {
		part     string
		receipts int
		spoiled  bool
	}{
		{"honest", 1, false},
		{"flood", mostReceipts, true},
		{"repeat", mostReceipts, true},
		{"sparse", 0, true},
		{"replace", map[bool]int{true: 1}[outOfReach], !outOfReach},
	} {
		t.Run(tt.part, func(t *testing.T) {
			s, journal := appPlace(t, host, target(tt.part), bench.NewClock())
			if boot, err := s.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
				t.Fatalf("%+v, %v", boot, err)
			}
			s.Expect("f1")
			askFault(t, s, "f1")
			if err := s.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			rec := journal.Snapshot()
			n, spoiled := 0, false
			for _, r := range rec.Receipts {
				if r.Nonce != "f1" {
					t.Errorf("a receipt of what nobody asked for: %+v", r)
				} else if r.Event == bench.ReceiptStart {
					n++
				}
			}
			for _, m := range rec.Marks {
				spoiled = spoiled || m.Name == bench.MarkBadReceipt
			}
			doubts := besidesBusy(rec.Doubts)
			if n != tt.receipts || spoiled != tt.spoiled || len(doubts) > 0 {
				t.Errorf("%d receipts, spoiled: %v, doubts %+v; want %d, %v and none", n, spoiled, doubts, tt.receipts, tt.spoiled)
			}
		})
	}
}

// What benchrun does before the launch does not count as boot time.
func TestBootBeginsWithTheLaunch(t *testing.T) {
	host, target := appHost(t)
	clock := bench.NewClock()
	time.Sleep(300 * time.Millisecond)
	began := clock.Now()
	s, _ := appPlace(t, host, target("honest"), clock)
	boot, err := s.Ready(t.Context(), 15*time.Second)
	if whole := time.Duration(clock.Now() - began).Seconds(); err != nil || !boot.Ready || boot.Seconds <= 0 || boot.Seconds > whole {
		t.Errorf("%+v, %v; from before the preparations on it took %.3f s", boot, err, whole)
	}
}

// benchrun launches a target on another port if another program took its port,
// but not a target that fails by itself.
func TestPortLost(t *testing.T) {
	host, target := appHost(t)
	var ports []int
	try := func(robbed int) func() error {
		tries := 0
		return func() error {
			tries++
			s, _ := appPlace(t, host, target("waiting"), bench.NewClock())
			defer s.Close(t.Context()) //nolint:errcheck // closed again at the end of the test
			ports = append(ports, s.port.Number)
			if tries <= robbed {
				l, err := net.Listen("tcp4", s.addr)
				if err != nil {
					t.Skip("another program was quicker:", err)
				}
				defer l.Close() //nolint:errcheck // a test's listener
			}
			if err := os.WriteFile(filepath.Join(s.scratch.App, "go"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			boot, err := s.Ready(t.Context(), 15*time.Second)
			if err == nil && !boot.Ready {
				t.Errorf("not ready: %+v", boot)
			}
			return err
		}
	}
	if err := host.Elsewhere(try(1)); err != nil || len(ports) != 2 || ports[0] == ports[1] {
		t.Errorf("robbed once: ports %v, %v", ports, err)
	}
	var env *bench.EnvironmentError
	ports = nil
	if err := host.Elsewhere(try(launchTries)); !errors.As(err, &env) || !errors.Is(err, errPortLost) || len(ports) != launchTries {
		t.Errorf("robbed each time: ports %v, %v", ports, err)
	}
	for _, part := range []string{"broken", "stranger"} {
		s, _ := appPlace(t, host, target(part), bench.NewClock())
		if boot, err := s.Ready(t.Context(), 15*time.Second); err != nil || boot.Ready || boot.Note == "" {
			t.Errorf("%s: %+v, %v; want what it did wrong, and no error", part, boot, err)
		}
	}
}

// Of two launches that want the same port, the second one does not begin.
func TestTwoLaunchesOnOnePort(t *testing.T) {
	host, target := appHost(t)
	s, _ := appPlace(t, host, target("waiting"), bench.NewClock()) // holds its port, and does not listen yet
	other := *host
	other.Port = s.port.Number
	var env *bench.EnvironmentError
	if _, err := Open(t.Context(), &other, target("honest"), Options{Clock: bench.NewClock(), Journal: &Journal{}, LogPath: filepath.Join(t.TempDir(), "log")}); !errors.As(err, &env) {
		t.Errorf("launched on a port that is another's: %v", err)
	}
	if !launch.PortFree(s.port.Number) {
		t.Error("somebody listens already")
	}
}

// benchrun reports what a target leaves in shared places, even if the target ran
// only for a probe or was interrupted.
func TestLeftBehindIsTold(t *testing.T) {
	host, target := appHost(t)
	host.Caps = launch.Capabilities{Level: launch.Subreaper}
	var told []string
	host.Note = func(s string) { told = append(told, s) }
	left := fmt.Sprintf("/dev/shm/benchrun-left-by-a-test-%d", os.Getpid())
	t.Cleanup(func() { _ = os.Remove(left) })
	leaver := target("honest")
	leaver.Server.CommandWords = append([]string{"/bin/sh", "-c", `echo x >` + left + `; exec "$@"`, "sh"}, leaver.Server.CommandWords...)
	ctx, interrupt := context.WithCancel(t.Context())
	err := host.Use(ctx, leaver, filepath.Join(t.TempDir(), "log"), func(*Place) { interrupt() }, func() { t.Error("not ready") })
	if !errors.Is(err, context.Canceled) || len(told) != 1 || !strings.Contains(told[0], "app/default") || !strings.Contains(told[0], left) {
		t.Errorf("%v; told %q, want one note of app/default and %s", err, told, left)
	}
	told = nil
	if err := os.Remove(left); err != nil {
		t.Fatal(err)
	}
	if _, err := versionOf(t.Context(), host, "/bin/sh", "-c", "echo x >"+left+"; echo 1.2.3"); err != nil || len(told) != 1 || !strings.Contains(told[0], left) {
		t.Errorf("a version command: %v; told %q, want one note of %s", err, told, left)
	}
}

// A target whose range was resolved before is installed in that release.
func TestResolvedVersionIsInstalled(t *testing.T) {
	h := BareHost(nil)
	c := plan.Cell{Server: &targets.Server{}, Version: ">=1", Resolved: "1.2"}
	if got := h.installOptions(c, "", nil).Version; got != "1.2" {
		t.Errorf("installs %s", got)
	}
	c.Resolved = ""
	if got := h.installOptions(c, "", nil).Version; got != ">=1" {
		t.Errorf("installs %s", got)
	}
}
