package judge

import (
	"slices"

	"benchrun/internal/bench"
)

// paceShare of the bytes that were due by then count as sent: the generator may
// lag.
const paceShare = 0.9

// deliveredShare of the faults must be proved to call a target that held sound.
const deliveredShare = 0.95

// delivery is what is proved of the faults.
type delivery struct {
	scheduled int     // provokers due in the fault phase
	least     int     // that the ratio means for a phase of that length
	times     []int64 // when each delivered one took effect, ascending
	dues      []int64 // the intended sends of the delivered ones, ascending
	inValid   int     // delivered, and due in valid seconds

	checked int // due in valid seconds and not in the last one: these must be proved
	proved  int // of these, delivered

	aged    int   // slots that ageing says it took
	agedHit int   // of these, proved
	first   int64 // when the first fault of all took effect, ageing included; -1 = none did

	provokers int // in the whole record
}

// prove looks for the proof of every fault. bins are those of the fault phase.
func (v *view) prove(bins []bench.Bin) delivery {
	starts, died := v.starts(), v.deathTimes()
	d := delivery{aged: max(0, v.head.Aged), first: -1, provokers: len(v.provokers)}
	hit := func(t int64) {
		if d.first < 0 || t < d.first {
			d.first = t
		}
	}
	for _, s := range v.ageing {
		if t, ok := v.proof(s, starts, died); ok {
			d.agedHit++
			hit(t)
		}
	}
	faults := within(v.provokers, v.fault)
	d.scheduled = len(faults)
	// One fault per 1/p requests, somewhere among them: the first and the last
	// stretch may lack theirs. Those at a fixed distance are all there.
	d.least = int(v.perSecond()*min(v.fault.seconds(), maxBins)*deliveredShare) - 2
	if v.head.Every > 0 {
		d.least = int(v.perSecond() * min(v.fault.seconds(), maxBins))
	}
	if v.head.Surge != nil {
		d.least = v.head.Surge.Requests()
	}
	for _, s := range faults {
		t, ok := v.proof(s, starts, died)
		valid := validAt(bins, s.Due)
		if ok {
			d.times = append(d.times, t)
			d.dues = append(d.dues, s.Due)
			hit(t)
			if valid {
				d.inValid++
			}
		}
		if valid && s.Due < v.fault.to-second {
			d.checked++
			if ok {
				d.proved++
			}
		}
	}
	slices.Sort(d.times)
	return d
}

// validAt says whether time t lies in a valid bin.
func validAt(bins []bench.Bin, t int64) bool {
	if len(bins) == 0 || t < bins[0].From || t >= bins[len(bins)-1].To {
		return false
	}
	return bins[(t-bins[0].From)/second].Valid
}

// receiptSlack is how much older than its request a receipt may seem, ns: the
// app's clock is tied to benchrun's by two readings, between which the host may
// pause.
const receiptSlack = second / 100

// starts gives the start receipts of each nonce: a server may run a request
// twice, and write to the file itself. A receipt that names another fault than
// the request asked for does not count.
func (v *view) starts() map[string][]bench.Receipt {
	m := map[string][]bench.Receipt{}
	for _, r := range v.receipts {
		if r.Event == bench.ReceiptStart && r.Fault == v.head.Traits.Receipt {
			m[r.Nonce] = append(m[r.Nonce], r)
		}
	}
	return m
}

// deathTimes gives the last death of each pid.
func (v *view) deathTimes() map[int]int64 {
	m := map[int]int64{}
	for _, e := range v.procs {
		if e.Event == bench.Died {
			m[e.PID] = e.T
		}
	}
	for _, r := range v.receipts {
		if r.Event == bench.ReceiptProcessGone {
			m[r.PID] = max(m[r.PID], r.T)
		}
	}
	return m
}

