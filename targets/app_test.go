package targets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/procfs"
)

// patience bounds every wait of the tests; none of them needs a tenth of it.
const patience = 20 * time.Second

// servedApp is the WSGI app, served by wsgiref with a thread for each request.
type servedApp struct {
	t        *testing.T
	url      string
	receipts string
	cmd      *exec.Cmd
	exited   chan struct{}
	client   *http.Client
}

func serveApp(t *testing.T) *servedApp {
	t.Helper()
	r, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Lookup("wsgiref")
	if err != nil {
		t.Fatal(err)
	}
	in, err := Install(t.Context(), InstallOptions{Server: s, Profile: "hardened", Run: supervised})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	a := &servedApp{t: t, receipts: filepath.Join(dir, "receipts.ndjson"), exited: make(chan struct{})}
	with := Placeholders{Host: "127.0.0.1", Port: freePort(t), App: dir, Work: dir, Python: in.Python}
	if err := WriteApp(s, dir, "tok-1", a.receipts); err != nil {
		t.Fatal(err)
	}
	argv, env, err := s.Command("hardened", with)
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
		_ = a.cmd.Wait() // the tests look at ProcessState
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

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// waitFor polls until done, and fails the test when patience is over.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited %v for %s", patience, what)
}

// ask sends a request and gives status, header and body.
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

// receipt is a line of the receipts file, as an app writes it.
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

// A changed app is another app: what was measured under the old one is void.
func TestAppDigest(t *testing.T) {
	wsgi, err := AppDigest(AppWSGI)
	if err != nil {
		t.Fatal(err)
	}
	text, err := apps.ReadFile("apps/wsgi/app.py")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%x", sha256.Sum256(text)); wsgi != want {
		t.Errorf("digest %s, want that of app.py, %s", wsgi, want)
	}
	if builtin, err := AppDigest(AppBuiltin); err != nil || builtin == wsgi {
		t.Errorf("builtin: %s, %v", builtin, err)
	}
	if _, err := AppDigest("php"); err == nil {
		t.Error("an unknown kind has a digest")
	}
}

func TestAppAnswers(t *testing.T) {
	a := serveApp(t)
	pid := strconv.Itoa(a.cmd.Process.Pid)

	status, _, body := a.ask("GET", "/ping", nil)
	var ping struct {
		Token    string
		PID, TID int
	}
	if err := json.Unmarshal(body, &ping); err != nil || status != 200 {
		t.Fatalf("/ping: %d %q %v", status, body, err)
	}
	if ping.Token != "tok-1" || ping.PID != a.cmd.Process.Pid || ping.TID == 0 || ping.TID == ping.PID {
		t.Errorf("/ping: %+v, want token tok-1, pid %s and the tid of another thread", ping, pid)
	}

	long := strings.Repeat("0-9z", 16)
	for _, nonce := range []string{"v", "v17-9c1e", long} {
		for _, path := range []string{"/victim?nonce=" + nonce, "/sleep?ms=1&nonce=" + nonce} {
			status, header, body := a.ask("GET", path, nil)
			want := strings.Repeat(nonce+"\n", 1024)[:1024]
			if status != 200 || string(body) != want || header.Get("X-Benchrun-Pid") != pid {
				t.Errorf("%s: %d, pid %q, %d bytes %.40q", path, status, header.Get("X-Benchrun-Pid"), len(body), body)
			}
		}
	}

	for _, size := range []int{0, 1, 65536, 65537, 1_000_000} {
		data := bytes.Repeat([]byte("benchrun"), size/8+1)[:size]
		status, header, body := a.ask("POST", "/upload?nonce=u1", bytes.NewReader(data))
		var got struct {
			Nonce, SHA256 string
			Bytes         int
		}
		if err := json.Unmarshal(body, &got); err != nil || status != 200 || header.Get("Content-Type") != "application/json" {
			t.Fatalf("upload of %d bytes: %d %q %v", size, status, body, err)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256(data)); got.Nonce != "u1" || got.Bytes != size || got.SHA256 != want {
			t.Errorf("upload of %d bytes: %+v, want digest %s", size, got, want)
		}
	}

	for _, req := range []string{
		"GET /", "GET /victim", "GET /victim?nonce=", "GET /victim?nonce=UPPER", "GET /victim?nonce=a%0ab",
		"GET /victim?nonce=" + long + "x", "POST /victim?nonce=a", "GET /upload?nonce=a", "POST /upload",
		"GET /sleep?nonce=a", "GET /sleep?nonce=a&ms=60001", "GET /sleep?nonce=a&ms=-1", "GET /sleep?ms=1",
		"GET /fault/?nonce=a", "GET /fault/nothing?nonce=a", "GET /fault/wedge", "POST /fault/wedge?nonce=a",
	} {
		method, path, _ := strings.Cut(req, " ")
		if status, _, _ := a.ask(method, path, nil); status != 404 {
			t.Errorf("%s: status %d, want 404", req, status)
		}
	}
}

