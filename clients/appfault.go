package clients

import (
	"context"
	"fmt"
	"net/http"

	"benchrun/internal/bench"
)

// bigResponseSize is the magnitude of big-response version 1, in bytes of body,
// as docs/contract.md has it.
const bigResponseSize = 100_000

// appFault asks the app for a fault, as an innocent browser would, and waits.
type appFault struct {
	name string
	size int // of the body that the answer must have, bytes; 0 = any answer will do
}

func newAppFault(family bench.Family) *appFault {
	f := &appFault{name: family.Fault}
	switch {
	case !family.MustComplete:
	case family.Fault == "big-response":
		f.size = bigResponseSize
	default:
		f.size = VictimSize
	}
	return f
}

// Provoke implements Provoker. Where the answer matters, a 200 that is not right
// is Completed with an Error.
func (f *appFault) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h, keep := &ongoing{Provocation: p}, 0
	if f.size > 0 {
		keep = f.size + 1 // one more, to see a body that is too long
	}
	h.get(ctx, func() string { return "/fault/" + f.name + "?nonce=" + h.Nonce }, keep)
	f.check(h)
	return &h.s
}

// check holds a 200 to what the contract promises, where the answer matters.
func (f *appFault) check(h *ongoing) {
	if f.size > 0 && h.s.Outcome == bench.Completed && h.s.Status == http.StatusOK &&
		(len(h.answer.body) != f.size || !echoes(h.answer.body, h.Nonce)) {
		h.s.Error = fmt.Sprintf("the answer has %d bytes of body, want %d of this request's", h.answer.size, f.size)
	}
}