// proof says whether and when a fault took effect. For an app fault the receipt
// from inside the app proves it, and for one that kills also the death of the
// process that wrote the receipt; impossible receipts do not hide possible ones.
// Other faults must have moved the bytes that were due by the time they ended,
// unless the server ended them. Load that nobody need take in was delivered when it was sent. A client with a pace must keep it even then,
// because servers give up clients that send nothing. A client that sends nothing
// on purpose proves the fault by staying, and a signal by its mark.
func (v *view) proof(s bench.Sample, starts map[string][]bench.Receipt, died map[int]int64) (t int64, ok bool) {
	switch h := v.head.Traits; h.Proof {
	case bench.ProofReceipt, bench.ProofDeath:
		if s.Nonce == "" || s.Sent == 0 {
			return 0, false
		}
		for _, r := range starts[s.Nonce] {
			if r.T < s.Sent-receiptSlack {
				continue // before the request was sent: not its receipt
			}
			if gone, dead := died[r.PID]; h.Proof == bench.ProofReceipt || dead && gone >= r.T {
				return r.T, true
			}
		}
	case bench.ProofBytes:
		pace := bench.Pace{}
		if h.Bytes != nil {
			pace = *h.Bytes
		}
		switch s.Outcome {
		case bench.Completed, bench.Cut:
			return max(s.Sent, s.Due), float64(s.Bytes) >= v.due(pace, s)
		case bench.NoConnect:
			return max(s.Sent, s.Due), true
		case bench.HeldOpen:
			return s.Sent, s.Sent > 0 && float64(s.Bytes) >= max(v.due(pace, s), float64(pace.Least))
		}
	case bench.ProofStay:
		switch s.Outcome {
		case bench.Completed, bench.Cut, bench.Wrong: // the server was the one to end it
			return s.Sent, s.Sent > 0
		case bench.HeldOpen:
			return s.Sent, s.Sent > 0 && v.stayed(s)
		case bench.NoConnect: // even the queue before the server is full
			return s.Sent, s.Sent > 0 && v.head.Traits.Fills
		}
	case bench.ProofSent:
		return max(s.Sent, s.Due), s.Sent > 0
	case bench.ProofSignal:
		for _, m := range slices.Concat(v.signals, v.breaks) {
			if m.Note == s.Nonce && m.T >= s.Sent {
				return m.T, s.Sent > 0
			}
		}
	}
	return 0, false
}

// staySlack is how much earlier than it should have ended a client may have, ns.
const staySlack = second / 2

// stayed says that a client which benchrun ended had stayed for as long as its
// fault holds, or until benchrun cut clients off.
func (v *view) stayed(s bench.Sample) bool {
	return s.Done == 0 || s.Done >= min(s.Sent+int64(v.head.Traits.OwnHold()), v.fault.to)-staySlack
}

// due is the least that a request at a pace must have sent by the time it ended,
// bytes. The piece that was being written is left out.
func (v *view) due(pace bench.Pace, s bench.Sample) float64 {
	if pace.Every <= 0 {
		return 0
	}
	until := s.Done
	if until == 0 {
		until = v.fault.to
	}
	whole := float64(max(0, until-s.Sent)/int64(pace.Every) - 1)
	return min(max(whole*float64(pace.Piece)*paceShare, 0), float64(pace.Most))
}

// shortOf says that too few of n faults are proved to call a target that held
// sound: more than one, and more than 5 %, are missing.
func shortOf(n, proved int) bool {
	missing := n - proved
	return missing > 1 && missing*20 > n
}

// undelivered names the missing proof, "" when the proof is enough to believe
// that a target held.
func (d delivery) undelivered(t bench.Traits) string {
	proof := t.Noun[1]
	if t.Proof.ByReceipt() {
		proof = "receipts"
	}
	switch {
	case len(d.times) == 0:
		return "faults not delivered: 0 of " + bench.Grouped(d.scheduled) + " " + proof
	case shortOf(d.checked, d.proved), t.Proof == bench.ProofSignal && d.proved < d.checked: // benchrun itself sends the signals
		return "faults not delivered: " + bench.Grouped(d.proved) + " of " + bench.Grouped(d.checked) + " " + proof
	case d.scheduled < d.least:
		return "faults not scheduled: the record holds " + bench.Grouped(d.scheduled) + " where the ratio means at least " + bench.Grouped(d.least)
	case shortOf(d.aged, d.agedHit):
		return "ageing not delivered: " + bench.Grouped(d.agedHit) + " of " + bench.Grouped(d.aged) + " " + proof
	}
	return ""
}

// spoiledWords says that proof is missing of faults that were sent, and that
// somebody spoiled the receipts; "" unless both are true. benchrun never writes
// to that file: the proof is missing because of the server, or what runs in it.
func (f *facts) spoiledWords() string {
	_, spoiled := f.v.marks[bench.MarkBadReceipt]
	spoiled = spoiled || f.littleWords() != ""
	missing := f.each(func(p part) string {
		if !p.head.Traits.Proof.ByReceipt() || p.faults.scheduled < max(1, p.faults.least) {
			return ""
		}
		return p.faults.undelivered(p.head.Traits)
	})
	if !spoiled || missing == "" {
		return ""
	}
	return missing + ", and the server spoiled the file that holds them"
}

// littleWords says that receipts and clients contradict each other about how many requests
// were under way.
func (f *facts) littleWords() string {
	return f.each(func(p part) string { return p.little.words() })
}

// reached is how many faults had taken effect by time t, those of the ageing
// included. It counts by intended send, like the victims that it is set against.
func (d delivery) reached(t int64) int {
	n, _ := slices.BinarySearch(d.dues, t+1)
	return n + d.agedHit
}
