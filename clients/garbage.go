package clients

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// garbagePatience is how long a client of the garbage family waits for an answer before
// it leaves.
const garbagePatience = 5 * time.Second

// garbageText is one malformed request; name says what is wrong with it.
type garbageText struct {
	name string
	text []byte
}

// garbageCorpus is what version 1 of the garbage family sends, see docs/contract.md.
func garbageCorpus() []garbageText {
	const host = "Host: benchrun\r\n"
	get := func(lines string) string { return "GET /victim?nonce=g0 HTTP/1.1\r\n" + host + lines + "\r\n" }
	post := func(lines, body string) string {
		return "POST /upload?nonce=g0 HTTP/1.1\r\n" + host + lines + "\r\n" + body
	}
	noise := make([]byte, 2048)
	_, _ = rand.NewChaCha8([32]byte{'g'}).Read(noise)
	long := strings.Repeat("a", 100_000)
	texts := []struct{ name, text string }{
		{"a request line of 100,000 bytes", "GET /" + long + " HTTP/1.1\r\n" + host + "\r\n"},
		{"a header of 100,000 bytes", get("X-Long: " + long + "\r\n")},
		{"2,000 headers", get(strings.Repeat("X-Many: a\r\n", 2000))},
		{"a method of 10,000 bytes", long[:10_000] + " / HTTP/1.1\r\n" + host + "\r\n"},
		{"no colon", get("no colon\r\n")},
		{"a space before the colon", get("X-Space : a\r\n")},
		{"a folded header", get("X-Folded: a\r\n b\r\n")},
		{"bare line feeds", strings.ReplaceAll(get(""), "\r", "")},
		{"bare carriage returns", strings.ReplaceAll(get(""), "\n", "")},
		{"a NUL in the request line", "GET /\x00 HTTP/1.1\r\n" + host + "\r\n"},
		{"a NUL in a header", get("X-Nul: a\x00b\r\n")},
		{"a broken escape", "GET /%zz?nonce=%f HTTP/1.1\r\n" + host + "\r\n"},
		{"no host", "GET / HTTP/1.1\r\n\r\n"},
		{"an unknown version", "GET / HTTP/9.9\r\n" + host + "\r\n"},
		{"no version and no target", "GET\r\n\r\n"},
		{"an answer", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{"nothing but empty lines", strings.Repeat("\r\n", 1000)},
		{"a negative Content-Length", post("Content-Length: -1\r\n", "")},
		{"a Content-Length beyond 64 bits", post("Content-Length: 99999999999999999999\r\n", "a")},
		{"a Content-Length that is no number", post("Content-Length: 0x10\r\n", "a")},
		{"two Content-Lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab")},
		{"a Content-Length and chunks", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
		{"an unknown transfer encoding", post("Transfer-Encoding: benchrun\r\n", "a")},
		{"a chunk size that is no number", post("Transfer-Encoding: chunked\r\n", "zz\r\na\r\n0\r\n\r\n")},
		{"a negative chunk size", post("Transfer-Encoding: chunked\r\n", "-1\r\na\r\n0\r\n\r\n")},
		{"a chunk size beyond 64 bits", post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\na\r\n")},
		{"a chunk without an end", post("Transfer-Encoding: chunked\r\n", "1\r\nabc0\r\n\r\n")},
		{"a preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
		{"a TLS hello", tlsHello},
		{"noise", string(noise)},
	}
	corpus := make([]garbageText, len(texts))
	for i, t := range texts {
		corpus[i] = garbageText{t.name, []byte(t.text)}
	}
	return corpus
}

// tlsHello is the beginning of a TLS 1.2 handshake: record and handshake header, version,
// random, no session, one cipher suite, no compression.
const tlsHello = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + "benchrunbenchrunbenchrunbenchrun" + "\x00\x00\x02\x00\x2f\x01\x00"

// garbage sends a malformed request of a corpus and waits for what comes.
type garbage struct{ corpus []garbageText }

// Garbage makes the requests of the garbage family. The nonce decides which text a client
// sends.
func Garbage() Provoker { return garbage{garbageCorpus()} }

// pick is the text that a nonce stands for.
func (g garbage) pick(nonce string) garbageText {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(nonce))
	return g.corpus[int(sum.Sum32()%uint32(len(g.corpus)))] //nolint:gosec // a short corpus
}

// Provoke implements Provoker. If the server answers, the outcome is Completed, whatever
// the answer says; if it closes, Cut; if it does neither in time, HeldOpen.
func (g garbage) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	ctx, cancel := context.WithTimeout(ctx, garbagePatience)
	defer cancel()
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return g.pick(h.Nonce).text }, nil) {
		return &h.s
	}
	defer h.done()
	h.await(0)
	h.finish(ctx)
	return &h.s
}
