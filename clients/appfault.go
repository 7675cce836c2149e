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

func newAppFault(family bench.Family) appFault {
	f := appFault{name: family.Fault}
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
func (f appFault) Provoke(ctx context.Context, p Provocation) bench.Sample {
	keep := 0
	if f.size > 0 {
		keep = f.size + 1 // one more, to see a body that is too long
	}
	s, a := p.get(ctx, "/fault/"+f.name+"?nonce="+p.Nonce, keep)
	if f.size > 0 && s.Outcome == bench.Completed && s.Status == http.StatusOK &&
		(len(a.body) != f.size || !echoes(a.body, p.Nonce)) {
		s.Error = fmt.Sprintf("the answer has %d bytes of body, want %d of this request's", a.size, f.size)
	}
	return s
}
