package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/procfs"
)

// patience limits every wait of these tests.
const patience = 20 * time.Second

const testToken = "token-5"

// server is a running reference server: real processes, a real port.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	addr   string
	dir    string // app folder, receipts, log
	exited chan struct{}
}

// start starts a server on a free port and waits until all its workers serve. When the
// test ends, it ends everything.
func start(t *testing.T, workers int, args ...string) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir(), exited: make(chan struct{})}
	writeAttempt(t, s.dir)
	log, err := os.Create(s.dir + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	s.cmd = exec.Command("/proc/self/exe", append([]string{"__reference", "--bind", "127.0.0.1:0",
		"--app", s.dir, "--workers", strconv.Itoa(workers)}, args...)...)
	s.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // otherwise -race would delay every exit by 1 s
	s.cmd.Stderr = log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	t.Cleanup(s.end)
	eventually(t, "the server listens", func() bool {
		m := regexp.MustCompile(`listening on (\S+)`).FindStringSubmatch(s.log())
		if m != nil {
			s.addr = m[1]
		}
		return m != nil
	})
	seen := map[int]bool{}
	eventually(t, "all workers answer", func() bool {
		seen[s.get("/ping").pid] = true
		return len(seen) == workers
	})
	return s
}

// end kills the front. The workers must then end by themselves.
func (s *server) end() {
	workers := s.workers()
	_ = s.cmd.Process.Kill()
	<-s.exited
	for _, pid := range workers {
		eventually(s.t, fmt.Sprintf("worker %d is gone", pid), func() bool { return !alive(pid) })
	}
	if s.t.Failed() {
		s.t.Logf("log of the server:\n%s", s.log())
	}
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) exitCode() int {
	s.t.Helper()
	eventually(s.t, "the front exits", func() bool { return s.hasExited() })
	return s.cmd.ProcessState.ExitCode()
}

func (s *server) hasExited() bool { return isClosed(s.exited) }

func (s *server) log() string {
	b, err := os.ReadFile(s.dir + "/log")
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// workers returns the pids of the front's living children.
func (s *server) workers() []int { return childrenOf(s.cmd.Process.Pid) }

// childrenOf returns the pids of the living children of a process.
func childrenOf(parent int) []int {
	var pids []int
	all, _ := procfs.PIDs()
	for _, pid := range all {
		if p, err := procfs.ReadStat(pid); err == nil && p.Parent == parent && !p.Gone() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// receipts returns what the app has written so far.
func (s *server) receipts() []bench.Receipt {
	s.t.Helper()
	b, err := os.ReadFile(s.dir + "/receipts.ndjson")
	if err != nil {
		s.t.Fatal(err)
	}
	var all []bench.Receipt
	for line := range bytes.Lines(b) {
		var r bench.Receipt
		if err := json.Unmarshal(line, &r); err != nil {
			s.t.Fatalf("receipt %q: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// started waits for the start receipt of nonce.
func (s *server) started(nonce string) bench.Receipt {
	s.t.Helper()
	var found bench.Receipt
	eventually(s.t, "the start receipt of "+nonce, func() bool {
		for _, r := range s.receipts() {
			if r.Nonce == nonce && r.Event == bench.ReceiptStart {
				found = r
				return true
			}
		}
		return false
	})
	return found
}

// reply is an answer of the server; err is set if there is none.
type reply struct {
	status int
	kind   string // Content-Type
	pid    int    // X-Benchrun-Pid
	body   []byte
	err    error
}

// request sends a request on a fresh connection.
func (s *server) request(method, path string, body io.Reader) reply {
	q, err := http.NewRequest(method, "http://"+s.addr+path, body)
	if err != nil {
		return reply{err: err}
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Do(q)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	pid, _ := strconv.Atoi(resp.Header.Get("X-Benchrun-Pid"))
	return reply{resp.StatusCode, resp.Header.Get("Content-Type"), pid, b, err}
}

func (s *server) get(path string) reply { return s.request(http.MethodGet, path, nil) }

// inBackground sends a request without waiting for the answer.
func (s *server) inBackground(path string) <-chan reply {
	c := make(chan reply, 1)
	go func() { c <- s.get(path) }()
	return c
}

func writeAttempt(t *testing.T, dir string) {
	t.Helper()
	writeFile(t, dir+"/attempt.json", fmt.Sprintf(`{"token": %q, "receipts": "%s/receipts.ndjson"}`, testToken, dir))
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// eventually polls until cond holds.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if !within(patience, cond) {
		t.Fatalf("this did not come true in %s: %s", patience, what)
	}
}

// within polls for at most d and returns whether cond became true.
func within(d time.Duration, cond func() bool) bool {
	for deadline := time.Now().Add(d); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if cond() {
			return true
		}
	}
	return cond()
}

func alive(pid int) bool {
	s, err := procfs.ReadStat(pid)
	return err == nil && !s.Gone()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
