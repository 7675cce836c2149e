package targets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A changed app has another digest: measurements under the old one no longer count.
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
	asgi, err := AppDigest("asgi")
	if err != nil || asgi == wsgi {
		t.Errorf("asgi: %s, %v", asgi, err)
	}
	if builtin, err := AppDigest(AppBuiltin); err != nil || builtin == wsgi {
		t.Errorf("builtin: %s, %v", builtin, err)
	}
	if _, err := AppDigest("fortran"); err == nil {
		t.Error("an unknown kind has a digest")
	}
}

func TestAppAnswers(t *testing.T) { eachApp(t, checkAppAnswers) }

func checkAppAnswers(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
	status, _, body := a.ask("GET", "/ping", nil)
	var ping struct {
		Token    string
		PID, TID int
	}
	if err := json.Unmarshal(body, &ping); err != nil || status != 200 {
		t.Fatalf("/ping: %d %q %v", status, body, err)
	}
	if ping.Token != "tok-1" || !a.serves(ping.PID) || ping.TID == 0 || !onRightThread(kind, ping.PID, ping.TID) {
		t.Errorf("/ping: %+v, want token tok-1, a pid that serves (the first is %d), and the right thread", ping, a.cmd.Process.Pid)
	}

	long := strings.Repeat("0-9z", 16)
	for _, nonce := range []string{"v", "v17-9c1e", long} {
		for _, path := range []string{"/victim?nonce=" + nonce, "/sleep?ms=1&nonce=" + nonce} {
			status, header, body := a.ask("GET", path, nil)
			want := strings.Repeat(nonce+"\n", 1024)[:1024]
			if pid, err := strconv.Atoi(header.Get("X-Benchrun-Pid")); status != 200 || string(body) != want || err != nil || !a.serves(pid) {
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

func TestAppSleepWritesBothReceipts(t *testing.T) { eachApp(t, checkAppSleepWritesBothReceipts) }

// A timer that counts whole milliseconds ends some of many short sleeps too early, if other
// requests wake up its event loop.
func checkAppSleepWritesBothReceipts(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
	ctx, cancel := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	beside.Go(func() {
		for ctx.Err() == nil {
			if resp, err := a.client.Get(a.url + "/victim?nonce=v1"); err == nil {
				_ = resp.Body.Close()
			}
		}
	})
	defer beside.Wait()
	defer cancel()
	const sleeps, asked = 100, 5 * time.Millisecond
	for i := range sleeps {
		a.ask("GET", fmt.Sprintf("/sleep?nonce=s%d&ms=%d", i, asked.Milliseconds()), nil)
	}
	got := readReceipts(t, a.receipts)
	if len(got) != 2*sleeps {
		t.Fatalf("%d receipts, want a start and an end of each sleep: %+v", len(got), got)
	}
	for i := range sleeps {
		start, end := got[2*i], got[2*i+1]
		for event, r := range map[string]receipt{"start": start, "end": end} {
			if r.Nonce != fmt.Sprint("s", i) || r.Fault != "sleep" || r.Event != event || !a.serves(r.PID) {
				t.Errorf("receipt: %+v, want the %s of sleep %d", r, event, i)
			}
		}
		if slept := time.Duration(end.T - start.T); slept < asked {
			t.Errorf("sleep %d: %v, want at least %v", i, slept, asked)
		}
	}
}

// Answers that are larger than /victim's 1,024 bytes.
func TestAppBigAnswers(t *testing.T) { eachApp(t, checkAppBigAnswers) }

func checkAppBigAnswers(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
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

// An answer that never ends comes block by block.
func TestAppEndlessAnswer(t *testing.T) { eachApp(t, checkAppEndlessAnswer) }

func checkAppEndlessAnswer(t *testing.T, kind AppKind) {
	t.Helper()
	a := serveApp(t, kind)
	resp, err := a.client.Get(a.url + "/stream?nonce=s1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	block := []byte(strings.Repeat("s1\n", 342)[:1024])
	got := make([]byte, 3*len(block))
	if _, err := io.ReadFull(resp.Body, got); err != nil || resp.StatusCode != http.StatusOK || resp.ContentLength >= 0 || !bytes.Equal(got, bytes.Repeat(block, 3)) {
		t.Errorf("status %d, Content-Length %d, %v, %.20q", resp.StatusCode, resp.ContentLength, err, got)
	}
	if status, _, _ := a.ask("GET", "/stream", nil); status != 404 {
		t.Errorf("stream without a nonce: %d", status)
	}
}
