package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/procfs"
)

// patience limits every wait of the tests; each normally takes less than a tenth of it.
const patience = 20 * time.Second

// eachApp runs a test for each kind of app that benchrun has files of.
func eachApp(t *testing.T, test func(*testing.T, AppKind)) {
	t.Helper()
	t.Parallel()
	for _, name := range AppKinds() {
		if kind := AppKind(name); kind.Language() != "" {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, kind)
			})
		}
	}
}

// onRightThread says whether a request of a kind may be served on this thread: some of their
// servers have threads for requests, beside the main one; Go has one or the other.
func onRightThread(kind AppKind, pid, tid int) bool {
	return kind == "go" || (pid != tid) == (kind == AppWSGI || kind == "rack")
}

// servedApp is the app of a kind, behind the server that its kind.yaml names.
type servedApp struct {
	t        *testing.T
	url      string
	receipts string
	log      string // a file
	cmd      *exec.Cmd
	children bool // other processes than the first serve
	exited   chan struct{}
	client   *http.Client
}

// installed has, for each kind, a function that installs the server of its kind.yaml. The tests
// start that server hundreds of times, and need it installed once.
var installed = sync.OnceValues(func() (map[AppKind]func() (*Installation, error), error) {
	r, err := Load(LoadOptions{})
	if err != nil {
		return nil, err
	}
	all := map[AppKind]func() (*Installation, error){}
	for kind, k := range kinds() {
		name, profile, _ := strings.Cut(k.TriedWith, "/")
		all[kind] = sync.OnceValues(func() (*Installation, error) {
			s, err := r.Lookup(name)
			if err != nil {
				return nil, err
			}
			return Install(context.Background(), InstallOptions{Server: s, Profile: profile, Run: supervised})
		})
	}
	return all, nil
})

func serveApp(t *testing.T, kind AppKind) *servedApp {
	t.Helper()
	all, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	in, err := all[kind]()
	if err != nil {
		t.Fatal(err)
	}
	s, profile := in.Server, in.Profile
	dir := t.TempDir()
	a := &servedApp{t: t, receipts: filepath.Join(dir, "receipts.ndjson"), log: filepath.Join(dir, "log.txt"), exited: make(chan struct{})}
	with := Placeholders{Host: "127.0.0.1", Port: freePort(t), App: dir, Work: dir, Python: in.Python, Env: in.Env}
	if err := WriteApp(s, dir, "tok-1", a.receipts); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteFiles(profile, with); err != nil {
		t.Fatal(err)
	}
	argv, env, err := s.Command(profile, with)
	if err != nil {
		t.Fatal(err)
	}
	a.children = s.WhoServes(s.Profiles[profile]) == ServingChildren
	a.url = fmt.Sprintf("http://127.0.0.1:%d", with.Port)
	a.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	a.cmd = exec.Command(argv[0], argv[1:]...)
	a.cmd.Dir, a.cmd.Env = dir, env
	log, err := os.Create(a.log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the server has its own
	a.cmd.Stdout, a.cmd.Stderr = log, log
	if err := os.WriteFile(a.receipts, nil, 0o600); err != nil { // as benchrun does
		t.Fatal(err)
	}
	if a.children && os.Geteuid() == 0 { // such a server may not run as root
		a.runAsNobody(dir)
	}
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = a.cmd.Wait() // the tests check ProcessState
		close(a.exited)
	}()
	t.Cleanup(func() {
		processes := a.processes()
		_ = a.cmd.Process.Kill()
		<-a.exited
		for _, pid := range processes {
			awaitEnd(t, pid)
		}
		if t.Failed() {
			t.Logf("log of the server:\n%s", a.logged())
		}
	})
	waitFor(t, "the app to answer", func() bool {
		resp, err := a.client.Get(a.url + "/ping")
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK // until then, a proxy may answer
	})
	return a
}

// runAsNobody has the server run as benchrun runs it for root, with a folder of its own.
func (a *servedApp) runAsNobody(dir string) {
	a.t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		a.t.Fatal(err)
	}
	uid, err1 := strconv.Atoi(nobody.Uid)
	gid, err2 := strconv.Atoi(nobody.Gid)
	if err := errors.Join(err1, err2, os.Chmod(filepath.Dir(dir), 0o755), os.Chown(dir, uid, gid), os.Chown(a.receipts, uid, gid)); err != nil {
		a.t.Fatal(err)
	}
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}} //nolint:gosec // ids fit
}

// processes lists the server's processes, the first of them first.
func (a *servedApp) processes() []int {
	family := []int{a.cmd.Process.Pid}
	all, _ := procfs.PIDs()
	for i := 0; i < len(family); i++ {
		family = append(family, childrenOf(family[i], all)...)
	}
	return family
}

func childrenOf(parent int, all []int) (pids []int) {
	for _, pid := range all {
		if p, err := procfs.ReadStat(pid); err == nil && p.Parent == parent && !p.Gone() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// serves says whether a process is one that answers: the server's first, or one of the others.
func (a *servedApp) serves(pid int) bool {
	return slices.Contains(a.processes(), pid) && (pid != a.cmd.Process.Pid) == a.children
}

// logged is what the server has written so far.
func (a *servedApp) logged() string {
	text, err := os.ReadFile(a.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func gone(pid int) bool {
	p, err := procfs.ReadStat(pid)
	return err != nil || p.Gone()
}

func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("the end of process %d", pid), func() bool { return gone(pid) })
}

// handedOut has the ports that freePort has returned.
var handedOut sync.Map

// freePort returns a port that nobody has, and no other test has asked for.
func freePort(t *testing.T) int {
	t.Helper()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, taken := handedOut.LoadOrStore(port, true); !taken {
			return port
		}
	}
}

// waitFor polls until done returns true, and fails the test after patience.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited %v for %s", patience, what)
}

// ask sends a request and returns status, header and body.
func (a *servedApp) ask(method, path string, body io.Reader) (int, http.Header, []byte) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, resp.Header, text
}

// receipt is a line of the receipts file, in the app's format.
type receipt struct {
	Nonce, Fault, Event string
	PID, TID            int
	T                   int64
}

func readReceipts(t *testing.T, path string) []receipt {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []receipt
	for line := range strings.Lines(string(text)) {
		var r receipt
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&r); err != nil || !strings.HasSuffix(line, "\n") {
			t.Fatalf("receipt %q: %v", line, err)
		}
		list = append(list, r)
	}
	return list
}