func TestAppSleepWritesBothReceipts(t *testing.T) {
	a := serveApp(t)
	a.ask("GET", "/sleep?nonce=s1&ms=50", nil)
	got := readReceipts(t, a.receipts)
	if len(got) != 2 || got[0].Event != "start" || got[1].Event != "end" {
		t.Fatalf("receipts: %+v, want a start and an end", got)
	}
	for _, r := range got {
		if r.Nonce != "s1" || r.Fault != "sleep" || r.PID != a.cmd.Process.Pid {
			t.Errorf("receipt: %+v", r)
		}
	}
	if slept := time.Duration(got[1].T - got[0].T); slept < 50*time.Millisecond {
		t.Errorf("slept %v, want at least 50ms", slept)
	}
}

func TestAppWedge(t *testing.T) {
	a := serveApp(t)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/fault/wedge?nonce=f1", nil)
		if err == nil {
			_, err = a.client.Do(req)
		}
		answered <- err
	}()
	var got []receipt
	waitFor(t, "the start receipt", func() bool {
		got = readReceipts(t, a.receipts)
		return len(got) > 0
	})
	r := got[0]
	if r.Nonce != "f1" || r.Fault != "wedge" || r.Event != "start" || r.PID != a.cmd.Process.Pid {
		t.Errorf("receipt: %+v", r)
	}
	task := fmt.Sprintf("/proc/%d/task/%d", r.PID, r.TID)
	if _, err := os.Stat(task); err != nil || r.TID == r.PID {
		t.Errorf("tid %d is not the thread that is stuck: %v", r.TID, err)
	}
	// It stays stuck while 20 others are served, and costs no CPU.
	for i := range 20 {
		if status, _, _ := a.ask("GET", fmt.Sprintf("/victim?nonce=v%d", i), nil); status != 200 {
			t.Errorf("a victim beside the wedge: status %d", status)
		}
	}
	select {
	case err := <-answered:
		t.Errorf("the wedge was answered: %v", err)
	default:
	}
	if stat, err := os.ReadFile(task + "/stat"); err != nil || !strings.Contains(string(stat), ") S ") {
		t.Errorf("the wedged thread does not sleep: %s %v", stat, err)
	}
	if got := readReceipts(t, a.receipts); len(got) != 1 {
		t.Errorf("receipts: %+v, want the start alone", got)
	}
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("the wedge ended with %v, want that its client gave up", err)
	}
}

// What the app answers beyond /victim's 1,024 bytes.
func TestAppBigAnswers(t *testing.T) {
	a := serveApp(t)
	if status, _, body := a.ask("GET", "/fault/big-response?nonce=b1", nil); status != 200 || string(body) != strings.Repeat("b1\n", 33_334)[:100_000] {
		t.Errorf("big-response: %d, %d bytes", status, len(body))
	}
	status, header, body := a.ask("GET", "/download?nonce=d1", nil)
	if status != 200 || header.Get("Content-Length") != "16777216" || !bytes.Equal(body, bytes.Repeat([]byte("benchrun"), 2<<20)) {
		t.Errorf("download: %d, Content-Length %s, %d bytes", status, header.Get("Content-Length"), len(body))
	}
	if status, _, _ := a.ask("GET", "/download", nil); status != 404 {
		t.Errorf("download without a nonce: %d", status)
	}
}

// Loads end by themselves, and a leak stays.
func TestAppLoads(t *testing.T) {
	a := serveApp(t)
	for _, name := range []string{"cpu", "io", "cpu-io", "slow", "legit-slow", "leak", "leak"} {
		if status, _, body := a.ask("GET", "/fault/"+name+"?nonce=n", nil); status != 200 || len(body) != 1024 {
			t.Errorf("%s: %d, %d bytes", name, status, len(body))
		}
	}
	if got := readReceipts(t, a.receipts); len(got) != 14 {
		t.Errorf("%d receipts, want 14: %+v", len(got), got)
	}
	if resident, err := procfs.Memory(a.cmd.Process.Pid, "VmRSS"); err != nil || resident < 16<<20 {
		t.Errorf("%d bytes are resident after a leak of 16 MiB, %v", resident, err)
	}
}

