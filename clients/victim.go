package clients

import (
	"bytes"
	"errors"
	"fmt"

	"benchrun/internal/bench"
)

// VictimSize is how many bytes a victim's body has.
const VictimSize = 1024

// PIDHeader is the header in which the worker that answers sends its pid.
const PIDHeader = "X-Benchrun-Pid"

// VictimBody is the body that a victim must get: its nonce and a line feed, repeated and
// cut to VictimSize bytes.
func VictimBody(nonce string) []byte {
	line := nonce + "\n"
	return bytes.Repeat([]byte(line), VictimSize/len(line)+1)[:VictimSize]
}

// judgeVictim returns the outcome of a victim's answer, apart from its time, and an error
// if the outcome alone does not explain it.
//
// A malformed head is "wrong" like a corrupt body: the connection did not break, and
// what came is not what a server may send. A complete 2xx answer of another length than
// VictimSize is "wrong" too. Bytes after the end that Content-Length gives are never
// read, as in any other client.
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

// echoes says whether body is nonce and a line feed, repeated and cut.
func echoes(body []byte, nonce string) bool {
	n := len(nonce)
	return len(body) > n && string(body[:n]) == nonce && body[n] == '\n' &&
		bytes.Equal(body[n+1:], body[:len(body)-n-1])
}
