package place

import "sync"

// mostReceipts is how many receipts of one request are kept: a start and an end,
// and as many again for a server that runs it twice.
const mostReceipts = 4

// askedNonces are the requests that leave receipts, and how many each has left.
// The zero value is ready.
type askedNonces struct {
	mu   sync.Mutex
	left map[string]int
}

// add is called before a request is sent.
func (a *askedNonces) add(nonce string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left == nil {
		a.left = map[string]int{}
	}
	a.left[nonce] = 0
}

// takes says whether a receipt belongs to a request that benchrun made, and
// whether to keep it: not if the request has too many.
func (a *askedNonces) takes(nonce string) (keep, asked bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, asked := a.left[nonce]
	if !asked || n >= mostReceipts {
		return false, asked
	}
	a.left[nonce] = n + 1
	return true, true
}
