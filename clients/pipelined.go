package clients

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"benchrun/internal/bench"
)

// pipelinedRequests is how many requests version 1 of pipelining sends at once.
const pipelinedRequests = 3

// pipelined sends several requests at once and reads their answers.
type pipelined struct{}

// Pipelined makes the requests of the pipelining family.
func Pipelined() Provoker { return pipelined{} }

// pipelinedNonce names one of the requests of a provocation.
func pipelinedNonce(nonce string, i int) string { return fmt.Sprintf("%s-%d", nonce, i) }

// Provoke implements Provoker. The outcome is Completed if each request got its answer, in
// their order, or if the server said after an answer that it would close: then the client
// would ask again. If an answer is not that of its request, it has an Error; if the server
// closes without having said so, it is Cut.
func (pipelined) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	request := func() []byte {
		var all []byte
		for i := range pipelinedRequests - 1 {
			all = append(all, keptRequest("/victim?nonce="+pipelinedNonce(h.Nonce, i), h.Addr)...)
		}
		return append(all, getRequest("/victim?nonce="+pipelinedNonce(h.Nonce, pipelinedRequests-1), h.Addr)...)
	}
	if !h.begin(ctx, request, nil) {
		return &h.s
	}
	defer h.done()
	in, w := h.answers()
	for i := range pipelinedRequests {
		last, err := readPipelined(in, pipelinedNonce(h.Nonce, i), &h.s)
		h.s.Done = h.Clock.Now()
		switch {
		case err != nil && ctx.Err() != nil && isTimeout(w.broke):
			h.s.Outcome = bench.HeldOpen
			return &h.s
		case err != nil:
			h.s.Outcome, h.s.Error = bench.Cut, fmt.Sprintf("after %d of %d answers: %s", i, pipelinedRequests, brief(err))
			return &h.s
		}
		h.s.Outcome = bench.Completed
		if last || h.s.Error != "" || h.s.Status != http.StatusOK {
			return &h.s
		}
	}
	return &h.s
}

// readPipelined reads one of several answers into a sample, and says whether it is the
// last: the server closes after it.
func readPipelined(in *bufio.Reader, nonce string, s *bench.Sample) (last bool, err error) {
	resp, err := readHead(in) //nolint:bodyclose // closing the body would read on; the owner closes the connection
	if err != nil {
		return false, err
	}
	body := make([]byte, VictimSize+1)
	n, err := fill(resp.Body, body)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	s.Status, s.PID = resp.StatusCode, WorkerPID(resp.Header)
	switch body = body[:n]; {
	case s.Status == http.StatusOK && (n != VictimSize || !echoes(body, nonce)):
		s.Error = fmt.Sprintf("the answer has %d bytes of body, want %d of %s", n, VictimSize, nonce)
	case n > VictimSize: // the next answer comes behind a body that is not read
		return true, nil
	}
	return resp.Close, nil
}
