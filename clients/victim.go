package clients

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"benchrun/internal/bench"
)

// VictimSize is the length of a victim's body, in bytes.
const VictimSize = 1024

// PIDHeader is where the worker that answers says which process it is.
const PIDHeader = "X-Benchrun-Pid"

// VictimBody is the body that a victim must get: its nonce and a line feed,
// repeated and cut to VictimSize bytes.
func VictimBody(nonce string) []byte {
	line := nonce + "\n"
	return bytes.Repeat([]byte(line), VictimSize/len(line)+1)[:VictimSize]
}

// ask sends one victim and says how it ended. Sent is when it began to dial, so
// that Sent - Due is the generator's own lateness and a full accept queue is
// the server's.
func (o *OpenLoop) ask(seq uint64, b *scratch) bench.Sample {
	s := bench.Sample{Role: o.Role, Seq: seq, Nonce: o.Nonce(seq), Due: o.Beat.Due(seq)}
	giveUp := s.Due + int64(o.Timeout)
	s.Sent = o.Clock.Now()
	if s.Sent >= giveUp {
		s.Sent, s.Outcome, s.Error = 0, bench.Unsent, "not sent before its timeout"
		return s
	}
	a, err := o.exchange("/victim?nonce="+s.Nonce, o.Clock.At(giveUp), b)
	s.Done = o.Clock.Now()
	if err != nil {
		s.Outcome, s.Error = dialOutcome(err), brief(err)
		if s.Outcome == bench.Unsent {
			s.Sent, s.Done = 0, 0
		}
		return s
	}
	s.Status = a.status
	s.PID, _ = strconv.Atoi(a.header.Get(PIDHeader))
	s.Outcome, err = judgeVictim(s.Nonce, a)
	switch {
	case a.fate == whole && s.Done > giveUp:
		// It came while benchrun was not looking: too late all the same.
		s.Outcome = bench.TimedOut
	case s.Outcome == bench.OK && s.Done > s.Due+int64(o.SLO):
		s.Outcome = bench.Late
	}
	if err != nil {
		s.Error = brief(err)
	}
	return s
}

// scratch is what one exchange needs to read its answer. It is used again for
// the next: an open loop allocates it as often as requests are in flight.
type scratch struct {
	in   *bufio.Reader
	body [VictimSize + 1]byte // one more, to see a body that is too long
}

func newScratch() *scratch { return &scratch{in: bufio.NewReaderSize(nil, 4096)} }

// exchange sends one GET on a connection of its own and reads the answer into
// b, where its body stays. The error is that of the dial.
func (o *OpenLoop) exchange(target string, deadline time.Time, b *scratch) (answer, error) {
	ctx := o.abort()
	conn, err := o.dial(ctx, deadline)
	if err != nil {
		return answer{}, err
	}
	_ = conn.SetDeadline(deadline)
	defer endWith(ctx, conn)()
	// A failed write is not the end: the server may have answered, and closed,
	// before it read. If it has not, reading fails in the same way.
	_, _ = conn.Write(getRequest(target, o.Addr))
	return readAnswer(conn, b.in, b.body[:]), nil
}

// judgeVictim says what a victim's answer is worth, its time apart, and why
// where the outcome does not say it.
//
// A malformed head is "wrong" like a corrupt body: something answered, on a
// connection that did not break, and it was not what a server may send. So is a
// complete 2xx answer of another length than VictimSize. Bytes after a body
// that Content-Length ends are never read, as by any other client.
func judgeVictim(nonce string, a answer) (bench.Outcome, error) {
	switch a.fate {
	case pending:
		return bench.TimedOut, nil
	case brokenHead:
		return bench.Reset, a.err
	case malformedHead:
		return bench.Wrong, a.err
	case brokenBody:
		return bench.Truncated, a.err
	}
	switch {
	case a.status >= 500:
		return bench.HTTP5xx, nil
	case a.status < 200 || a.status >= 300:
		return bench.HTTPOther, nil
	case a.closed && a.size < VictimSize:
		return bench.Truncated, fmt.Errorf("connection closed after %d bytes of body", a.size)
	case a.size != VictimSize:
		return bench.Wrong, fmt.Errorf("body of %d bytes", a.size)
	case !echoes(a.body, nonce):
		return bench.Wrong, errors.New("body is not this request's")
	case a.header.Get(PIDHeader) == "":
		return bench.Wrong, errors.New("no " + PIDHeader)
	}
	return bench.OK, nil
}

// echoes reports whether body is nonce and a line feed, repeated and cut.
func echoes(body []byte, nonce string) bool {
	n := len(nonce)
	return len(body) > n && string(body[:n]) == nonce && body[n] == '\n' &&
		bytes.Equal(body[n+1:], body[:len(body)-n-1])
}
