package bench

import "time"

// RecordSchema names the format of a stored record.
const RecordSchema = "benchrun.record/v3"

// Record is everything that was seen in one attempt, and all that the judge
// reads. It is stored as one JSON line per entry (see docs/contract.md).
type Record struct {
	Head     Head
	Samples  []Sample
	Vitals   []Vital
	Procs    []ProcEvent
	Receipts []Receipt
	Marks    []Mark
	Doubts   []Doubt
	Boot     Boot
	Stop     *Stop     // nil: the shutdown phase was not reached
	Again    *Again    // nil: the target was not started a second time
	Repaired *Repaired // nil: no reload was to bring an app that had been repaired
	Beside   *Beside   // nil: nothing but victims and faults was under way at the stop signal
}

// Head is the first line of a record: what was run, how, and on what.
type Head struct {
	Schema       string        `json:"schema"`
	Run          string        `json:"run"`
	Attempt      int           `json:"attempt"`    // from 1
	StartedAt    string        `json:"started_at"` // RFC 3339, wall clock
	Target       Target        `json:"target"`
	Scenario     string        `json:"scenario"`
	Family       string        `json:"family"`
	FamilyVer    int           `json:"family_version"`
	Group        Group         `json:"group"`
	Traits       Traits        `json:"traits"`
	Parts        []Part        `json:"parts,omitempty"`    // of a mix
	Ratio        Ratio         `json:"ratio"`              // 0 = the faults are no share of the requests
	Every        time.Duration `json:"every_ns,omitempty"` // then: from one fault to the next
	Surge        *Surge        `json:"surge,omitempty"`    // of a fault that comes once and is many requests
	Mode         Mode          `json:"mode"`
	Phases       Phases        `json:"phases"`
	Rate         int           `json:"rate"`
	SLO          int64         `json:"slo_ns"`
	Timeout      int64         `json:"timeout_ns"`
	Seed         uint64        `json:"seed"`
	ScheduleHash string        `json:"schedule_hash"`
	Aged         int           `json:"aged"` // slots taken before the fault phase
	Custom       bool          `json:"custom,omitempty"`
	Sabotage     Sabotage      `json:"sabotage,omitempty"` // the harness was sabotaged on purpose, so the record says nothing about the target
	Supervision  string        `json:"supervision"`
	MemorySource string        `json:"memory_source"`     // "cgroup", "pss" or "rss"
	Company      int           `json:"company,omitempty"` // other cells of the same run that were under way at once, at most
	Limits       Limits        `json:"limits"`
}

// Part is one family of a mix. Samples of its faults name it.
type Part struct {
	Family    string `json:"family"`
	FamilyVer int    `json:"family_version"`
	Ratio     Ratio  `json:"ratio"`
	Traits    Traits `json:"traits"`
	Aged      int    `json:"aged,omitempty"` // slots that its faults took before the fault phase
}

// Any says that a trait is one of the faults: of a mix, of any of its parts.
func (h Head) Any(trait func(Traits) bool) bool {
	for _, p := range h.Parts {
		if trait(p.Traits) {
			return true
		}
	}
	return len(h.Parts) == 0 && trait(h.Traits)
}

// PerSecond is how many faults come in a second.
func (h Head) PerSecond() float64 {
	return Cadence{Every: h.Every, Surge: h.Surge}.perSecond(h.Ratio, h.Rate)
}

// Limits is what the target's process tree was confined to. Zero = no limit.
type Limits struct {
	CPUs        float64 `json:"cpus,omitempty"`
	MemoryBytes int64   `json:"memory_bytes,omitempty"`
	PIDs        int     `json:"pids,omitempty"`
	NoFile      uint64  `json:"nofile,omitempty"`
	DiskBytes   int64   `json:"disk_bytes,omitempty"` // that its files may take, a single one at most too
	TmpBytes    int64   `json:"tmp_bytes,omitempty"`  // in its private /tmp, /dev/shm and the like, in memory
	User        string  `json:"user,omitempty"`
	How         string  `json:"how,omitempty"` // "cgroup-v1", "cgroup-v2", "nice"
}

