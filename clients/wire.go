package clients

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// How much benchrun reads of one answer, in bytes.
const (
	maxBody = 64 << 10 // of a body; the rest is left unread
	maxRead = 1 << 20  // of everything, heads and chunk sizes included
)

// maxInterim is how many 1xx answers may come before the real one.
const maxInterim = 8

// errTooMuch ends an answer whose head and framing do not end.
var errTooMuch = errors.New("more than 1 MiB of head and framing")

// fate says how the answer on one connection ended.
type fate int

const (
	whole         fate = iota // head and body, complete by their framing
	pending                   // the deadline passed or benchrun gave up before the end
	brokenHead                // the connection ended before the head was whole
	malformedHead             // what came is not an HTTP/1.x answer
	brokenBody                // the body or its framing broke off
)

// String completes "GET /ping: …".
func (f fate) String() string {
	return [...]string{"answered", "no whole answer in time", "connection broke before the head was whole", "not an HTTP answer", "body broke off"}[f]
}

// answer is what came back on one connection.
type answer struct {
	fate   fate
	err    error // nil if whole
	status int   // 0 until the head is whole
	header http.Header
	body   []byte // as much as fits into the caller's buffer
	size   int64  // of the whole body, as far as it was read, in bytes
	// closed says that the body ended with the connection: then the framing cannot tell
	// a whole body from a short one.
	closed bool
	// last says that the server answers nothing more on this connection.
	last bool
}

// dial opens a fresh connection and leaves the local port to connect(2): if it bound one
// first, the host would run out of ports at a few thousand connections a second. A zero
// deadline means none.
func dial(ctx context.Context, addr string, deadline time.Time) (net.Conn, error) {
	d := dialer(deadline)
	return d.DialContext(ctx, "tcp", addr)
}

func dialer(deadline time.Time) net.Dialer {
	return net.Dialer{Deadline: deadline, KeepAlive: -1, FallbackDelay: -1}
}

// dialOutcome is a victim's outcome after a failed dial. This host's own limits (ports,
// descriptors, memory) are the harness's fault, not the server's.
func dialOutcome(err error) bench.Outcome {
	for _, own := range []syscall.Errno{
		syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EMFILE, syscall.ENFILE,
		syscall.ENOBUFS, syscall.ENOMEM, syscall.EACCES, syscall.EPERM,
	} {
		if errors.Is(err, own) {
			return bench.Unsent
		}
	}
	if isTimeout(err) {
		return bench.TimedOut
	}
	return bench.Refused
}

// isTimeout says whether a deadline or a cancelled context ended an operation, and not the
// peer.
func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, context.Canceled) || errors.As(err, &ne) && ne.Timeout()
}

// endWith makes every operation on conn fail as soon as ctx ends. The caller calls done
// at the end, which closes conn.
func endWith(ctx context.Context, conn net.Conn) (done func()) {
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return func() {
		release()
		_ = conn.Close()
	}
}

// requestHead is the head of a request, without the empty line that ends it.
func requestHead(method, target, host string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: benchrun\r\nAccept: */*\r\nConnection: close\r\n", method, target, host)
}

// getRequest is a whole GET request.
func getRequest(target, host string) []byte {
	return append(requestHead(http.MethodGet, target, host), '\r', '\n')
}

// wire is the reading side of a connection. It stores how the connection ended, because
// the errors of the HTTP parser do not say that.
type wire struct {
	conn  io.Reader
	left  int
	broke error
}

func (w *wire) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errTooMuch
	}
	n, err := w.conn.Read(p[:min(len(p), w.left)])
	w.left -= n
	if err != nil {
		w.broke = err
	}
	return n, err
}

// answers reads what comes on the connection, from its first byte on.
func (h *ongoing) answers() (*bufio.Reader, *wire) {
	h.n, h.err = h.conn.Read(h.first[:])
	w := &wire{conn: io.MultiReader(bytes.NewReader(h.first[:h.n]), failed{h.err}, h.conn), left: maxRead}
	return bufio.NewReader(w), w
}

// readAnswer reads one answer from conn through in, which it resets, to its end. It stores
// as much of the body as fits into buf, and reads and counts the rest, up to maxBody. It
// never fails: see answer.fate.
func readAnswer(conn io.Reader, in *bufio.Reader, buf []byte) answer {
	return readLargeAnswer(conn, in, buf, maxBody)
}

// readLargeAnswer is readAnswer for bodies of up to most bytes.
func readLargeAnswer(conn io.Reader, in *bufio.Reader, buf []byte, most int64) answer {
	w := &wire{conn: conn, left: int(most) - maxBody + maxRead}
	in.Reset(w)
	resp, err := readHead(in) //nolint:bodyclose // closing the body would read on; the owner closes the connection
	if err != nil {
		switch {
		case w.broke == nil:
			return answer{fate: malformedHead, err: err}
		case isTimeout(w.broke):
			return answer{fate: pending, err: w.broke}
		default:
			return answer{fate: brokenHead, err: w.broke}
		}
	}
	a := answer{
		status: resp.StatusCode, header: resp.Header,
		closed: resp.ContentLength < 0 && len(resp.TransferEncoding) == 0,
		last:   resp.Close, // the parser takes "Connection: close" out of the head
	}
	n, err := fill(resp.Body, buf)
	a.body, a.size = buf[:n], int64(n)
	if err == nil { // buf is full; there may be more
		var rest int64
		rest, err = io.Copy(io.Discard, io.LimitReader(resp.Body, max(0, most-int64(n))))
		a.size += rest
	}
	switch {
	case err == nil || errors.Is(err, io.EOF):
	case isTimeout(err):
		a.fate, a.err = pending, err
	default:
		a.fate, a.err = brokenBody, err
	}
	return a
}

// fill reads until buf is full (nil), the body is complete (io.EOF) or it breaks.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

// readHead reads the head of the final answer and skips 1xx answers before it.
func readHead(in *bufio.Reader) (*http.Response, error) {
	for range maxInterim {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, nil
		}
	}
	return nil, errors.New("1xx answers without end")
}

// brief is an error without the addresses and ports that would make the text of every
// sample different, and at most as long as a record holds.
func brief(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op + ": " + brief(op.Err)
	}
	return bench.Excerpt(err.Error())
}

// errWaiting says that more may still arrive.
var errWaiting = errors.New("more may come")

// arrived reads what has arrived so far, and notes whether the reader wanted more.
type arrived struct {
	text    []byte
	after   error // what follows the text: errWaiting, io.EOF or how the connection broke
	waiting bool  // the reader wanted more than has arrived
}

// Read implements io.Reader.
func (r *arrived) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		r.waiting = r.after == errWaiting //nolint:errorlint // it is never wrapped
		return 0, r.after
	}
	n := copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}
