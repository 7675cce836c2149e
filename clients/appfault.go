package clients

import (
	"context"
	"fmt"
	"net/http"

	"benchrun/internal/bench"
)

// appFault requests a fault of the app, as an ordinary browser would, and waits.
type appFault struct {
	name string
	size int // bytes of a right answer's body
}

// AppFault requests GET /fault/NAME of the app. size is how many bytes the body of a
// right answer has.
func AppFault(name string, size int) Provoker { return &appFault{name, size} }

// Provoke implements Provoker. A 200 with a wrong answer is Completed with an Error.
func (f *appFault) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	// Keep one byte more, to notice a body that is too long.
	h.get(ctx, func() string { return "/fault/" + f.name + "?nonce=" + h.Nonce }, f.size+1)
	h.checkEcho(f.size)
	return &h.s
}

// checkEcho sets an Error if a 200 is not what the contract promises of a body of size
// bytes.
func (h *ongoing) checkEcho(size int) {
	if h.s.Outcome == bench.Completed && h.s.Status == http.StatusOK &&
		(len(h.answer.body) != size || !echoes(h.answer.body, h.Nonce)) {
		h.s.Error = fmt.Sprintf("the answer has %d bytes of body, want %d of this request's", h.answer.size, size)
	}
}
