package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/procfs"
)

func TestAppWedge(t *testing.T) { eachApp(t, checkAppWedge) }

func checkAppWedge(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
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
	if r.Nonce != "f1" || r.Fault != "wedge" || r.Event != "start" || !a.serves(r.PID) {
		t.Errorf("receipt: %+v", r)
	}
	task := fmt.Sprintf("/proc/%d/task/%d", r.PID, r.TID)
	if _, err := os.Stat(task); err != nil || !onRightThread(kind, r.PID, r.TID) {
		t.Errorf("tid %d is not the thread that is stuck: %v", r.TID, err)
	}
	// It stays stuck while 20 other requests are served, and uses no CPU.
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
	waitFor(t, "the wedged thread to sleep", func() bool {
		stat, err := os.ReadFile(task + "/stat")
		return err == nil && strings.Contains(string(stat), ") S ")
	})
	if got := readReceipts(t, a.receipts); len(got) != 1 {
		t.Errorf("receipts: %+v, want the start alone", got)
	}
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("the wedge ended with %v, want that its client gave up", err)
	}
}

// Loads end by themselves, and leaked memory stays.
func TestAppLoads(t *testing.T) { eachApp(t, checkAppLoads) }

func checkAppLoads(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
	asked := 0
	for _, name := range []string{"cpu", "io", "cpu-io", "slow", "legit-slow", "starve", "leak", "leak"} {
		if kind.Lacks(name) != "" {
			continue
		}
		asked++
		if status, _, body := a.ask("GET", "/fault/"+name+"?nonce=n", nil); status != 200 || len(body) != 1024 {
			t.Errorf("%s: %d, %d bytes", name, status, len(body))
		}
	}
	if got := readReceipts(t, a.receipts); len(got) != 2*asked {
		t.Errorf("%d receipts, want %d: %+v", len(got), 2*asked, got)
	}
	leaked := map[int]int64{}
	for _, r := range readReceipts(t, a.receipts) {
		if r.Fault == "leak" && r.Event == "end" {
			leaked[r.PID] += 8 << 20
		}
	}
	if len(leaked) == 0 {
		t.Error("no leak")
	}
	for pid, want := range leaked {
		if kept, err := procfs.Memory(pid, "RssAnon"); err != nil || kept < want {
			t.Errorf("process %d keeps %d bytes after leaks of %d, %v", pid, kept, want, err)
		}
	}
}

// What a fault leaves behind stays in its process, and ends with it.
func TestAppLeaks(t *testing.T) { eachApp(t, checkAppLeaks) }

func checkAppLeaks(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
	entries := func(folder string) (n int) {
		for _, pid := range a.processes() {
			all, _ := os.ReadDir(procfs.Path(pid, folder)) // one that has just ended has none
			n += len(all)
		}
		return n
	}
	// What three faults leave. An earlier request's connection and thread may have been
	// there before, and are gone then.
	for name, leak := range map[string]struct {
		want  int
		count func() int
	}{
		"leak-fd":     {3*16 - 1, func() int { return entries("fd") }},
		"leak-thread": {3*4 - 1, func() int { return entries("task") }},
		"leak-child":  {3, func() int { return len(a.processes()) }},
	} {
		if kind.Lacks(name) != "" {
			continue
		}
		before := leak.count()
		for range 3 {
			if status, _, body := a.ask("GET", "/fault/"+name+"?nonce=n", nil); status != 200 || len(body) != 1024 {
				t.Errorf("%s: %d, %d bytes", name, status, len(body))
			}
		}
		waitFor(t, fmt.Sprintf("%s: %d more than %d", name, leak.want, before), func() bool { return leak.count() >= before+leak.want })
	}
	left := a.processes()
	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range left {
		awaitEnd(t, pid)
	}
}

// These wedges go on whatever signals come. Others in the process are served meanwhile, or
// are not: as the kind says.
func TestAppWedgesAndTheOthers(t *testing.T) { eachApp(t, checkAppWedgesAndTheOthers) }

