package clients

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"benchrun/internal/bench"
)

// quickUpload is a slow upload with another interval.
func quickUpload(every time.Duration) *slowUpload {
	u := newSlowUpload()
	u.every = every
	return u
}

// receipt answers an upload as docs/contract.md requires; edit may change the answer.
func receipt(c io.Writer, r *http.Request, edit func(map[string]any)) {
	body, _ := io.ReadAll(r.Body)
	answer := map[string]any{"nonce": nonceOf(r), "bytes": len(body), "sha256": fmt.Sprintf("%x", sha256.Sum256(body))}
	edit(answer)
	text, _ := json.Marshal(answer)
	_, _ = io.WriteString(c, head("200 OK", fmt.Sprintf("Content-Length: %d", len(text)))+string(text))
}

func TestUploadMagnitude(t *testing.T) {
	if took := uploadSize / uploadBlock * uploadEvery; uploadSize%uploadBlock != 0 || took != 30*time.Second {
		t.Errorf("an upload takes %v, the contract says 30 s", took)
	}
	if u := newSlowUpload(); len(u.body) != 1_000_000 || u.every != 300*time.Millisecond || u.digest != newSlowUpload().digest {
		t.Errorf("%d bytes every %v, digest %s", len(u.body), u.every, u.digest)
	}
}

// No block is written before it is due, whether the interval is shorter or longer than a
// tick.
func TestUploadKeepsItsPace(t *testing.T) {
	for _, tt := range []struct {
		blocks int
		every  time.Duration
	}{{100, uploadTick * 2 / 5}, {20, uploadTick * 5 / 2}} {
		size := tt.blocks * uploadBlock
		began := time.Now()
		addr := rawServer(t, func(c net.Conn, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Path != "/upload" || r.ContentLength != int64(size) {
				t.Errorf("asked %s %s of %d bytes", r.Method, r.URL, r.ContentLength)
			}
			r.Body = &watched{ReadCloser: r.Body, saw: func(n int) {
				if due := time.Duration((n+uploadBlock-1)/uploadBlock) * tt.every; time.Since(began) < due {
					t.Errorf("%d bytes came %v before they were due", n, due-time.Since(began))
				}
			}}
			receipt(c, r, func(map[string]any) {})
		})
		s := provoke(t.Context(), newCrawl(size, uploadBlock, tt.every), addr)
		if s.Outcome != bench.Completed || s.Status != 200 || s.Error != "" || s.Bytes != int64(size) {
			t.Errorf("sample %+v", s)
		}
	}
}

type watched struct {
	io.ReadCloser
	n   int
	saw func(int)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.n += n
	w.saw(w.n)
	return n, err
}

func TestUploadReceiptIsChecked(t *testing.T) {
	for field, value := range map[string]any{"nonce": "f1-0", "bytes": 999_999, "sha256": strings.Repeat("0", 64)} {
		addr := rawServer(t, func(c net.Conn, r *http.Request) {
			receipt(c, r, func(m map[string]any) { m[field] = value })
		})
		if s := provoke(t.Context(), quickUpload(0), addr); s.Outcome != bench.Completed || !strings.Contains(s.Error, "receipt") {
			t.Errorf("wrong %s: %s, error %q", field, s.Outcome, s.Error)
		}
	}
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(c, head("200 OK", "Content-Length: 2")+"ok")
	})
	if s := provoke(t.Context(), quickUpload(0), addr); s.Outcome != bench.Completed || !strings.Contains(s.Error, "receipt") {
		t.Errorf("no JSON: %s, error %q", s.Outcome, s.Error)
	}
}

func TestUploadEndsEarly(t *testing.T) {
	for name, c := range map[string]struct {
		serve  func(c net.Conn, r *http.Request)
		want   bench.Outcome
		status int
	}{
		"408 at once, then closed": {func(c net.Conn, _ *http.Request) {
			_, _ = io.WriteString(c, head("408 Request Timeout", "Content-Length: 0"))
		}, bench.Completed, 408},
		"413, left open": {func(c net.Conn, _ *http.Request) {
			_, _ = io.WriteString(c, head("413 Too Large", "Content-Length: 0"))
			untilClosed(c)
		}, bench.Completed, 413},
		"503, reads nothing more": {func(c net.Conn, _ *http.Request) {
			_, _ = io.WriteString(c, head("503 Busy", "Content-Length: 0"))
			<-time.After(50 * time.Millisecond)
		}, bench.Completed, 503},
		"reset":             {func(c net.Conn, _ *http.Request) { reset(c) }, bench.Cut, 0},
		"closed":            {func(net.Conn, *http.Request) {}, bench.Cut, 0},
		"answer breaks off": {func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n") }, bench.Cut, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := provoke(t.Context(), quickUpload(20*time.Millisecond), rawServer(t, c.serve))
			if s.Outcome != c.want || s.Status != c.status || s.Bytes >= uploadSize {
				t.Errorf("%s, status %d, %d bytes, error %q; want %s, %d, not all", s.Outcome, s.Status, s.Bytes, s.Error, c.want, c.status)
			}
		})
	}
	if s := provoke(t.Context(), newSlowUpload(), closedPort(t)); s.Outcome != bench.NoConnect || s.Bytes != 0 {
		t.Errorf("closed port: %s, %d bytes", s.Outcome, s.Bytes)
	}
}

