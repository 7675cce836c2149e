package clients

import (
	"bytes"
	"context"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"benchrun/internal/bench"
)

// garbagePatience is how long a client of the garbage family waits for an answer before
// it leaves.
const garbagePatience = 5 * time.Second

// promisedPatience is the same after a text that promises more, which holds a slot of many
// servers meanwhile: so few do at once that this is no family of slow clients.
const promisedPatience = time.Second

// garbageText is one malformed request; name says what is wrong with it. A text that promises
// more leaves open whether it has ended: a server may wait for the rest.
type garbageText struct {
	name     string
	text     []byte // ownNonce stands for the client's nonce
	promises bool
}

// ownNonce is where a text of the corpus has the nonce of its client.
const ownNonce = "NONCE"

// garbageCorpus is what version 3 of the garbage family sends, see docs/contract.md.
func garbageCorpus() []garbageText {
	const host = "Host: benchrun\r\n"
	get := func(lines string) string {
		return "GET /victim?nonce=" + ownNonce + " HTTP/1.1\r\n" + host + lines + "\r\n"
	}
	post := func(lines, body string) string {
		return "POST /upload?nonce=" + ownNonce + " HTTP/1.1\r\n" + host + lines + "\r\n" + body
	}
	noise := make([]byte, 2048)
	_, _ = rand.NewChaCha8([32]byte{'g'}).Read(noise)
	long := strings.Repeat("a", 100_000)
	promising := []string{
		"bare line feeds", "bare carriage returns", "nothing but empty lines", "a Content-Length beyond 64 bits",
		"a chunk size beyond 64 bits", "a TLS hello", "noise",
	}
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
		corpus[i] = garbageText{t.name, []byte(t.text), slices.Contains(promising, t.name)}
	}
	return corpus
}

// tlsHello is the beginning of a TLS 1.2 handshake: record and handshake header, version,
// random, no session, one cipher suite, no compression.
const tlsHello = "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + "benchrunbenchrunbenchrunbenchrun" + "\x00\x00\x02\x00\x2f\x01\x00"

// garbage sends a malformed request of a corpus and waits for what comes.
type garbage struct {
	corpus []garbageText
	next   atomic.Uint64
}

// Garbage makes the requests of the garbage family. The clients send the texts of the corpus
// in turn; each time around in another order, which is the same in every attempt.
func Garbage() Provoker { return &garbage{corpus: garbageCorpus()} }

// pick is what the i-th client sends.
func (g *garbage) pick(i uint64) garbageText {
	n := uint64(len(g.corpus))
	order := rand.New(rand.NewPCG(i/n, 'g')).Perm(len(g.corpus)) //nolint:gosec // not a secret
	return g.corpus[order[i%n]]
}

// Provoke implements Provoker. If the server answers, the outcome is Completed, whatever
// the answer says, unless it names another request's nonce: Wrong. If the server closes, it
// is Cut; if it does neither in time, HeldOpen.
func (g *garbage) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	sent := g.pick(g.next.Add(1) - 1)
	patience := garbagePatience
	if sent.promises {
		patience = promisedPatience
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return bytes.ReplaceAll(sent.text, []byte(ownNonce), []byte(h.Nonce)) }, nil) {
		return &h.s
	}
	defer h.done()
	h.s.Text, h.s.Promised = sent.name, sent.promises
	h.await(4 * VictimSize)
	h.finish(ctx)
	if otherProtocol := h.n > 0 && h.first[0] != 'H'; otherProtocol && h.s.Outcome == bench.HeldOpen {
		h.s.Outcome = bench.Completed // a preface of HTTP/2 or an alert of TLS has no end that could be seen
	}
	if whose := anothersNonce(h.answer.body, h.Nonce); whose != "" {
		h.s.Outcome, h.s.Error = bench.Wrong, "the answer is that of "+whose
	}
	return &h.s
}

// anyNonce is what requests of an attempt are called: victims, provokers and those of the
// ageing.
var anyNonce = regexp.MustCompile(`\b[vfa]\d{1,9}-[0-9a-f]{8}\b`)

// anothersNonce is the first nonce in body that is not own; "" = there is none.
func anothersNonce(body []byte, own string) string {
	for _, found := range anyNonce.FindAll(body, -1) {
		if string(found) != own {
			return string(found)
		}
	}
	return ""
}

// GarbageTexts are what the clients of the garbage family send, with NONCE for their nonce:
// those that a server must answer or refuse, and those that promise more.
func GarbageTexts() (whole, promising [][]byte) {
	for _, g := range garbageCorpus() {
		if g.promises {
			promising = append(promising, g.text)
		} else {
			whole = append(whole, g.text)
		}
	}
	return whole, promising
}