// Role says whose request a sample is.
type Role string

// The roles.
const (
	RoleVictim   Role = "victim"
	RoleControl  Role = "control"
	RoleProvoker Role = "provoker"
	RoleAgeing   Role = "ageing"   // a provoker sent before the fault phase
	RoleShutdown Role = "shutdown" // a victim sent in the shutdown phase
)

// Outcome is how a request ended. A victim has exactly one of the first ten;
// a provoker one of the last four.
type Outcome string

// The outcomes.
const (
	OK        Outcome = "ok"
	Late      Outcome = "late"       // right, but after the SLO
	TimedOut  Outcome = "timeout"    // nothing, or not all, by the timeout
	HTTP5xx   Outcome = "http_5xx"   // a complete 5xx answer
	HTTPOther Outcome = "http_other" // a complete answer, neither 2xx nor 5xx
	Refused   Outcome = "refused"    // no connection
	Reset     Outcome = "reset"      // the connection broke before the head was whole
	Truncated Outcome = "truncated"  // the body or its framing broke off
	Wrong     Outcome = "wrong"      // 2xx with another's nonce, or a corrupt body; of a provoker: an answer with another's nonce
	Unsent    Outcome = "unsent"     // the harness never sent it

	Completed Outcome = "completed"        // the provoker got an answer
	Cut       Outcome = "cut"              // the server ended the connection
	NoConnect Outcome = "provoker_refused" // the provoker got no connection
	HeldOpen  Outcome = "held_open"        // still open when benchrun ended it
)

// VictimLosses lists the outcomes that count as a lost victim, in the order
// in which they are reported.
var VictimLosses = []Outcome{Late, TimedOut, HTTP5xx, HTTPOther, Refused, Reset, Truncated, Wrong}

// Sample is one request.
type Sample struct {
	Role    Role    `json:"role"`
	Seq     uint64  `json:"seq"`
	Nonce   string  `json:"nonce"`
	Due     int64   `json:"due"`  // intended send, ns since origin; every figure is keyed by it
	Sent    int64   `json:"sent"` // actual send; 0 = never
	Done    int64   `json:"done"` // last byte, or the error; 0 = never
	Outcome Outcome `json:"outcome"`
	Part    string  `json:"part,omitempty"` // of a mix: the family that the fault is of
	Status  int     `json:"status,omitempty"`
	PID     int     `json:"pid,omitempty"`     // worker that answered, as it says itself
	Bytes   int64   `json:"bytes,omitempty"`   // of a body or a crawling head that the kernel took, or that a download gave (provokers)
	Idle    int64   `json:"idle_ns,omitempty"` // how long the server had kept an idle connection when it closed it, or when nobody waited any more (provokers)
	// Text is, of a fault that sends one of many texts, which one (provokers). Promised says
	// that it promises more than the client sends: a server may wait for the rest.
	Text     string `json:"text,omitempty"`
	Promised bool   `json:"promised,omitempty"`
	Error    string `json:"error,omitempty"`
}

// Vital is one look at the whole process tree.
type Vital struct {
	T         int64   `json:"t"`
	Procs     int     `json:"procs"`
	Threads   int     `json:"threads"`
	FDs       int     `json:"fds"`
	Zombies   int     `json:"zombies"`
	CloseWait int     `json:"close_wait"`
	Files     int     `json:"files,omitempty"` // in the target's folders, by the last count of the second
	Log       int64   `json:"log,omitempty"`   // bytes of the server's output so far; less than before where benchrun has emptied it
	Memory    int64   `json:"memory"`          // bytes, see Head.MemorySource; -1 = not sampled this time
	CPU       float64 `json:"cpu_s"`           // seconds used by the tree so far, the dead included where known
	// Host-wide, for doubts:
	MemAvailable   int64 `json:"mem_available"`   // bytes
	ListenOverflow int64 `json:"listen_overflow"` // TcpExt ListenOverflows since the watch began
}