func TestUploadIsHeldUntilCut(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	addr := rawServer(t, func(c net.Conn, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, 3*uploadBlock)
		cancel()
		untilClosed(c)
	})
	s := provoke(ctx, quickUpload(5*time.Millisecond), addr)
	if s.Outcome != bench.HeldOpen || s.Bytes < 3*uploadBlock || s.Bytes >= uploadSize || s.Error != "" {
		t.Errorf("%s after %d bytes, error %q; want held_open after a few blocks", s.Outcome, s.Bytes, s.Error)
	}
	if s := held(t, newSlowUpload()); s.Outcome != bench.HeldOpen || s.Bytes != 0 {
		t.Errorf("cut before the first block: %s, %d bytes", s.Outcome, s.Bytes)
	}
}

// A server that reads nothing fills the buffers: the kernel takes no more, and the cut
// also ends an upload that is stuck in a write.
func TestUploadIntoFullBuffers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	u := quickUpload(0)
	u.body = make([]byte, 64<<20) // more than both kernels' buffers
	stuck := make(chan struct{})
	addr := bareServer(t, func(net.Conn) { time.AfterFunc(300*time.Millisecond, cancel); <-stuck })
	s := provoke(ctx, u, addr)
	close(stuck)
	if s.Outcome != bench.HeldOpen || s.Bytes == 0 || s.Bytes == int64(len(u.body)) {
		t.Errorf("%s after %d bytes; want held_open after some", s.Outcome, s.Bytes)
	}
}

// Blocks are written at ticks, never before they are due. Blocks of uploads that began
// at different times are written together.
func TestBlocksAreWrittenAtTicks(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		u := newSlowUpload()
		for _, due := range []time.Duration{0, 1, uploadTick - 1, uploadTick, uploadTick + 1, 300 * time.Millisecond, 305 * time.Millisecond} {
			tick := time.Duration(u.tickAt(u.epoch.Add(due))) * uploadTick
			if tick < due || tick-due >= uploadTick {
				t.Errorf("due after %v, written after %v", due, tick)
			}
		}
	})
}

// The writing goroutine waits for the earliest block, also if that was scheduled last, and
// ends if there are no more.
func TestBlocksAreAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newCrawl(100, 100, 24*time.Hour)
		late, soon := &sending{u: u, began: time.Now()}, &sending{u: u, began: time.Now().Add(-23 * time.Hour)}
		timer := time.NewTimer(time.Hour)
		u.next = 0 // as if the goroutine ran
		u.schedule(late, u.tickAt(late.began.Add(u.every)))
		waited := make(chan int64)
		wait := func() {
			tick, _ := u.await(timer)
			waited <- tick
		}
		go wait()
		synctest.Wait()
		u.schedule(soon, u.tickAt(soon.began.Add(u.every)))
		began := time.Now()
		tick := <-waited
		if time.Since(began) != time.Hour {
			t.Errorf("waited for %v, want an hour", time.Since(began))
		}
		if first, second := u.take(tick), u.take(tick); first != soon || second != nil {
			t.Errorf("%p and %p are due, want the one that is", first, second)
		}
		go wait()
		synctest.Wait()
		u.forget(late)
		if tick := <-waited; tick != 0 {
			t.Errorf("it waited for tick %d, where nothing is due", tick)
		}
	})
}

// An ended upload gets no more blocks. Others of the same tick do.
func TestEndedUploadsAreForgotten(t *testing.T) {
	u := newCrawl(100, 100, time.Hour)
	u.next = 0 // as if the goroutine ran
	var all [4]*sending
	for i := range all {
		all[i] = &sending{u: u}
		u.schedule(all[i], 7)
	}
	u.forget(all[3]) // the first of the list, one in the middle, then one that is no longer there
	u.forget(all[1])
	u.forget(all[1])
	if u.take(6) != nil {
		t.Error("taken at another tick")
	}
	if a, b, none := u.take(7), u.take(7), u.take(7); a != all[2] || b != all[0] || none != nil || len(u.due) != 0 {
		t.Errorf("took %p, %p and %p of %p", a, b, none, all)
	}
}
