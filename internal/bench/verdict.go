package bench

import (
	"encoding/json"
	"fmt"
)

// Verdict is what an attempt or a cell came to. The zero value is Invalid:
// nothing unmeasured ever passes.
type Verdict int

// The verdicts, from "says nothing" to best.
const (
	Invalid     Verdict = iota // harness or host to blame
	Unsupported                // the server cannot run this
	Broken                     // never served properly, before any fault
	Failed                     // H < 95 %
	Degraded                   // 95 % ≤ H < 98 %
	Held                       // H ≥ 98 %
)

var verdictWords = [...]string{"invalid", "unsupported", "broken", "failed", "degraded", "held"}

// VerdictSpec describes a verdict.
type VerdictSpec struct {
	Verdict Verdict
	Text    string
}

// VerdictTable lists every verdict, best first. docs/method.md has the rules.
var VerdictTable = []VerdictSpec{
	{Held, "at least 98 % of the victims got a correct answer in time during the faults, and the faults are proved to have been delivered"},
	{Degraded, "95 to 98 % of the victims were served, with at least two bad seconds"},
	{Failed, "less than 95 % of the victims were served, or one of them got a wrong or corrupt body"},
	{Broken, "the server did not serve properly even before the first fault: it did not come up, or lost more than 2 % of the baseline's victims"},
	{Unsupported, "the server or the machine cannot run this scenario; benchrun says so before it runs anything"},
	{Invalid, "the host or benchrun is to blame, or the cell was not measured: benchrun claims nothing about the server"},
}

// String is the word used everywhere.
func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdictWords) {
		return "invalid"
	}
	return verdictWords[v]
}

// Claims says whether the verdict claims anything of the server. Where it does
// not, what was measured is no result, and is shown to nobody as one.
func (v Verdict) Claims() bool { return v >= Broken }

// ParseVerdict reads a verdict's word.
func ParseVerdict(s string) (Verdict, error) {
	for i, w := range verdictWords {
		if w == s {
			return Verdict(i), nil
		}
	}
	return Invalid, fmt.Errorf("verdict %q is not one of %v", s, verdictWords)
}

// MarshalJSON writes the word.
func (v Verdict) MarshalJSON() ([]byte, error) { return json.Marshal(v.String()) }

// UnmarshalJSON reads the word.
func (v *Verdict) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	p, err := ParseVerdict(s)
	*v = p
	return err
}

// Judgement is what the judge says of one record. It is a pure function of it.
type Judgement struct {
	Verdict  Verdict  `json:"verdict"`
	Reasons  []string `json:"reasons"`
	Flags    []string `json:"flags"`
	Measures Measures `json:"measures"`
}

// Cell is one line of a run's result: a target under a scenario, over all its
// attempts.
type Cell struct {
	Server       string    `json:"server"`
	Version      string    `json:"version"`
	Profile      string    `json:"profile"`
	Front        string    `json:"front"`
	Scenario     string    `json:"scenario"`
	Family       string    `json:"family"`
	FamilyVer    int       `json:"family_version"`
	Group        Group     `json:"group"`
	Ratio        float64   `json:"ratio"` // percent
	Verdict      Verdict   `json:"verdict"`
	Reasons      []string  `json:"reasons"`
	Flags        []string  `json:"flags"`
	Attempts     []Attempt `json:"attempts"`
	Seed         uint64    `json:"seed"`
	ScheduleHash string    `json:"schedule_hash"`
	Command      []string  `json:"command"`
	Measures     Measures  `json:"measures"`
	Own          bool      `json:"own,omitempty"`    // of benchrun's own server: it counts apart from those that are compared
	Source       *Source   `json:"source,omitempty"` // nil: an older benchrun did not write it down
	Run          string    `json:"run,omitempty"`    // of a merged run: the id of the one that measured it (Run.Merged)
	// Supervisor is what starts the server, which the server's name ends in; "" = benchrun does.
	Supervisor string `json:"supervisor,omitempty"`
}

// Source says where a cell's target is from, as far as its name does not: what
// it takes to measure it again, from any working folder.
type Source struct {
	Version    string `json:"version,omitempty"`     // as it was asked for; "" = the server file's own
	Resolved   string `json:"resolved,omitempty"`    // the release that Version stood for, if that is no release
	Unasked    string `json:"unasked,omitempty"`     // why nobody could be asked which releases exist: Resolved is the newest that was installed
	ServerFile string `json:"server_file,omitempty"` // absolute; "" = built in
	Python     string `json:"python,omitempty"`      // interpreter asked for

	ServerCmd []string `json:"server_cmd,omitempty"` // the words of --server-cmd; nil = the server has a file
	AppKind   string   `json:"app_kind,omitempty"`   // of that server
	Args      []string `json:"args,omitempty"`       // the words of --args
}

// Name is "server/profile/scenario", what selectors match.
func (c Cell) Name() string { return c.Server + "/" + c.Profile + "/" + c.Scenario }

// Spoil makes a cell invalid because some of its evidence cannot be read, whatever the
// rest says. why names the evidence and the problem. Slices that the cell shares with a
// copy stay as they are.
func (c *Cell) Spoil(why string) {
	c.Verdict, c.Reasons, c.Flags, c.Measures = Invalid, []string{why}, []string{}, Measures{}
}

// Attempt is one run of a cell.
type Attempt struct {
	Attempt   int      `json:"attempt"` // from 1
	Verdict   Verdict  `json:"verdict"`
	H         *float64 `json:"h"`      // percent; null where nothing was measured
	Record    string   `json:"record"` // path inside the run folder
	Log       string   `json:"log"`
	Published bool     `json:"published"` // its measures and reasons are the cell's
	StartedAt string   `json:"started_at"`
	Seconds   float64  `json:"seconds"`
	Company   int      `json:"company,omitempty"`   // other cells of the same run that were under way at once, at most
	Disturbed bool     `json:"disturbed,omitempty"` // these may have spoiled it, so the attempt after it ran alone, if the cell needed one
	Note      string   `json:"note,omitempty"`      // why there is no record: it could not be made
}
