package reference

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The protocol between front and worker. Each frame has a 4-byte big-endian length and
// that many bytes:
//
//	worker → front   ready: one empty frame, when the app is loaded
//	front → worker   request: a JSON head, body chunks, then an empty frame,
//	                 or abortMark if the client's body broke off
//	worker → front   answer: a JSON head, then the body in one frame; of a stream
//	                 that is the first block; further blocks follow, each in a frame,
//	                 and when the app is done an empty frame, or abortMark if the
//	                 app failed
//
// An aborted request gets no answer.

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
	Repeat int    `json:"repeat,omitempty"` // how many times to send the body; 0 = once
	// Missing is how many bytes more than there are the app has promised.
	Missing int `json:"missing,omitempty"`
	// Beyond is how many of them, at the end, it has not promised.
	Beyond     int    `json:"beyond,omitempty"`
	BrokenPipe bool   `json:"broken_pipe,omitempty"` // the app failed with EPIPE
	Stream     bool   `json:"stream,omitempty"`      // of unknown length: Body is its first block
	Body       []byte `json:"-"`

	exits bool // in the worker: the app wants it to end

	// Of a stream, in the worker: what the app does after the first block, and how it learns
	// that the server is done with it.
	rest  func(send func(block []byte) error) error
	close func() error
	// Of a stream, in the front: its further blocks, and how it ended, when it has.
	blocks <-chan []byte
	ended  <-chan error
}

const (
	maxFrame  = 1 << 20
	chunkSize = 32 << 10
	abortMark = ^uint32(0) // sent in place of a length
)

// errAborted says that the body of a request broke off, because the client is gone, or a
// streamed answer, because the app failed. The worker can go on.
var errAborted = errors.New("broken off")

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

// readFrame returns the next frame, which is empty at the end of a body. It returns
// errAborted for abortMark, and io.EOF if the peer has closed between two frames.
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

// writeRequest sends a request. It sends each part of the body as soon as it comes. If it
// cannot read the body to its end, it tells the worker and returns errAborted.
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
	for { // until the body ends, or the worker's end of the socket closes
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

// readRequest returns the next request and writes its body to sink. It returns errAborted
// if the body broke off, and io.EOF if no request came.
func readRequest(r *bufio.Reader, sink io.Writer) (request, error) {
	var q request
	head, err := readFrame(r)
	if err != nil {
		return q, err
	}
	if err := json.Unmarshal(head, &q); err != nil {
		return q, fmt.Errorf("head of a request: %w", err)
	}
	for { // until the body ends, or the front's end of the socket closes
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