// A wedge in C hears no signal. With the interpreter's lock released other
// threads go on, with the lock held none does.
func TestAppWedgesInC(t *testing.T) {
	for name, othersRun := range map[string]bool{"wedge-native": true, "wedge-gil": false} {
		a := serveApp(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/fault/"+name+"?nonce=f1", nil)
			if err != nil {
				t.Error(err)
				return
			}
			if resp, err := a.client.Do(req); err == nil {
				_ = resp.Body.Close()
				t.Errorf("%s was answered: %s", name, resp.Status)
			}
		}()
		waitFor(t, "the start receipt", func() bool { return len(readReceipts(t, a.receipts)) > 0 })
		tid := readReceipts(t, a.receipts)[0].TID
		for range 3 {
			if err := syscall.Tgkill(a.cmd.Process.Pid, tid, syscall.SIGCHLD); err != nil {
				t.Fatal(err)
			}
		}
		impatient := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 500 * time.Millisecond}
		if othersRun {
			impatient.Timeout = patience
		}
		resp, err := impatient.Get(a.url + "/victim?nonce=v1")
		if err == nil {
			_ = resp.Body.Close()
		}
		if (err == nil) != othersRun {
			t.Errorf("a victim beside %s: %v, want an answer: %v", name, err, othersRun)
		}
		select {
		case <-ended:
			t.Errorf("%s has ended", name)
		default:
		}
		cancel()
		<-ended
	}
}

func TestAppSegfault(t *testing.T) {
	a := serveApp(t)
	resp, err := a.client.Get(a.url + "/fault/segfault?nonce=f2")
	if err == nil {
		_ = resp.Body.Close()
		t.Fatalf("the segfault was answered: %s", resp.Status)
	}
	select {
	case <-a.exited:
	case <-time.After(patience):
		t.Fatal("the process lives on")
	}
	status := a.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGSEGV {
		t.Errorf("the process ended by %v, want SIGSEGV", a.cmd.ProcessState)
	}
	if got := readReceipts(t, a.receipts); len(got) != 1 || got[0].Event != "start" || got[0].Fault != "segfault" {
		t.Errorf("receipts: %+v, want the start alone", got)
	}
}

// runWithApp runs a Python script in a folder with the app, and gives what it
// printed and the receipts.
func runWithApp(t *testing.T, script string) (string, []receipt) {
	t.Helper()
	py, err := RunProgram(supervised).chooseInterpreter(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	receipts := filepath.Join(dir, "receipts.ndjson")
	if err := WriteApp(&Server{Name: "toy", App: AppWSGI}, dir, "tok", receipts); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), py.path, "-c", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out), readReceipts(t, receipts)
}

func TestAppTellsTheTrueThreadInAForkedWorker(t *testing.T) {
	out, receipts := runWithApp(t, `
import app, os, threading
def tell():
    app.misbehave("n", "nap", lambda: None)
    print(os.readlink("/proc/thread-self"), flush=True)
threading.current_thread().native_id  # now it is cached
if os.fork() == 0:
    tell()
    t = threading.Thread(target=tell); t.start(); t.join()
    os._exit(0)
os.wait()`)
	if len(receipts) != 4 {
		t.Fatalf("receipts: %+v, want 4", receipts)
	}
	for i, link := range strings.Fields(out) {
		if r := receipts[2*i]; fmt.Sprintf("%d/task/%d", r.PID, r.TID) != link {
			t.Errorf("receipt %+v, but the kernel says %s", r, link)
		}
	}
	if r := receipts; r[0].TID != r[0].PID || r[2].TID == r[2].PID || r[0].PID != r[2].PID {
		t.Errorf("want the main thread of the child, then another one of it: %+v", r)
	}
}

func TestAppWritesTheEndReceiptOfABrokenWedge(t *testing.T) {
	out, receipts := runWithApp(t, `
import app, signal
def abort(*_): raise SystemExit(1)
signal.signal(signal.SIGALRM, abort)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    app.misbehave("n", "wedge", app.fault_wedge)
except SystemExit:
    print("broken")`)
	if strings.TrimSpace(out) != "broken" || len(receipts) != 2 || receipts[1].Event != "end" {
		t.Errorf("printed %q, receipts %+v", out, receipts)
	}
}

func TestAppReadsAChunkedBodyToItsEnd(t *testing.T) {
	// A server that decodes chunks gives a stream that ends, and no length.
	out, _ := runWithApp(t, `
import app, io, json
body = b"x" * 200_000
class Short(io.BytesIO):
    def read(self, n): return super().read(min(n, 1000))  # as a socket may
for more in {"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_LENGTH": "200000"}, {"CONTENT_LENGTH": "150000"}, {"CONTENT_LENGTH": ""}:
    env = {"REQUEST_METHOD": "POST", "PATH_INFO": "/upload", "QUERY_STRING": "nonce=u", "wsgi.input": Short(body), **more}
    print(json.loads(app.application(env, lambda status, headers: None)[0])["bytes"])`)
	if got := strings.Fields(out); strings.Join(got, " ") != "200000 200000 150000 0" {
		t.Errorf("bytes read: %v, want 200000 200000 150000 0", got)
	}
}
