package clients

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestAskVictim(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := r.URL.Query().Get("nonce")
		w.Header().Set(PIDHeader, "7")
		if nonce == "wrong" {
			nonce = "other"
		}
		_, _ = w.Write(VictimBody(nonce))
	}))
	defer srv.Close()
	for nonce, want := range map[string]bench.Outcome{"right": bench.OK, "wrong": bench.Wrong} {
		if got := AskVictim(srv.Listener.Addr().String(), nonce, bench.StandardLoad); got.Outcome != want || got.PID != 7 {
			t.Errorf("%s: %+v, want %s", nonce, got, want)
		}
	}
	srv.Close()
	if got := AskVictim(srv.Listener.Addr().String(), "gone", bench.StandardLoad); got.Outcome != bench.Refused {
		t.Errorf("nobody there: %+v", got)
	}
}

func TestCheckEcho(t *testing.T) {
	with := http.Header{PIDHeader: {"7"}}
	for _, tt := range []struct {
		name   string
		status int
		body   []byte
		header http.Header
		ok     bool
	}{
		{"right", 200, VictimBody("a"), with, true},
		{"created", 201, VictimBody("a"), with, false},
		{"failed", 500, VictimBody("a"), with, false},
		{"another's", 200, VictimBody("b"), with, false},
		{"short", 200, VictimBody("a")[:1000], with, false},
		{"no pid", 200, VictimBody("a"), http.Header{}, false},
	} {
		if err := CheckEcho("a", tt.status, tt.body, tt.header); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestIsJSON(t *testing.T) {
	for kind, want := range map[string]bool{
		"application/json": true, "Application/JSON; charset=utf-8": true, "text/plain": false, "": false, "application/jsonx": false,
	} {
		if got := IsJSON(http.Header{"Content-Type": {kind}}); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
}

func TestAskUpload(t *testing.T) {
	answers := map[string]func(w http.ResponseWriter, n int, digest string){
		"": func(w http.ResponseWriter, n int, digest string) {
			_, _ = fmt.Fprintf(w, `{"nonce":"u","bytes":%d,"sha256":"%s"}`, n, digest)
		},
		"sent": func(w http.ResponseWriter, n int, digest string) {
			_, _ = fmt.Fprintf(w, `{"nonce":"u","bytes":%d,"sha256":"%s"}`, n-1, digest)
		},
		"status 413":   func(w http.ResponseWriter, _ int, _ string) { w.WriteHeader(http.StatusRequestEntityTooLarge) },
		"Content-Type": func(w http.ResponseWriter, _ int, _ string) { w.Header().Set("Content-Type", "text/html") },
		"receipt":      func(w http.ResponseWriter, _ int, _ string) { _, _ = io.WriteString(w, "thanks") },
	}
	for says, answer := range answers {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			sum := sha256.Sum256(body)
			w.Header().Set("Content-Type", "application/json")
			answer(w, len(body), hex.EncodeToString(sum[:]))
		}))
		err := AskUpload(t.Context(), srv.Listener.Addr().String(), "u", 10*time.Second)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
		srv.Close()
	}
}

func TestAskDownload(t *testing.T) {
	whole := bytes.Repeat([]byte("benchrun"), downloadSize/8)
	spoilt := bytes.Clone(whole)
	spoilt[downloadSize-1] = '!'
	const kind = "Content-Type: application/octet-stream"
	length := fmt.Sprintf("Content-Length: %d", downloadSize)
	for _, tt := range []struct {
		says, head string
		body       []byte
	}{
		{"", head("200 OK", kind, length), whole},
		{"status 404", head("404 Not Found", kind, length), whole},
		{"Content-Type", head("200 OK", length), whole},
		{"Content-Length", head("200 OK", kind, "Content-Length: 8"), whole[:8]},
		{"Content-Length", head("200 OK", kind), whole}, // ends with the connection
		{"byte 16777215 of the body is '!'", head("200 OK", kind, length), spoilt},
		{"body broke off after 1000 bytes", head("200 OK", kind, length), whole[:1000]},
		{"broke before the head", "", nil},
	} {
		addr := rawServer(t, func(c net.Conn, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.RequestURI() != "/download?nonce=d" {
				t.Errorf("asked %s %s", r.Method, r.URL)
			}
			_, _ = io.WriteString(c, tt.head)
			_, _ = c.Write(tt.body)
		})
		err := AskDownload(t.Context(), addr, "d", 10*time.Second)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("want %q, got %v", tt.says, err)
		}
	}
}

func TestAskStream(t *testing.T) {
	const kind = "Content-Type: text/plain; charset=utf-8"
	block := string(VictimBody("s"))
	blocks := strings.Repeat(block, streamBlocks)
	for _, tt := range []struct {
		says, head, body string
	}{
		{"", head("200 OK", kind), blocks},
		{"", head("200 OK", kind, "Transfer-Encoding: chunked"), strings.Repeat("400\r\n"+block+"\r\n", streamBlocks)},
		{"status 404", head("404 Not Found", kind), blocks},
		{"Content-Type", head("200 OK"), blocks},
		{"Content-Type", head("200 OK", "Content-Type: text/html"), blocks},
		{"a Content-Length of 3072", head("200 OK", kind, "Content-Length: 3072"), blocks},
		{"ends after 2048 bytes", head("200 OK", kind), blocks[:2*VictimSize]},
		{"block 3 is not", head("200 OK", kind), blocks[:2*VictimSize] + strings.Repeat("n\n", VictimSize/2)},
		{"EOF", "", ""},
	} {
		addr := rawServer(t, func(c net.Conn, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.RequestURI() != "/stream?nonce=s" {
				t.Errorf("asked %s %s", r.Method, r.URL)
			}
			_, _ = io.WriteString(c, tt.head+tt.body)
		})
		err := AskStream(t.Context(), addr, "s", 10*time.Second)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("want %q, got %v", tt.says, err)
		}
	}
	// It leaves an answer that does not end, and one that never begins.
	for sent, says := range map[string]string{head("200 OK", kind) + blocks: "", "": "timeout"} {
		addr := rawServer(t, func(c net.Conn, _ *http.Request) {
			_, _ = io.WriteString(c, sent)
			untilClosed(c)
		})
		err := AskStream(t.Context(), addr, "s", 300*time.Millisecond)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}