// ProcEvent is the birth or death of one process of the tree.
type ProcEvent struct {
	T     int64     `json:"t"`
	PID   int       `json:"pid"` // as the server sees it
	PPID  int       `json:"ppid"`
	Event ProcState `json:"event"`
	Name  string    `json:"name,omitempty"`
	// Exit is nil where the status of a death could not be learned.
	Exit *ExitStatus `json:"exit,omitempty"`
}

// ProcState is "born" or "died".
type ProcState string

// The process events.
const (
	Born ProcState = "born"
	Died ProcState = "died"
)

// ExitStatus is how a process ended: a code, or a signal name such as
// "SIGSEGV".
type ExitStatus struct {
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
}

// Mark is the beginning of a phase, or an event of the harness.
type Mark struct {
	T    int64    `json:"t"`
	Name MarkName `json:"name"`
	Note string   `json:"note,omitempty"`
	// Bytes is how much was there, of a mark that tells of an amount.
	Bytes int64 `json:"bytes,omitempty"`
	PID   int   `json:"pid,omitempty"` // that a signal went to, as the server sees it; 0 = the leader
}

// MarkName names a mark.
type MarkName string

// The marks: one at the beginning of each phase, then the events.
const (
	MarkBoot      MarkName = "boot"
	MarkBaseline  MarkName = "baseline"
	MarkAgeing    MarkName = "ageing"
	MarkFault     MarkName = "fault"
	MarkRecovery  MarkName = "recovery"
	MarkShutdown  MarkName = "shutdown"
	MarkEnd       MarkName = "end"
	MarkCurtailed MarkName = "curtailed" // the fault phase was ended early on "failed"
	// MarkBadReceipt is a line of the receipts file that is none, or something that
	// was done to the file. Only the server's side can have done it.
	MarkBadReceipt MarkName = "bad-receipt"
	// MarkMemoryCap says that the kernel ended processes at the memory cap. Where the family
	// is about that, each of them has such a mark when its death was seen, with its pid and
	// LeaderEnded as the note if it was the first process.
	MarkMemoryCap MarkName = "memory-cap"
	// MarkDiskCap says that benchrun ended the target because its files took more
	// than Limits.DiskBytes; the note says how much.
	MarkDiskCap MarkName = "disk-cap"
	// MarkTmpFull says that the target filled its private places, Limits.TmpBytes.
	MarkTmpFull MarkName = "tmp-full"
	// MarkSignal is a signal that benchrun sent to a process of the target, or something
	// else that it did to the target, because that is the fault; the note is the fault's nonce.
	MarkSignal MarkName = "signal"
	// MarkBroken is when benchrun made the app impossible to load; the note is the fault's
	// nonce where that alone is the fault.
	MarkBroken MarkName = "broken"
	// MarkRepaired is when the app could be loaded again that benchrun had broken.
	MarkRepaired MarkName = "repaired"
	// MarkLogUnread is when benchrun begins to read the log again that it had left unread;
	// Bytes is how much waited: of the first LogPipeBytes and the rest of a read.
	MarkLogUnread MarkName = "log-unread"
	// MarkLeft is something that the target has left outside of its folders.
	MarkLeft MarkName = "left"
)

// LogPipeBytes is how much of its output a server can write into its pipe before somebody
// reads it: a page, the least that a pipe holds.
const LogPipeBytes = 4096

// LeaderEnded is the note of a mark of an end that was the leader's.
const LeaderEnded = "the first process"

// Doubt is a reason to disbelieve part of a record, or (From = To = 0) all of
// it. Doubts are about the harness or the host, never about the server.
type Doubt struct {
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Cause string `json:"cause"` // kebab-case: "control-dead", "host-memory", "observer-gap", …
	Note  string `json:"note,omitempty"`
}

