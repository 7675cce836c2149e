package clients

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAsk(t *testing.T) {
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		for _, part := range []string{"HTTP/1.1 404 Not", " Found\r\nX-Path: " + r.URL.String(), "\r\nContent-Length: 4\r\n\r\n", "no", "ne"} {
			_, _ = io.WriteString(c, part)
		}
		untilClosed(c)
	})
	status, body, header, err := Ask(t.Context(), addr, "/a?b=c", 5*time.Second)
	if status != 404 || string(body) != "none" || header.Get("X-Path") != "/a?b=c" || err != nil {
		t.Errorf("status %d, body %q, header %v, error %v", status, body, header, err)
	}

	big := rawServer(t, func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, head("200 OK")+strings.Repeat("x", 10*maxBody))
	})
	if _, body, _, err := Ask(t.Context(), big, "/", 5*time.Second); len(body) != maxBody || err != nil {
		t.Errorf("big answer: %d bytes, error %v; want %d", len(body), err, maxBody)
	}
}

func TestAskErrors(t *testing.T) {
	if _, _, _, err := Ask(t.Context(), closedPort(t), "/ping", time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("closed port: %v", err)
	}
	mute := rawServer(t, func(c net.Conn, _ *http.Request) { untilClosed(c) })
	if _, _, _, err := Ask(t.Context(), mute, "/ping", 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "no whole answer in time") {
		t.Errorf("mute server: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, _, _, err := Ask(ctx, mute, "/ping", time.Minute); err == nil {
		t.Error("cancelled, but no error")
	}
	for text, want := range map[string]string{
		"":                 "before the head was whole",
		"nonsense\r\n\r\n": "not an HTTP answer",
		head("200 OK", "Content-Length: 9") + "shor": "body broke off",
	} {
		addr := rawServer(t, func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, text) })
		if _, _, _, err := Ask(t.Context(), addr, "/ping", 5*time.Second); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("answer %q: error %v, want %q", text, err, want)
		}
	}
}

func TestPing(t *testing.T) {
	for text, want := range map[string]PingAnswer{
		head("200 OK") + `{"token": "t1", "pid": 7, "tid": 8}`:   {Token: "t1", PID: 7, TID: 8},
		head("200 OK") + `{"token": "", "pid": 7, "tid": 8}`:     {},
		head("200 OK") + `{"token": "t1", "tid": 8}`:             {},
		head("200 OK") + `<html>`:                                {},
		head("503 No") + `{"token": "t1", "pid": 7, "tid": 8}`:   {},
		head("200 OK", "Content-Length: 99") + `{"token": "t1"}`: {},
	} {
		addr := rawServer(t, func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, text) })
		got, err := Ping(t.Context(), addr)
		if got != want || (err == nil) != (want != PingAnswer{}) {
			t.Errorf("answer %q: %+v, error %v; want %+v", text, got, err, want)
		}
	}
}
