package reference

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestRequestsAndAnswersComeThrough(t *testing.T) {
	var wire bytes.Buffer
	w, r := bufio.NewWriter(&wire), bufio.NewReader(&wire)
	q := request{Method: "POST", Path: "/upload", Query: "nonce=a"}
	long := strings.Repeat("x", 3*chunkSize+1)
	for _, body := range []string{"", "x", long} {
		if err := writeRequest(w, q, strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeRequest(w, q, nil); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"", "x", long, ""} {
		var got bytes.Buffer
		head, err := readRequest(r, &got)
		if err != nil || head != q || got.String() != body {
			t.Fatalf("got %+v with %d bytes, error %v; want %+v with %d", head, got.Len(), err, q, len(body))
		}
	}
	if _, err := readRequest(r, io.Discard); !errors.Is(err, io.EOF) {
		t.Errorf("after the last request: %v, want %v", err, io.EOF)
	}

	want := answer{Status: 200, Type: "text/plain", PID: 7, Body: []byte(long)}
	if err := writeAnswer(w, want); err != nil {
		t.Fatal(err)
	}
	if got, err := readAnswer(r); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %d with %d bytes, error %v", got.Status, len(got.Body), err)
	}
}

func TestABodyThatBreaksOffIsAborted(t *testing.T) {
	var wire bytes.Buffer
	w, r := bufio.NewWriter(&wire), bufio.NewReader(&wire)
	q := request{Method: "POST", Path: "/upload", Query: "nonce=a"}
	if err := writeRequest(w, q, iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("xy")))); !errors.Is(err, errAborted) {
		t.Errorf("sender got %v, want %v", err, errAborted)
	}
	if err := writeRequest(w, q, strings.NewReader("whole")); err != nil {
		t.Fatal(err)
	}
	if _, err := readRequest(r, io.Discard); !errors.Is(err, errAborted) {
		t.Errorf("receiver got %v, want %v", err, errAborted)
	}
	var body bytes.Buffer
	if _, err := readRequest(r, &body); err != nil || body.String() != "whole" {
		t.Errorf("the next request: %q, %v", body.String(), err)
	}
}

func TestBrokenFramesAreErrors(t *testing.T) {
	for name, wire := range map[string]string{
		"too long": "\x00\x10\x00\x01", "cut in its length": "\x00\x00", "cut in its body": "\x00\x00\x00\x04ab", "not JSON": "\x00\x00\x00\x01x",
	} {
		if _, err := readRequest(bufio.NewReader(strings.NewReader(wire)), io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := readAnswer(bufio.NewReader(strings.NewReader(wire))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	p := &pool{o: options{maxWait: patience}, jobs: make(chan *job)} // no worker receives from it
	finished := make(chan struct{})
	answers := make(chan answer, maxWaiting)
	for range maxWaiting {
		go func() { answers <- p.do(finished, &job{}) }()
	}
	eventually(t, "the queue is full", func() bool { return p.waiting.Load() == maxWaiting })
	if ans := p.do(finished, &job{}); ans.Status != 503 {
		t.Errorf("one more: status %d; want 503", ans.Status)
	}
	closed := time.Now()
	close(finished)
	for range maxWaiting {
		if ans := <-answers; ans.Status != 503 {
			t.Fatalf("a client that may have left: status %d; want 503", ans.Status)
		}
	}
	if waited := time.Since(closed); waited < halfClosedWait {
		t.Errorf("they waited another %s, want at least %s", waited, halfClosedWait)
	}
	if n := p.waiting.Load(); n != 0 {
		t.Errorf("%d still count as waiting", n)
	}
}

// blockedWriter blocks all writes until open is closed.
type blockedWriter struct{ open chan struct{} }

func (b blockedWriter) Write(p []byte) (int, error) { <-b.open; return len(p), nil }

func TestALogThatNobodyReadsBlocksNobody(t *testing.T) {
	out := blockedWriter{make(chan struct{})}
	l := newEventLog(out)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 10_000 {
			_, _ = l.Write([]byte("line\n"))
		}
		l.close()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("the log blocks")
	}
	close(out.open)
	<-l.drained
}
