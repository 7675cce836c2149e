package bench

import (
	"io"
	"slices"
)

// DuelSchema names the format of duel.json.
const DuelSchema = "benchrun.duel/v1"

// Answer is the result of a duel: B compared with A.
type Answer string

// The answers.
const (
	DuelInvalid Answer = "invalid" // nothing can be said: harness, host, or A misbehaves too
	DuelWorse   Answer = "worse"
	DuelSame    Answer = "same"
	DuelBetter  Answer = "better"
)

// Duel is what became of two targets that were measured against each other.
// The attempts themselves stand in run.json, a cell for each side.
type Duel struct {
	Schema string   `json:"schema"`
	Run    string   `json:"run"` // the run's id
	A      DuelSide `json:"a"`   // the baseline
	B      DuelSide `json:"b"`
	Need   int      `json:"need"`   // pairs that must say the same before a difference counts
	Margin float64  `json:"margin"` // smallest paired loss that is claimed, percent
	Bouts  []Bout   `json:"bouts"`
}

// DuelSide is one of the two targets.
type DuelSide struct {
	Server  string `json:"server"`
	Version string `json:"version"` // measured
	Profile string `json:"profile"`
}

// Bout is a duel under one scenario.
type Bout struct {
	Scenario string     `json:"scenario"`
	Answer   Answer     `json:"answer"`
	Flaky    bool       `json:"flaky"` // a difference was seen that did not repeat
	Loss     float64    `json:"loss"`  // median over all seconds: B's loss less A's, percent of the victims
	Reasons  []string   `json:"reasons"`
	Pairs    []BoutPair `json:"pairs"`
}

// BoutPair is an attempt of each side.
type BoutPair struct {
	A       string  `json:"a"` // record, as in Attempt.Record
	B       string  `json:"b"`
	Answer  Answer  `json:"answer"`
	Loss    float64 `json:"loss"`    // median over its seconds
	Seconds int     `json:"seconds"` // valid on both sides
}

// Err is ErrCheckFailed if B is worse in some scenario, and ErrUnmeasured if an
// answer is invalid or missing.
func (d Duel) Err() error {
	has := func(a Answer) bool { return slices.ContainsFunc(d.Bouts, func(b Bout) bool { return b.Answer == a }) }
	switch {
	case has(DuelWorse):
		return ErrCheckFailed
	case has(DuelInvalid), len(d.Bouts) == 0:
		return ErrUnmeasured
	}
	return nil
}

// Encode writes the content of duel.json, its schema set.
func (d Duel) Encode(w io.Writer) error {
	d.Schema = DuelSchema
	if d.Bouts == nil {
		d.Bouts = []Bout{}
	}
	return EncodeJSON(w, d, "  ")
}
