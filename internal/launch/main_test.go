package launch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// TestMain lets the test binary play the other parts too: the supervisor, and, under
// "__part", the servers under test and a benchrun that a test kills.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == SuperviseArg {
		syscall.Exit(Supervise()) // not os.Exit, which waits a second under the race detector
	}
	if len(os.Args) > 1 && os.Args[1] == JanitorArg { // a janitor that sweeps nothing: other tests keep scratch folders
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	if len(os.Args) > 2 && os.Args[1] == "__part" {
		play(os.Args[2], os.Args[3:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// daemons is the size of the hostile server's subtree.
const daemons = 50

// orphans is how many daemons the orphaning server starts.
const orphans = 3

func play(part string, args []string) {
	switch part {
	case "hostile": // port: ignores signals; its daemons hold the port
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
		hold(listen(args[0]), func() { daemonize(daemons) })
	case "obedient": // port: ends on TERM, as by default
		hold(listen(args[0]), func() {})
	case "orphaning": // port: ends on TERM; its daemons stay and hold the port
		hold(listen(args[0]), func() { daemonize(orphans) })
	case "holder": // port: keeps others from picking it
		number, err := strconv.Atoi(args[0])
		if err == nil {
			held, herr := HoldPort(number)
			defer held.Release()
			err = herr
		}
		if err != nil {
			panic(err)
		}
		fmt.Println("held")
		time.Sleep(time.Hour)
	case "hopper": // forks and ends, endlessly
		hop()
	case "hog": // MiB: uses this much memory and keeps it
		n, err := strconv.Atoi(args[0])
		if err != nil {
			panic(err)
		}
		b := make([]byte, n<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		fmt.Println("ready")
		runtime.KeepAlive(b)
		time.Sleep(time.Hour)
	case "burn": // takes a whole CPU
		for n := uint(0); ; n++ {
			runtime.KeepAlive(n)
		}
	case "swarm": // forks until the kernel refuses
		fmt.Println("forked", swarm())
	case "clear": // folder: fills it with a thicket and removes it, with few descriptors
		plantAndClear(args[0])
	case "leave": // an open folder, a file: leaves something everywhere
		leave(args[0], args[1])
	case "run-leaver": // level: runs "leave" and reports
		_ = json.NewEncoder(os.Stdout).Encode(runLeaver(Level(args[0])))
	case "benchrun": // level, cgroup, port: starts a hostile server, reports, waits
		playBenchrun(Level(args[0]), args[1], args[2])
	default:
		panic("no part " + part)
	}
}

func listen(port string) net.Listener {
	l, err := net.Listen("tcp4", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	return l
}

// hold listens but does not answer, which is enough for the tests. After prepare it
// says on stdout that it listens.
func hold(l net.Listener, prepare func()) {
	prepare()
	fmt.Println("ready")
	for {
		if c, err := l.Accept(); err == nil {
			_ = c.Close()
		}
	}
}

// told is what the played benchrun reports about itself.
type told struct {
	Shim    int
	Leader  int
	Scratch string
	Cgroups []string
	Members int
}

func playBenchrun(level Level, cgroup, port string) {
	user, err := Unprivileged()
	if err != nil {
		panic(err)
	}
	scratch, err := NewScratch(user)
	if err != nil {
		panic(err)
	}
	g, err := Start(context.Background(), Capabilities{Level: level, Cgroup: cgroup}, Spec{
		Argv: []string{"/proc/self/exe", "__part", "hostile", port}, Dir: scratch.Work,
		Log: filepath.Join(scratch.Dir, "log"), User: user, Limits: smallLimits, Scratch: scratch,
	})
	if err != nil {
		panic(err)
	}
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(logOf(g), "ready") && time.Now().Before(deadline); {
		time.Sleep(2 * time.Millisecond)
	}
	members, err := g.Members()
	if err != nil {
		panic(err)
	}
	t := told{Shim: g.ShimPID(), Leader: g.LeaderHostPID(), Scratch: scratch.Dir, Members: len(members)}
	if g.cg != nil {
		t.Cgroups = g.cg.folders()
	}
	_ = json.NewEncoder(os.Stdout).Encode(t)
	time.Sleep(time.Hour) // until it is killed
}

var smallLimits = bench.Limits{CPUs: 1.5, MemoryBytes: 512 << 20, PIDs: 1000, NoFile: 256}

// ownTemp gives the test its own TMPDIR that every user may enter, so that Sweep sees
// only this test's folders.
func ownTemp(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "launch")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		_, _ = Sweep() // a test that passed has left at most a planted parent folder
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
}

func newTestScratch(t *testing.T) (*Scratch, *User) {
	t.Helper()
	user, err := Unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewScratch(user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s, user
}

// part is the command line of one of the parts above. The exec stage resolves the
// link, so the server's user needs no access to the test binary's path.
func part(name string, args ...string) []string {
	return append([]string{"/proc/self/exe", "__part", name}, args...)
}

// startPart starts a part and destroys it after the test.
func startPart(t *testing.T, caps Capabilities, limits bench.Limits, argv ...string) *Group {
	t.Helper()
	s, user := newTestScratch(t)
	g, err := Start(t.Context(), caps, Spec{
		Argv: argv, Env: []string{"PATH=/usr/bin:/bin"}, Dir: s.Work, Log: filepath.Join(s.Dir, "log"),
		User: user, Limits: limits, Scratch: s,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Destroy(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// startAgain is startPart for a command that is to be started more than once.
func startAgain(t *testing.T, caps Capabilities, argv ...string) *Group {
	t.Helper()
	s, user := newTestScratch(t)
	g, err := Start(t.Context(), caps, Spec{
		Argv: argv, Env: []string{"PATH=/usr/bin:/bin"}, Dir: s.Work, Log: filepath.Join(s.Dir, "log"),
		User: user, Limits: smallLimits, Scratch: s, Again: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Destroy(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

func logOf(g *Group) string {
	b, _ := os.ReadFile(filepath.Join(g.scratch.Dir, "log"))
	return string(b)
}

func testPort(t *testing.T) (int, string) {
	t.Helper()
	p, err := PickPort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Release)
	return p.Number, strconv.Itoa(p.Number)
}

// eventually polls for a condition for at most 20 s.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// available lists the levels that work here, with their limits.
func available(t *testing.T) []Capabilities {
	t.Helper()
	all := probeAll()
	if len(all) < 2 {
		t.Fatalf("only %v; subreaper and process-group work everywhere", all)
	}
	return all
}

// probeAll tries each level once for all tests.
var probeAll = sync.OnceValue(func() (all []Capabilities) {
	for _, level := range Levels() {
		caps, err := TryLevel(context.Background(), level)
		if err != nil {
			fmt.Printf("level %s is not available here: %v\n", level, err)
			continue
		}
		all = append(all, caps)
	}
	return all
})