func checkAppWedgesAndTheOthers(t *testing.T, kind AppKind) {
	t.Helper()
	for _, name := range []string{"wedge-spin", "wedge-native", "wedge-gil", "wedge-regex", "wedge-io", "wedge-deaf"} {
		if kind.Lacks(name) != "" {
			continue
		}
		a := serveApp(t, kind)
		othersRun := a.children || !slices.Contains(kind.Blocks(), name)
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
		stuck := readReceipts(t, a.receipts)[0]
		for range 3 {
			if err := syscall.Tgkill(stuck.PID, stuck.TID, syscall.SIGCHLD); err != nil {
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
		if name == "wedge-deaf" {
			if err := syscall.Kill(stuck.PID, syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if status, _, _ := a.ask("GET", "/victim?nonce=v2", nil); status != 200 || gone(stuck.PID) {
				t.Error("it is not deaf to SIGTERM")
			}
		}
		cancel()
		<-ended
	}
}

// endsItsOwnWay says how a language ends a process whose fault it notices first.
var endsItsOwnWay = map[AppKind]map[string]string{
	"rack": {"segfault": "aborted"},
	"go":   {"segfault": "exit status 2", "abort": "exit status 2", "stack-overflow": "exit status 2"},
}

// inTheLog says how the log of PHP-FPM tells what ended a child.
var inTheLog = map[string]string{
	"segmentation fault": "exited on signal 11", "exit status 3": "exited with code 3", "exit status 1": "exited with code 1",
	"aborted": "exited on signal 6", "killed": "exited on signal 9",
}

// Each of these ends the process, in its own way and whatever thread it is in.
func TestAppEndsItsProcess(t *testing.T) { eachApp(t, checkAppEndsItsProcess) }

func checkAppEndsItsProcess(t *testing.T, kind AppKind) {
	t.Helper()
	for name, want := range map[string]string{
		"segfault": "segmentation fault", "exit-3": "exit status 3", "exit-1": "exit status 1", "abort": "aborted",
		"sigkill": "killed", "stack-overflow": "segmentation fault",
	} {
		if kind.Lacks(name) != "" {
			continue
		}
		if own, ok := endsItsOwnWay[kind][name]; ok {
			want = own
		}
		t.Run(name, func(t *testing.T) {
			a := serveApp(t, kind)
			resp, err := a.client.Get(a.url + "/fault/" + name + "?nonce=f2")
			if err == nil {
				_ = resp.Body.Close()
				if !a.children || resp.StatusCode < 500 { // a process that lives on may say so
					t.Fatalf("it was answered: %s", resp.Status)
				}
			}
			if a.children {
				got := readReceipts(t, a.receipts)
				if len(got) == 0 {
					t.Fatal("no receipt")
				}
				child := got[0].PID
				awaitEnd(t, child)
				line := fmt.Sprintf("child %d %s", child, inTheLog[want])
				waitFor(t, line, func() bool { return strings.Contains(a.logged(), line) })
			} else {
				select {
				case <-a.exited:
				case <-time.After(patience):
					t.Fatal("the process lives on")
				}
				if got := a.cmd.ProcessState.String(); !strings.Contains(got, want) {
					t.Errorf("the process ended by %s, want %s", got, want)
				}
			}
			if got := readReceipts(t, a.receipts); len(got) != 1 || got[0].Event != "start" || got[0].Fault != name {
				t.Errorf("receipts: %+v, want the start alone", got)
			}
		})
	}
}

// The app takes as long to load as attempt.json says, and cannot be loaded when it is broken.
func TestAppLoadsAsItsAttemptSays(t *testing.T) {
	eachApp(t, func(t *testing.T, kind AppKind) {
		if kind.Language() != "Python" {
			return
		}
		out, _ := runWithApp(t, kind, `
import importlib, json, sys, time
before = set(sys.modules)
import app  # as it was written
own = [m for m in sys.modules if m not in before]
attempt = json.load(open("attempt.json"))
def load(text):
    with open("attempt.json", "w") as f: f.write(text)
    for name in own: sys.modules.pop(name, None)
    began = time.monotonic()
    try:
        importlib.import_module("app")
    except Exception as e:
        return type(e).__name__
    return time.monotonic() - began
at_once, slow = load(json.dumps(attempt)), load(json.dumps({**attempt, "load_ms": 1000}))
print(at_once < slow and slow >= 1, load("broken on purpose"))
`)
		if got := strings.TrimSpace(out); got != "True JSONDecodeError" {
			t.Errorf("%q", got)
		}
	})
}

func TestWriteAttempt(t *testing.T) {
	dir := t.TempDir()
	text := func() string {
		b, err := os.ReadFile(filepath.Join(dir, "attempt.json"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	a := Attempt{Token: "t", Receipts: "/r", LoadMS: 40}
	if err := WriteAttempt(dir, a); err != nil || text() != `{"token":"t","receipts":"/r","load_ms":40}` {
		t.Errorf("%v: %s", err, text())
	}
	if err := BreakAttempt(dir); err != nil || json.Valid([]byte(text())) {
		t.Errorf("%v: %s", err, text())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v: %d files", err, len(left))
	}
	if err := WriteAttempt(filepath.Join(dir, "absent"), a); err == nil {
		t.Error("written where no folder is")
	}
}

// The app promises twice as many bytes as it gives.
func TestAppShortBody(t *testing.T) { eachApp(t, checkAppShortBody) }

func checkAppShortBody(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
	resp, err := a.client.Get(a.url + "/fault/short-body?nonce=n1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if resp.ContentLength != 2048 || len(body) != 1024 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Content-Length %d, %d bytes, %v", resp.ContentLength, len(body), err)
	}
	if got := readReceipts(t, a.receipts); len(got) != 2 || got[0].Fault != "short-body" {
		t.Errorf("receipts %+v", got)
	}
}

// Who takes all memory asks the kernel to be ended first.
func TestAppTakesMemoryAndEndsFirst(t *testing.T) { eachApp(t, checkAppTakesMemoryAndEndsFirst) }

func checkAppTakesMemoryAndEndsFirst(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/fault/oom-kill?nonce=f1", nil)
		if err == nil {
			_, _ = a.client.Do(req)
		}
	}()
	waitFor(t, "its score is the highest", func() bool {
		got := readReceipts(t, a.receipts)
		if len(got) == 0 {
			return false
		}
		score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", got[0].PID))
		return err == nil && strings.TrimSpace(string(score)) == "1000"
	})
}
