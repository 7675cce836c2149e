package clients

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// Every text is there once, has a name, and is either no request or one that a strict
// reader may refuse.
func TestGarbageCorpus(t *testing.T) {
	corpus := garbageCorpus()
	if len(corpus) != 30 {
		t.Errorf("%d texts, the contract says 30", len(corpus))
	}
	seen := map[string]bool{}
	for _, g := range corpus {
		if g.name == "" || len(g.text) == 0 || seen[g.name] || seen[string(g.text)] {
			t.Errorf("%q is empty, or there twice", g.name)
		}
		seen[g.name], seen[string(g.text)] = true, true
	}
	if hello := []byte(tlsHello); len(hello) != 5+int(hello[4]) || len(hello) != 9+int(hello[8]) {
		t.Errorf("the TLS hello has %d bytes, and lengths of %d and %d", len(hello), hello[4], hello[8])
	}
	refused := 0
	for _, g := range corpus {
		r, err := http.ReadRequest(bufio.NewReaderSize(bytes.NewReader(g.text), 4096))
		if err == nil {
			_, err = io.ReadAll(r.Body)
		}
		if err != nil {
			refused++
		}
	}
	if refused < len(corpus)/2 {
		t.Errorf("Go refuses %d of %d texts: this is no garbage", refused, len(corpus))
	}
}

// The texts come in turn, each as often as any other, in an order that is the same again and
// changes each time around.
func TestGarbageComesInTurn(t *testing.T) {
	g, again := &garbage{corpus: garbageCorpus()}, &garbage{corpus: garbageCorpus()}
	n := len(g.corpus)
	times, orders := map[string]int{}, [2]string{}
	for i := range 3*n + 7 {
		text := g.pick(uint64(i))
		if text.name != again.pick(uint64(i)).name {
			t.Fatalf("client %d sends two texts", i)
		}
		times[text.name]++
		if i < 2*n {
			orders[i/n] += text.name + "\n"
		}
	}
	for _, text := range g.corpus {
		if got := times[text.name]; got != 3 && got != 4 {
			t.Errorf("%s came %d times of %d", text.name, got, 3*n+7)
		}
	}
	if orders[0] == orders[1] {
		t.Error("the order is the same each time around")
	}
}

// What may be waited for has no end by itself; every other text has.
func TestGarbagePromises(t *testing.T) {
	promises := 0
	for _, g := range garbageCorpus() {
		if g.promises {
			promises++
		} else if !bytes.Contains(g.text, []byte("\r\n\r\n")) {
			t.Errorf("%s does not end, and must be answered", g.name)
		}
	}
	if promises != 7 {
		t.Errorf("%d texts promise more, the contract says 7", promises)
	}
}

// An answer that names the nonce of another client is noticed, and one's own is not.
func TestGarbageGetsAnothersAnswer(t *testing.T) {
	const own = "f12-0badcafe"
	for body, want := range map[string]string{
		string(VictimBody("v7-31aa0000")): "v7-31aa0000", string(VictimBody(own)): "", "": "",
		`{"nonce":"f3-31aa0000","bytes":1}`: "f3-31aa0000", `{"nonce":"` + own + `"}`: "",
		"request f47ac10b-58cc-4372-a567-0e02b2c3d479 was malformed": "",
	} {
		if got := anothersNonce([]byte(body), own); got != want {
			t.Errorf("%.40q is of %q, want %q", body, got, want)
		}
	}
	g := &garbage{corpus: garbageCorpus()[5:6]}
	answers := bareServer(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<20))
		_, _ = io.WriteString(c, head("200 OK", "Content-Length: 1024")+string(VictimBody("v7-31aa0000")))
	})
	if s := provoke(t.Context(), g, answers); s.Outcome != bench.Wrong || s.Error == "" {
		t.Errorf("another's answer: %+v", s)
	}
}

// A client that promises more does not wait for as long as one that must be answered.
func TestGarbageThatPromisesLeavesSoon(t *testing.T) {
	stays := bareServer(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for _, text := range garbageCorpus() {
		if text.name != "bare line feeds" && text.name != "no colon" {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*promisedPatience)
		s := provoke(ctx, &garbage{corpus: []garbageText{text}}, stays)
		if left := ctx.Err() == nil; s.Outcome != bench.HeldOpen || left != text.promises {
			t.Errorf("%s: %s, it left by itself: %v", text.name, s.Outcome, left)
		}
		cancel()
	}
}

func TestGarbageOutcomes(t *testing.T) {
	got := make(chan []byte, 1)
	closes := bareServer(t, func(c net.Conn) {
		b := make([]byte, 1<<20)
		n, _ := c.Read(b)
		got <- b[:n]
	})
	g := &garbage{corpus: garbageCorpus()[5:6]} // a short one
	s := provoke(t.Context(), g, closes)
	want := bytes.ReplaceAll(g.corpus[0].text, []byte(ownNonce), []byte(s.Nonce))
	if s.Outcome != bench.Cut || s.Text != g.corpus[0].name || s.Promised || !bytes.Equal(<-got, want) {
		t.Errorf("the server closed: %+v", s)
	}
	answers := bareServer(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<20))
		_, _ = io.WriteString(c, head("400 Bad Request", "Content-Length: 0"))
	})
	if s := provoke(t.Context(), g, answers); s.Outcome != bench.Completed || s.Status != 400 {
		t.Errorf("the server answered: %+v", s)
	}
	for first, want := range map[string]bench.Outcome{"\x00\x00\x00\x04\x00\x00\x00\x00\x00": bench.Completed, "HTTP/1.1 200 OK\r\nContent-": bench.HeldOpen, "": bench.HeldOpen} {
		stays := bareServer(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1<<20))
			_, _ = io.WriteString(c, first)
			_, _ = c.Read(make([]byte, 1))
		})
		stay := time.Second
		if want == bench.Completed {
			stay = time.Minute // it leaves by itself
		}
		ctx, cancel := context.WithTimeout(t.Context(), stay)
		if s := provoke(ctx, g, stays); s.Outcome != want {
			t.Errorf("the server said %q and stayed: %s, want %s", first, s.Outcome, want)
		}
		cancel()
	}
}
