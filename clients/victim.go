package clients

import (
	"bytes"
	"errors"
	"fmt"

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