// Boot is how the target came up.
type Boot struct {
	Ready       bool        `json:"ready"`
	Seconds     float64     `json:"seconds"` // launch to ready, or until given up
	WorkersSeen int         `json:"workers_seen"`
	PIDs        []int       `json:"pids,omitempty"`   // distinct processes that answered /ping
	Exited      *ExitStatus `json:"exited,omitempty"` // the server ended before it was ready
	Note        string      `json:"note,omitempty"`
	LogTail     string      `json:"log_tail,omitempty"` // last lines of the server's output when not ready
}

// Again is how the target's command fared when it was started once more, after the first
// leader had ended.
type Again struct {
	T       int64       `json:"t"`                // when it was started, ns since origin
	Ready   bool        `json:"ready"`            // the new one answered several times in a row
	Seconds float64     `json:"seconds"`          // from the start until then, or until it was given up
	Exited  *ExitStatus `json:"exited,omitempty"` // it ended instead
	Asked   int         `json:"asked"`            // requests that were sent when it was ready
	Old     int         `json:"old"`              // of these, answered by a process of the first start
	Lost    int         `json:"lost"`             // of these, not answered
	Note    string      `json:"note,omitempty"`   // what was seen last instead of an answer
	Used    *Used       `json:"used,omitempty"`   // until then, of a start with an app that cannot be loaded
	Idle    *Stop       `json:"idle,omitempty"`   // how it ended on the stop signal, when nobody had asked it anything
	// Of a target under a supervisor:
	Starts  int    `json:"starts,omitempty"`  // how often the supervisor started the server until then
	Orphans int    `json:"orphans,omitempty"` // processes of the first start that are still there
	Holder  string `json:"holder,omitempty"`  // who listens on the port instead, if somebody does
}

// Used is what the target has used meanwhile.
type Used struct {
	CPU *float64 `json:"cpu,omitempty"` // seconds; nil = no cgroup counts it
	Log int64    `json:"log"`           // bytes that it wrote to its log
}

// Repaired is how a reload fared that was to bring an app which could not be loaded before.
type Repaired struct {
	T       int64   `json:"t"`              // when the reload was ordered, ns since origin
	Served  bool    `json:"served"`         // the repaired app answered several times in a row
	Seconds float64 `json:"seconds"`        // from the order until then, or until it was given up
	Note    string  `json:"note,omitempty"` // what was seen last instead
	Used    Used    `json:"used"`           // while the app could not be loaded
}

// Beside is what else was under way when the target was asked to end.
type Beside struct {
	Queued      int     `json:"queued"`     // requests that were sent just before, more than there are slots
	Answered    int     `json:"answered"`   // of these, with a 200
	Refused     int     `json:"refused"`    // of these, not even connected
	Streamed    int64   `json:"streamed"`   // bytes of an endless answer that came; 0 = it did not begin
	StreamedFor float64 `json:"streamed_s"` // seconds from the signal until that answer broke off, or until it was given up
}

// Lost is how many of the queued requests were connected and got no right answer.
func (b Beside) Lost() int { return b.Queued - b.Answered - b.Refused }

// Stop is how the target went down after SIGTERM.
type Stop struct {
	Term          int64       `json:"term"`    // ns since origin, when SIGTERM was sent
	Seconds       float64     `json:"seconds"` // until the leader was gone, or the window
	Exit          *ExitStatus `json:"exit,omitempty"`
	Survivors     int         `json:"survivors"` // other processes left when the leader was gone, or at the end of the window
	PortFreed     bool        `json:"port_freed"`
	NeededSIGKILL bool        `json:"needed_sigkill"`
	WindowLimited bool        `json:"window_limited"` // the documented grace was not over before the end of the window
	AlreadyGone   bool        `json:"already_gone"`   // the leader had ended before SIGTERM
}

// Limited says that the server had not ended and was still within its documented grace
// when benchrun stopped waiting. What was left then is no fault of the server.
func (s Stop) Limited() bool { return s.NeededSIGKILL && s.WindowLimited }
