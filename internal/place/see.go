package place

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// bootNonce begins the nonces of readiness requests. Their receipts say nothing
// about faults.
const bootNonce = "boot-"

// mostBadReceipts is how many bad lines of receipts a record holds.
const mostBadReceipts = 20

// see takes every entry about the target, from the observer and from the app's
// receipts, and puts the credible ones into the journal. Observer and receipts
// call it from different goroutines.
func (p *Place) see(e bench.Entry) {
	switch e := e.(type) {
	case bench.Vital:
		e.Files = int(p.files.Load())
		if n, err := p.log.size(); err == nil { // a log that cannot be read has a doubt of its own
			e.Log = n
		}
		p.journal.Add(e)
		p.guard(e)
	case bench.Receipt:
		p.seeReceipt(e)
	case bench.Mark:
		if e.Name == bench.MarkBadReceipt {
			p.seeBadReceipt(e.T, e.Note)
			return
		}
		p.journal.Add(e)
	case bench.ProcEvent:
		p.journal.Add(e)
		if e.Event == bench.Died {
			p.seeDeath(e)
		}
	default:
		p.journal.Add(e)
	}
}

// seeDeath marks a death for each process that the kernel ended at the memory cap, where the
// family is about that.
func (p *Place) seeDeath(e bench.ProcEvent) {
	if p.needs.Memory == 0 {
		return
	}
	if n, ok := p.group.OOMKills(); !ok || !p.capDeaths.takes(e, n) {
		return
	}
	m := bench.Mark{T: e.T, Name: bench.MarkMemoryCap, PID: e.PID}
	if e.PID == p.Leader() {
		m.Note = bench.LeaderEnded
	}
	p.journal.Add(m)
}

// capDeaths is how many of the processes that the kernel ended at the memory cap were seen to
// die.
type capDeaths int64

// takes says whether a death is that of a process that the kernel ended, if the kernel has
// ended n so far. It counts them and names none: the next one that ended by SIGKILL is taken
// for it. Others that end meanwhile, such as the workers of a first process that the kernel
// ended, are not. If nobody could learn how a process ended, it is taken too.
func (c *capDeaths) takes(e bench.ProcEvent, n int64) bool {
	if int64(*c) >= n || e.Exit != nil && e.Exit.Signal != "SIGKILL" {
		return false
	}
	*c++
	return true
}

// seeReceipt keeps the app's receipts of requests that benchrun makes, and the
// observer's receipts while it watches slots. Other receipts are bad: no app has a
// reason to write them.
func (p *Place) seeReceipt(r bench.Receipt) {
	if r.Event != bench.ReceiptStart && r.Event != bench.ReceiptEnd { // the observer wrote it
		if p.stillTracking() {
			p.journal.Add(r)
		}
		return
	}
	kept, asked := p.asked.takes(r.Nonce)
	switch {
	case !asked:
		p.seeBadReceipt(p.clock.Now(), fmt.Sprintf("(a receipt of a request that was not made: %s)", r.Nonce))
	case !kept: // more than mostReceipts; the app's own may be among them
		p.seeBadReceipt(p.clock.Now(), fmt.Sprintf("(more than %d receipts of one request: %s)", mostReceipts, r.Nonce))
	}
	if !kept || strings.HasPrefix(r.Nonce, bootNonce) {
		return
	}
	p.journal.Add(r)
	switch {
	case !p.stillTracking():
	case r.Event == bench.ReceiptStart:
		p.watcher.Track(r)
	case r.Event == bench.ReceiptEnd:
		p.watcher.Untrack(r.Nonce)
	}
}

// seeBadReceipt records a bad line in the receipts file, whoever wrote it. It casts
// no doubt on the rest: if a receipt was lost, proof is missing, and the judge sees
// that.
func (p *Place) seeBadReceipt(at int64, line string) {
	if p.badReceipts++; p.badReceipts > mostBadReceipts {
		return
	}
	p.journal.Mark(at, bench.MarkBadReceipt, bench.Excerpt(line))
}
