package clients

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"benchrun/internal/bench"
)

// beyondPatience is how long a client that need not wait for anything looks for what comes
// beyond an answer.
const beyondPatience = time.Second

// longBody requests a fault of the app whose answer is longer than it says.
type longBody struct{ name string }

// LongBody requests GET /fault/NAME of the app, reads as many bytes of the answer as it
// promises, and then uses the connection again, for /victim.
func LongBody(name string) Provoker { return longBody{name} }

// Provoke implements Provoker. The outcome is Completed if the answer has the promised bytes
// of this request's body, and behind it comes the right answer to the next request or the end of
// the connection. A byte that belongs to neither is an Error, also where the server has said
// that it will close.
func (l longBody) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	if !h.begin(ctx, func() []byte { return reusingRequest("/fault/"+l.name+"?nonce="+h.Nonce, h.Addr) }, nil) {
		return &h.s
	}
	defer h.done()
	in, w := h.answers()
	first, err := readPromised(in)
	h.s.Done = h.Clock.Now()
	switch {
	case err != nil && ctx.Err() != nil && isTimeout(w.broke):
		h.s.Outcome = bench.HeldOpen
		return &h.s
	case err != nil:
		h.s.Outcome, h.s.Error = bench.Cut, brief(err)
		return &h.s
	}
	h.s.Outcome, h.s.Status, h.s.PID = bench.Completed, first.status, first.pid
	if h.s.Status != http.StatusOK {
		return &h.s
	}
	if !first.isVictim(h.Nonce) {
		h.s.Error = fmt.Sprintf("the answer has %d bytes of body, want %d of this request's", len(first.body), VictimSize)
		return &h.s
	}
	switch next, err := h.beyond(in, first.last); {
	case err != nil && ctx.Err() != nil && isTimeout(w.broke):
		h.s.Outcome = bench.HeldOpen
	case next != "":
		h.s.Error = next
	case err != nil:
		h.s.Outcome, h.s.Error = bench.Cut, "the next request on the connection: "+brief(err)
	}
	return &h.s
}

// promised is an answer as far as its framing says.
type promised struct {
	status, pid int
	last        bool // on its connection, as it says itself
	body        []byte
}

// isVictim says whether the body is that of a victim with this nonce.
func (p promised) isVictim(nonce string) bool {
	return len(p.body) == VictimSize && echoes(p.body, nonce)
}

func readPromised(in *bufio.Reader) (p promised, err error) {
	resp, err := readHead(in) //nolint:bodyclose // closing the body would read on; the owner closes the connection
	if err != nil {
		return p, err
	}
	body := make([]byte, 2*VictimSize+1)
	n, err := fill(resp.Body, body)
	if err != nil && !errors.Is(err, io.EOF) {
		return p, err
	}
	return promised{resp.StatusCode, WorkerPID(resp.Header), resp.Close, body[:n]}, nil
}

// beyond says what comes wrongly behind the answer; "" = nothing. It sends another request,
// unless the server has said that the answer is the last one on the connection. An error is about the next
// request, which got no whole answer although the connection did not end before.
func (h *ongoing) beyond(in *bufio.Reader, last bool) (wrong string, err error) {
	patience := bench.StandardLoad.Timeout
	if last {
		patience = beyondPatience
	} else {
		_, _ = h.conn.Write(getRequest("/victim?nonce="+pipelinedNonce(h.Nonce, 1), h.Addr)) // if this failed, reading will say why
	}
	_ = h.conn.SetReadDeadline(time.Now().Add(patience))
	first, err := in.Peek(1)
	switch {
	case len(first) == 0 && (last || !isTimeout(err)): // nothing came, or the end of the connection
		return "", nil
	case len(first) == 0:
		return "", err
	case last:
		return "bytes come behind the answer, beyond its Content-Length", nil
	}
	const status = "HTTP/1."
	if start, _ := in.Peek(len(status)); string(start) != status {
		return "the next answer on the connection begins with bytes beyond the Content-Length", nil
	}
	next, err := readPromised(in)
	switch {
	case err != nil:
		return "", err
	case next.status == http.StatusOK && !next.isVictim(pipelinedNonce(h.Nonce, 1)):
		return fmt.Sprintf("the next answer on the connection has %d bytes of body, want %d of its request's", len(next.body), VictimSize), nil
	}
	return "", nil
}
