package judge

import (
	"fmt"

	"benchrun/internal/bench"
)

// littleShare is by how much the app's concurrency may seem to exceed that of the clients:
// two clocks are tied by readings.
const littleShare = 1.02

// little is how many requests were under way at once, by the app's receipts and by their
// clients: by Little's law, the time that each took, summed up, through the time of the
// phase. Only requests count that have both receipts and got an answer.
type little struct {
	n            int
	app, clients float64 // requests at once, on average
	slack        float64 // of that, what the clocks may be apart
}

func (v *view) little(bins []bench.Bin) little {
	var l little
	if v.head.Traits.Receipt == "" || v.fault.empty() {
		return l
	}
	starts, ends := v.starts(), map[string]int64{}
	for _, r := range v.receipts { // ascending: the first one counts
		if _, again := ends[r.Nonce]; r.Event == bench.ReceiptEnd && r.Fault == v.head.Traits.Receipt && !again {
			ends[r.Nonce] = r.T
		}
	}
	var app, clients, slack int64
	for _, s := range within(v.provokers, v.fault) {
		end, ended := ends[s.Nonce]
		if !ended || s.Outcome != bench.Completed || s.Sent == 0 || s.Done <= s.Sent || !validAt(bins, s.Due) || len(starts[s.Nonce]) == 0 {
			continue
		}
		start := starts[s.Nonce][len(starts[s.Nonce])-1].T // the shortest of several
		l.n++
		app += max(0, end-start)
		clients += s.Done - s.Sent
		slack += receiptSlack
	}
	all := v.fault.seconds()
	l.app, l.clients, l.slack = seconds(app)/all, seconds(clients)/all, seconds(slack)/all
	return l
}

// contradicts says that the app says to have had more requests at once than their clients
// had. A client waits from before the app begins until after it has ended: transport only
// makes its time longer.
func (l little) contradicts() bool { return l.n > 1 && l.app > l.clients*littleShare+l.slack }

// words: "the receipts contradict the clients: 3.2 requests at once by the app's times, 1.5
// by their clients'". "" = they agree.
func (l little) words() string {
	if !l.contradicts() {
		return ""
	}
	return fmt.Sprintf("the receipts contradict the clients: %s requests at once by the app's times, %s by their clients'", figure(l.app, 2), figure(l.clients, 2))
}
