package bench

import "strings"

// Target is a server in one version and one profile: what a cell is about.
type Target struct {
	Server  string   `json:"server"`
	Version string   `json:"version"` // measured, never the one that was asked for
	Profile string   `json:"profile"`
	Front   string   `json:"front,omitempty"` // the reverse proxy before it, which the server's name has too; "" = none
	Command []string `json:"command"`
	Workers int      `json:"workers"` // worker processes that must answer before the target counts as ready
	Claims  Claims   `json:"claims"`
	Probe   Probe    `json:"probe"`
	OwnArgs []string `json:"own_args,omitempty"` // that the user added with --args; the profile's name shows them
	// FrontCommand is the command of the front.
	FrontCommand []string `json:"front_command,omitempty"`
	// Supervisor is what starts the server; nil = benchrun does.
	Supervisor *Supervised `json:"supervisor,omitempty"`
}

// PartMark stands between the name of a server and that of what runs with it as one target,
// a front or a supervisor: "gunicorn+nginx". The names in files have none.
const PartMark = "+"

// CutPart splits the name of a pair; part is "" if there is none.
func CutPart(name string) (server, part string) {
	server, part, _ = strings.Cut(name, PartMark)
	return server, part
}

// OwnArgsMark stands between the name of a server file's profile and the user's own
// arguments. The names in server files have none.
const OwnArgsMark = "+"

// Claims is what the server's documentation says of a profile. Claims explain
// results; they never decide them.
type Claims struct {
	Slots    int     `json:"slots,omitempty" yaml:"slots"`           // concurrent requests; 0 = not said
	Watchdog float64 `json:"watchdog_s,omitempty" yaml:"watchdog_s"` // seconds until a stuck request is ended; 0 = none
	Grace    float64 `json:"grace_s,omitempty" yaml:"grace_s"`       // seconds that SIGTERM may take; 0 = not said
	// RetireCode is the exit code, besides 0, of a worker that has served for as long as it
	// may; 0 = there is no other.
	RetireCode int `json:"retire_code,omitempty" yaml:"retire_code"`
}

// Probe is what was measured of a target before its first attempt.
type Probe struct {
	// Slots is how many requests were held at once. With Unbounded it is a
	// lower bound: everything that was sent was held. 0 = not probed.
	Slots     int  `json:"slots"`
	Unbounded bool `json:"unbounded,omitempty"`
	// Watchdog is the seconds from a wedge's receipt until its thread or
	// process was gone. With WatchdogCensored it is a lower bound: the wedge
	// was still there when the probe stopped looking.
	Watchdog         float64 `json:"watchdog_s"`
	WatchdogCensored bool    `json:"watchdog_censored,omitempty"`
	// Note says why a probe is missing or doubtful.
	Note string `json:"note,omitempty"`
}

// Receipt is one line that an app writes to its receipts file, before and
// after it misbehaves, or that the observer adds when the wedge's thread or
// process is gone.
type Receipt struct {
	T     int64        `json:"t"` // ns since origin
	Nonce string       `json:"nonce"`
	Fault string       `json:"fault"`
	PID   int          `json:"pid"` // as the app sees it
	TID   int          `json:"tid"`
	Event ReceiptEvent `json:"event"`
}

// ReceiptEvent is what a receipt says.
type ReceiptEvent string

// The receipt events. Apps write start and end; the observer adds the others.
const (
	ReceiptStart       ReceiptEvent = "start"
	ReceiptEnd         ReceiptEvent = "end"
	ReceiptThreadGone  ReceiptEvent = "thread-gone"
	ReceiptProcessGone ReceiptEvent = "process-gone"
)
