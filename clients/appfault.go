package clients

import (
	"context"
	"fmt"
	"net/http"

	"benchrun/internal/bench"
)

// appFault asks the app for a fault, as an innocent browser would, and waits.
type appFault struct {
	name string
	size int // of the body that a right answer has, bytes
}

// AppFault makes requests for a fault of the app, named as after /fault/. size is
// that of the body that a right answer has, in bytes.
func AppFault(name string, size int) Provoker { return &appFault{name, size} }

// Provoke implements Provoker. A 200 that is not right is Completed with an Error.
func (f *appFault) Provoke(ctx context.Context, p Provocation) *bench.Sample {
	h := &ongoing{Provocation: p}
	// One byte more is kept, to see a body that is too long.
	h.get(ctx, func() string { return "/fault/" + f.name + "?nonce=" + h.Nonce }, f.size+1)
	f.check(h)
	return &h.s
}

// check holds a 200 to what the contract promises.
func (f *appFault) check(h *ongoing) {
	if h.s.Outcome == bench.Completed && h.s.Status == http.StatusOK &&
		(len(h.answer.body) != f.size || !echoes(h.answer.body, h.Nonce)) {
		h.s.Error = fmt.Sprintf("the answer has %d bytes of body, want %d of this request's", h.answer.size, f.size)
	}
}
