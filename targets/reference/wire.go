package reference

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// What front and worker say to each other, in frames of a 4-byte big-endian
// length and that many bytes:
//
//	worker → front   ready: one empty frame, when the app is loaded
//	front → worker   request: a JSON head, body chunks, then an empty frame,
//	                 or abortMark if the client's body broke off
//	worker → front   answer: a JSON head, then the body in one frame
//
// An aborted request has no answer.

// request is the head of a request, as the app needs it.
type request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query"` // raw
}

// answer is a complete response.
type answer struct {
	Status int    `json:"status"`
	Type   string `json:"type"`             // Content-Type
	PID    int    `json:"pid"`              // of the worker
	Repeat int    `json:"repeat,omitempty"` // how many times the body goes out; 0 = once
	Body   []byte `json:"-"`
}

const (
	maxFrame  = 1 << 20
	chunkSize = 32 << 10
	abortMark = ^uint32(0) // stands where a length stands
)

// errAborted says that the body of a request broke off: the client is gone,
// the worker is not.
var errAborted = errors.New("request body broke off")

func writeFrame(w *bufio.Writer, b []byte) error {
	if err := writeLength(w, uint32(len(b))); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

func writeLength(w *bufio.Writer, n uint32) error {
	_, err := w.Write(binary.BigEndian.AppendUint32(nil, n))
	return err
}

// readFrame gives the next frame, empty at the end of a body. It fails with
// errAborted on abortMark and with io.EOF when the peer has closed in between
// two frames.
func readFrame(r *bufio.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == abortMark {
		return nil, errAborted
	}
	if n > maxFrame {
		return nil, fmt.Errorf("frame of %d bytes is above the limit of %d", n, maxFrame)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	return b, nil
}

// writeRequest sends a request. Each part of the body goes out as it comes in,
// at the body's pace. It fails with errAborted, having told the worker, if the
// body cannot be read to its end.
func writeRequest(w *bufio.Writer, q request, body io.Reader) error {
	head, err := json.Marshal(q)
	if err != nil {
		return err
	}
	if err := writeFrame(w, head); err != nil {
		return err
	}
	if body != nil {
		if err := writeBody(w, body); err != nil {
			return err
		}
	}
	if err := writeLength(w, 0); err != nil {
		return err
	}
	return w.Flush()
}

func writeBody(w *bufio.Writer, body io.Reader) error {
	chunk := make([]byte, chunkSize)
	for { // ends with the body, or with the worker's end of the socket
		if err := w.Flush(); err != nil {
			return err
		}
		n, err := body.Read(chunk)
		if n > 0 {
			if err := writeFrame(w, chunk[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if err := writeLength(w, abortMark); err != nil {
				return err
			}
			if err := w.Flush(); err != nil {
				return err
			}
			return errAborted
		}
	}
}

// readRequest gives the next request; its body goes into sink. It fails with
// errAborted if the body broke off, and with io.EOF if no request came.
func readRequest(r *bufio.Reader, sink io.Writer) (request, error) {
	var q request
	head, err := readFrame(r)
	if err != nil {
		return q, err
	}
	if err := json.Unmarshal(head, &q); err != nil {
		return q, fmt.Errorf("head of a request: %w", err)
	}
	for { // ends with the body, or with the front's end of the socket
		chunk, err := readFrame(r)
		if err != nil {
			return q, err
		}
		if len(chunk) == 0 {
			return q, nil
		}
		if _, err := sink.Write(chunk); err != nil {
			return q, err
		}
	}
}

func writeAnswer(w *bufio.Writer, a answer) error {
	head, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := writeFrame(w, head); err != nil {
		return err
	}
	if err := writeFrame(w, a.Body); err != nil {
		return err
	}
	return w.Flush()
}

func readAnswer(r *bufio.Reader) (answer, error) {
	var a answer
	head, err := readFrame(r)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(head, &a); err != nil {
		return a, fmt.Errorf("head of an answer: %w", err)
	}
	a.Body, err = readFrame(r)
	return a, err
}
