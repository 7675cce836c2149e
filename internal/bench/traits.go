package bench

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Traits is all that the judge knows of a family. The head of a record has them,
// so that a stored record is judged by what its faults were.
type Traits struct {
	// Receipt is what receipts call the fault; "" = the app writes none.
	Receipt string `json:"receipt,omitempty"`
	Proof   Proof  `json:"proof"`
	Bytes   *Pace  `json:"bytes,omitempty"` // of ProofBytes
	// Holds is how long one fault holds its slot by itself: UntilEnded, or 0 = it
	// holds none, or too briefly for slots to run out one by one.
	Holds time.Duration `json:"holds_ns,omitempty"`
	// AtMost is how many faults hold a slot at once at most, because what they wait for takes
	// no more; 0 = as many as there are.
	AtMost int `json:"at_most,omitempty"`
	// Free is how many faults of each process hold no slot, because the process still has what
	// they take and keep. Those that follow wait for it until the process ends. 0 = the first
	// one holds a slot.
	Free int `json:"free,omitempty"`
	// CutOff says that requests under way are ended when no new faults come. The
	// others are left to wait, as browsers would.
	CutOff bool `json:"cut_off,omitempty"`
	// Honest says that the request is an ordinary one. If it gets no right answer, the
	// judge reports that; with MustComplete it counts.
	Honest       bool `json:"honest,omitempty"`
	MustComplete bool `json:"must_complete,omitempty"`
	// BreaksOff says that the app breaks its answer off in the middle. The client must
	// be able to tell. Closes says that the server must then tell the app, as WSGI
	// promises for iterables with a close(): the app's end receipt proves it.
	BreaksOff bool `json:"breaks_off,omitempty"`
	Closes    bool `json:"closes,omitempty"`
	// Status is that of a right answer, where it is not 200.
	Status int `json:"status,omitempty"`
	// Spares says that the fault is planned and need not cost any request: even one
	// lost request of 10,000 counts.
	Spares bool `json:"spares,omitempty"`
	// KillsNobody says that no process that serves need end because of the fault, an honest
	// request. One that ends by itself with code 0 has been replaced on a plan, if nobody lost
	// a request with it.
	KillsNobody bool `json:"kills_nobody,omitempty"`
	// Vanishes says that the fault's clients are gone for good when the recovery
	// begins, or a moment later: nothing in the server may stay of them.
	Vanishes bool `json:"vanishes,omitempty"`
	// Carries is how many bytes of one request or answer of a fault whose clients vanish the
	// server may have to hold at once; 0 = so few that their memory tells nothing.
	Carries int64 `json:"carries,omitempty"`
	// SparesWorkers says that the fault's clients only send bytes: no process that serves may
	// end of them.
	SparesWorkers bool `json:"spares_workers,omitempty"`
	// Fills says that the fault may take all that the server needs to serve: its room, or
	// the means to replace a worker. Nothing counts that is lost meanwhile: the end of the
	// recovery decides.
	Fills bool `json:"fills,omitempty"`
	// Rests says that a server has nothing to do for the clients that fill it: they send nothing,
	// and it cannot take others. It may neither burn a CPU meanwhile nor flood its log.
	Rests bool `json:"rests,omitempty"`
	// Returns says that what the faults took from the app is there again when the recovery
	// begins: at its end the service must be whole.
	Returns bool `json:"returns,omitempty"`
	// AtCap says that the fault takes all memory that the target may have, so that the
	// kernel ends a process of it.
	AtCap bool `json:"at_cap,omitempty"`
	// Reuses is what receipts call the second request on a kept connection, of a fault
	// that sends it when the server's idle timeout ends. The server may close the
	// connection instead, but not once the app has begun the request.
	Reuses string `json:"reuses,omitempty"`
	// Refuses says that a start with an app that cannot be loaded must end soon, with another
	// code than 0, and that a reload after the repair must bring the app that was repaired.
	Refuses   bool    `json:"refuses,omitempty"`
	LeakBytes int64   `json:"leak_bytes,omitempty"` // of memory that one fault leaks; 0 = it is not about memory
	Leaks     Leak    `json:"leaks,omitzero"`       // what else one fault leaves behind in its process
	Expects   Expects `json:"expects,omitempty"`
	// Noun names requests of the fault, and Did what became of them, each for one
	// and for many: "wedged request", "wedged requests"; "request wedged", …
	// Without Did, "fault was delivered" says it.
	Noun Words `json:"noun"`
	Did  Words `json:"did,omitzero"`
}

