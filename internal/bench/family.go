package bench

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"
)

// Family is one kind of misbehaviour, at any ratio. It is data: package scenarios
// has a file for each, and how the fault is made.
type Family struct {
	ID         string // kebab-case, never reused
	Group      Group
	Version    int    // raised when results stop being comparable with earlier ones
	Title      string // one line
	Why        string // a paragraph: why production cares
	Good       string // what a good server does
	Magnitude  string // the fixed size of the fault, in words
	References []string
	Cadence    Cadence
	Needs      Needs
	Traits     Traits
	// Mix are the families that come together in one attempt, each at its share where the
	// mix comes at its own; nil = the family is no mix. The traits of a mix say only that.
	Mix []Scenario
	// Fixed says that the id of the family has its ratio, and that there is no other.
	Fixed bool
	// Lasts is, of a fault that holds no slot for good, about how long its request
	// keeps one; 0 = not worth saying. For estimates of how long an attempt takes,
	// and nothing else.
	Lasts time.Duration
	// Busy says that a fault keeps a CPU busy while it lasts. It decides what runs
	// beside a cell that was never measured, and nothing else.
	Busy bool
	// Sound and Flaw are profiles of the reference server, which calibration runs
	// the family on: Sound must be held, and Flaw, named after the planted flaw in
	// it, must be failed.
	Sound string
	Flaw  string
	// FlawShows begins the reason that Flaw must fail for, where the flaw shows in
	// something else than lost victims: losing some besides would not prove that
	// it was seen.
	FlawShows string
	// Flaws are further profiles with planted flaws, each of which must be failed because of
	// another of the family's rules.
	Flaws []Planted
}

// Planted is a profile of the reference server with a flaw that a family must find.
type Planted struct {
	Profile string
	Shows   string // what the reasons must say; "" = lost victims show it
}

// Planted lists the flaws that a family must find, Flaw first.
func (f Family) Planted() []Planted {
	return append([]Planted{{f.Flaw, f.FlawShows}}, f.Flaws...)
}

// Scenario is the family as it is run unless something else is asked for.
func (f Family) Scenario() Scenario { return Scenario{Family: f, Ratio: f.Cadence.Share} }

// Each lists the traits of the faults: of a mix, those of each of its families.
func (f Family) Each() []Traits {
	if len(f.Mix) == 0 {
		return []Traits{f.Traits}
	}
	out := make([]Traits, len(f.Mix))
	for i, p := range f.Mix {
		out[i] = p.Family.Traits
	}
	return out
}

// Cadence says when faults come: as a share of the requests, every so often, or once.
type Cadence struct {
	Share Ratio         // of the requests, where the scenario's name says no other; 0 = they are no share
	Every time.Duration // from one to the next, where they are no share; or Once
	Surge *Surge        // of a fault that comes Once and is many requests; nil = it is one
}

// Once is the distance of a fault that comes a single time.
const Once time.Duration = math.MaxInt64

func (c Cadence) perSecond(ratio Ratio, rate int) float64 {
	switch {
	case c.Surge != nil:
		return float64(c.Surge.Requests()) / c.Surge.Length().Seconds()
	case c.Every > 0:
		return 1 / c.Every.Seconds()
	}
	return float64(rate) * ratio.Fraction()
}

// Needs is what a family requires. If something of it is missing, the cell is
// unsupported.
type Needs struct {
	AppFault string // that the app must have; "" = none
	Server   []ServerFeature
	Host     []HostFeature
	// Args is what arguments for this family in a profile are to do; "" = it needs none.
	Args string
	// Files is how many descriptors each process of the target may have; 0 = as
	// usual. It is no wish, but a part of the fault.
	Files uint64
	// FreeFiles is how many descriptors each process may have beyond those that the process
	// with most of them has at rest; 0 = as usual. benchrun launches the target once before,
	// to count them.
	FreeFiles uint64
	// Memory is how many bytes the target may have in all, where a memory cgroup limits
	// them; 0 = as usual. It is a part of the fault too.
	Memory int64
	// PipedLog has the target write its output into a pipe that benchrun empties, where
	// it usually writes to a file.
	PipedLog bool
	// OwnTmp gives the target's temporary files a folder of their own, which benchrun can
	// leave without room.
	OwnTmp bool
}

// ServerFeature is something that a server file may offer.
type ServerFeature string

// The features of servers.
const (
	// ServerReload: the leader replaces its workers when it gets a signal.
	ServerReload ServerFeature = "reload"
	// ServerChildren: children of the leader serve, so that one can end and the server
	// goes on.
	ServerChildren ServerFeature = "children"
)

// HostFeature is something that a machine may offer.
type HostFeature string

