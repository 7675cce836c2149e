package clients

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

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

// A nonce always stands for the same text, and a hundred of them for most texts.
func TestGarbageIsSeeded(t *testing.T) {
	g, again := garbage{garbageCorpus()}, garbage{garbageCorpus()}
	picked := map[string]bool{}
	for i := range 100 {
		nonce := fmt.Sprintf("f%d-31aa0000", i)
		if g.pick(nonce).name != again.pick(nonce).name {
			t.Fatalf("%s stands for two texts", nonce)
		}
		picked[g.pick(nonce).name] = true
	}
	if len(picked) < 20 {
		t.Errorf("a hundred clients send %d of %d texts", len(picked), len(g.corpus))
	}
}

func TestGarbageOutcomes(t *testing.T) {
	got := make(chan []byte, 1)
	closes := bareServer(t, func(c net.Conn) {
		b := make([]byte, 1<<20)
		n, _ := c.Read(b)
		got <- b[:n]
	})
	g := garbage{garbageCorpus()[5:6]} // a short one
	if s := provoke(t.Context(), g, closes); s.Outcome != bench.Cut || !bytes.Equal(<-got, g.corpus[0].text) {
		t.Errorf("the server closed: %+v", s)
	}
	answers := bareServer(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 1<<20))
		_, _ = io.WriteString(c, head("400 Bad Request", "Content-Length: 0"))
	})
	if s := provoke(t.Context(), g, answers); s.Outcome != bench.Completed || s.Status != 400 {
		t.Errorf("the server answered: %+v", s)
	}
}
