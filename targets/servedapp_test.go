package targets

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
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
	cmd      *exec.Cmd
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
	a := &servedApp{t: t, receipts: filepath.Join(dir, "receipts.ndjson"), exited: make(chan struct{})}
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
	a.url = fmt.Sprintf("http://127.0.0.1:%d", with.Port)
	a.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	a.cmd = exec.Command(argv[0], argv[1:]...)
	a.cmd.Dir, a.cmd.Env = dir, env
	var log bytes.Buffer
	a.cmd.Stdout, a.cmd.Stderr = &log, &log
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = a.cmd.Wait() // the tests check ProcessState
		close(a.exited)
	}()
	t.Cleanup(func() {
		_ = a.cmd.Process.Kill()
		<-a.exited
		if t.Failed() {
			t.Logf("log of the server:\n%s", log.Bytes())
		}
	})
	waitFor(t, "the app to answer", func() bool {
		resp, err := a.client.Get(a.url + "/ping")
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil
	})
	return a
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