// The features of machines.
const (
	// HostMemoryLimit: a cgroup can limit a target's memory.
	HostMemoryLimit HostFeature = "memory-limit"
	// HostProcessLimit: a cgroup can limit how many processes and threads a target has.
	HostProcessLimit HostFeature = "process-limit"
	// HostOwnMounts: benchrun can mount file systems that only the target sees.
	HostOwnMounts HostFeature = "own-mounts"
	// HostProcessTree: benchrun can distinguish a target's processes from those of a
	// program that it runs beside the target.
	HostProcessTree HostFeature = "process-tree"
	// HostPostgreSQL: Debian's PostgreSQL is installed, or benchrun can install it. Each target
	// of a family that needs it gets a database of its own, which begins and ends with the target.
	HostPostgreSQL HostFeature = "postgresql"
)

// Database says that a database runs beside each target, for the app.
func (n Needs) Database() bool { return slices.Contains(n.Host, HostPostgreSQL) }

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

// Expects is the deaths or births that are the point of a fault, and no loss.
type Expects string

// What may be expected of a fault.
const (
	// ExpectsDeath: the process that serves the request dies.
	ExpectsDeath Expects = "death"
	// ExpectsRenewal: every worker that has served dies, and as many new ones are
	// there in its place within RenewalLimit of the signal. Nothing piles up.
	ExpectsRenewal Expects = "renewal"
	// ExpectsReplacement: the one worker that gets the signal ends, by itself or by the
	// server's hand, and another is there in its place within ReplacementLimit.
	ExpectsReplacement Expects = "replacement"
	// ExpectsTurnover: workers end all the time, because they have served as many
	// requests as they may, and others take their place.
	ExpectsTurnover Expects = "turnover"
	// ExpectsEnd: the server ends on the signal, and loses nothing that was under way.
	// Victims that are due from then on are nobody's to serve.
	ExpectsEnd Expects = "end"
	// ExpectsTakeover: the leader dies of the signal, and the same command, started again at
	// once, serves alone. Nobody need serve in between.
	ExpectsTakeover Expects = "takeover"
	// ExpectsRefusal: what the signal starts cannot load the app, and what serves goes on.
	ExpectsRefusal Expects = "refusal"
)

// BySignal says that workers are to be replaced because of a signal.
func (e Expects) BySignal() bool { return e == ExpectsRenewal || e == ExpectsReplacement }

// TakesAway says that the fault itself ends the server, for good or until it is started
// again.
func (e Expects) TakesAway() bool { return e == ExpectsEnd || e == ExpectsTakeover }

// BeforeSignal is how long before a signal a request must have been sent that the
// signal must not cost: less long, and it may not have reached the server.
const BeforeSignal = 100 * time.Millisecond

// RestartLimit is how long a server that is started again may take to serve.
const RestartLimit = 10 * time.Second

// NominalGrace is what requests in flight get after the stop signal if the server documents no
// grace, in seconds: about what process managers wait before they kill.
const NominalGrace = 30.0

// StopGrace is how long requests in flight may take after the stop signal, in seconds.
func StopGrace(c Claims) float64 {
	if c.Grace > 0 {
		return c.Grace
	}
	return NominalGrace
}

// StopExtra is what a server may take beyond that.
const StopExtra = 5 * time.Second

// A grace of less than LeastGrace seconds cannot be told from a slow end; WaitedOut of a
// longer one is all of it.
const (
	LeastGrace = 2.0
	WaitedOut  = 0.9
)

// StopLimit is how long a server may take to end.
func StopLimit(c Claims) time.Duration { return Seconds(StopGrace(c)) + StopExtra }

// RefutedAfter is when a claimed watchdog must have acted, in seconds. Watchdogs look
// now and then, and what they end takes time to end: half as much again and 2 s.
func RefutedAfter(claim float64) float64 { return 1.5*claim + 2 }

// SettleLimit is how long after a signal it is known whether what is expected of it has
// come true; 0 = nothing is.
func (e Expects) SettleLimit(c Claims) time.Duration {
	switch e {
	case ExpectsRenewal, ExpectsRefusal:
		return RenewalLimit(c)
	case ExpectsReplacement:
		return ReplacementLimit(c)
	case ExpectsEnd:
		return StopLimit(c)
	case ExpectsTakeover:
		return RestartLimit
	}
	return 0
}

// RespawnLimit is how long a server may take to start a worker that replaces one that has
// crashed: nobody need notice that first, because the kernel tells its parent.
const RespawnLimit = 10 * time.Second

// ReplacementLimit is how long one worker may take to be replaced: until a documented
// watchdog must have noticed, and 10 s to start a new one.
func ReplacementLimit(c Claims) time.Duration {
	return Seconds(RefutedAfter(c.Watchdog)) + 10*time.Second
}

// VanishLimit is how long a server may take to notice that a client is gone: longer
// than most timeouts of a read.
const VanishLimit = 30 * time.Second

// RenewalLimit is how long the workers may take to be replaced: as long as requests
// in flight may take by the server's documentation, and 10 s to start new ones.
func RenewalLimit(c Claims) time.Duration { return Seconds(c.Grace) + 10*time.Second }
