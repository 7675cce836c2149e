package place

import "sync"

// mostReceipts is how many receipts of one request benchrun keeps: a start and an
// end, and two more for a server that runs the request twice.
const mostReceipts = 4

// askedNonces counts the receipts of each request that leaves some, by nonce.
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

// takes says whether benchrun made the request that a receipt names (asked), and
// whether to keep the receipt: not if the request already has mostReceipts.
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