// Contradiction says what of the traits cannot be true together; "" = nothing.
func (t Traits) Contradiction() string {
	switch {
	case t.Proof.ByReceipt() != (t.Receipt != ""):
		return fmt.Sprintf("a proof by %q with receipts of %q", t.Proof, t.Receipt)
	case (t.Proof == ProofBytes) != (t.Bytes != nil):
		return fmt.Sprintf("a proof by %q with bytes of %+v", t.Proof, t.Bytes)
	case t.Proof == ProofParts && t != (Traits{Proof: ProofParts, Noun: t.Noun}):
		return "a mix with traits of its own"
	case (t.Expects.BySignal() || t.Expects.TakesAway() || t.Expects == ExpectsRefusal) && t.Proof != ProofSignal:
		return "processes that are to end without a signal"
	case t.MustComplete && !t.Honest:
		return "a request that must complete and is not honest"
	case t.Status != 0 && (!t.MustComplete || t.Status < http.StatusOK || t.Status > maxStatus):
		return fmt.Sprintf("a right answer with status %d", t.Status)
	case t.BreaksOff && (t.MustComplete || !t.Proof.ByReceipt()), t.Closes && !t.BreaksOff:
		return "an answer that breaks off and must complete, or that nothing tells of"
	case t.Vanishes && t.Holds != 0 && !t.CutOff:
		return "clients that vanish and are not cut off"
	case t.Reuses != "" && t.Proof != ProofStay:
		return fmt.Sprintf("connections that are used again, and a proof by %q", t.Proof)
	case t.Fills && !t.Vanishes && t.Expects != ExpectsReplacement:
		return "room that is taken by clients that do not vanish"
	case t.Rests && (!t.Fills || !t.Vanishes):
		return "a server that has nothing to do, and is not full of clients"
	case t.AtMost != 0 && !t.Wedges() || t.AtMost < 0:
		return fmt.Sprintf("at most %d faults that hold a slot, which they do not", t.AtMost)
	case t.Free != 0 && !t.Wedges() || t.Free < 0:
		return fmt.Sprintf("%d faults of a process that hold no slot, where none does", t.Free)
	case t.SparesWorkers && (t.Expects != "" || t.Receipt != ""):
		return "workers that are to end, and may not"
	case t.Carries < 0 || t.Carries > 0 && !t.Vanishes:
		return fmt.Sprintf("%d bytes that nobody asks for once the clients are gone", t.Carries)
	case t.AtCap && (t.Proof != ProofDeath || t.Leaked() != (Leak{})):
		return "memory that is taken up to the cap, and no death that proves it, or a leak"
	case t.KillsNobody && (!t.MustComplete || !t.Proof.ByReceipt() || t.Expects != ""):
		return "honest requests that must kill nobody, and that nothing tells of or that are to end a process"
	case t.Refuses && t.Expects != ExpectsRefusal:
		return "a start that must be refused, of an app that can be loaded"
	case t.Vanishes && t.Expects == ExpectsRenewal:
		return "clients that vanish while workers are replaced"
	case t.Leaks != (Leak{}) && (t.LeakBytes != 0 || t.Leaks.Amount < 1 || !slices.Contains(countedResources, t.Leaks.Of)):
		return fmt.Sprintf("a leak of %d %q and %d bytes", t.Leaks.Amount, t.Leaks.Of, t.LeakBytes)
	}
	return ""
}

// Leak is so much of a resource.
type Leak struct {
	Of     Resource `json:"of"`
	Amount int64    `json:"amount"` // bytes of memory, or how many
}

// Resource is something that processes take until there is no more.
type Resource string

// The resources.
const (
	ResourceMemory    Resource = "memory"
	ResourceFDs       Resource = "fds"
	ResourceThreads   Resource = "threads"
	ResourceProcesses Resource = "processes"
)

// countedResources are those that Traits.Leaks may have.
var countedResources = []Resource{ResourceFDs, ResourceThreads, ResourceProcesses}

// Leaked is what one fault leaves behind; without an amount, nothing.
func (t Traits) Leaked() Leak {
	if t.LeakBytes != 0 {
		return Leak{ResourceMemory, t.LeakBytes}
	}
	return t.Leaks
}

// maxStatus is the highest status of HTTP.
const maxStatus = 599

// Uploads says that the fault's requests are honest and have bodies, which a server may refuse.
func (t Traits) Uploads() bool { return t.MustComplete && (t.Bytes != nil || t.Carries > 0) }

// RightStatus is the status of a right answer.
func (t Traits) RightStatus() int { return cmp.Or(t.Status, http.StatusOK) }

// Words is a text about one thing, and about many.
type Words [2]string

// UntilEnded is how long a fault holds that nothing but a watchdog ends.
const UntilEnded time.Duration = -1

// HoldsSlot says that a fault occupies a slot, until something ends it or for a
// time of its own.
func (t Traits) HoldsSlot() bool { return t.Holds != 0 }

// Wedges says that only a watchdog gives the slot back.
func (t Traits) Wedges() bool { return t.Holds == UntilEnded }

// OwnHold is how long a fault holds its slot by itself; 0 = it holds none, or
// until something ends it.
func (t Traits) OwnHold() time.Duration { return max(0, t.Holds) }

// AtOnce is how many slots the faults hold at once, where they would hold so many if each
// of them held one.
func (t Traits) AtOnce(slots float64) float64 {
	slots /= float64(1 + t.Free)
	if t.AtMost > 0 {
		return min(slots, float64(t.AtMost))
	}
	return slots
}

// Fewer says that the faults cannot hold so many slots at once.
func (t Traits) Fewer(slots int) bool { return t.AtMost > 0 && t.AtMost < slots }

// Proof says what proves that a fault was delivered.
type Proof string

// The proofs.
const (
	ProofReceipt Proof = "receipt"           // the app's start receipt
	ProofDeath   Proof = "receipt-and-death" // and after it the death of the process that wrote it
	ProofBytes   Proof = "bytes"             // the bytes that went, or that the server was the one to end it
	ProofStay    Proof = "stay"              // the client was connected, and stayed
	ProofSent    Proof = "sent"              // the request was sent, whatever the server made of it
	ProofSignal  Proof = "signal"            // the mark of the signal or of another act of benchrun, with the fault's nonce
	ProofParts   Proof = "parts"             // of a mix: each part has its own
)

// ByReceipt says that the app itself tells of the fault.
func (p Proof) ByReceipt() bool { return p == ProofReceipt || p == ProofDeath }

// Pace is the least of bytes that prove a fault.
type Pace struct {
	// Least must have gone where benchrun ended the request.
	Least int64 `json:"least"`
	// Piece bytes are due Every, up to Most, whoever ended the request: a server
	// gives up a client that sends nothing. 0 = no pace.
	Piece int64         `json:"piece,omitempty"`
	Every time.Duration `json:"every_ns,omitempty"`
	Most  int64         `json:"most,omitempty"`
}
