package results

import (
	"io"

	"benchrun/internal/bench"
)

// DuelSchema names the format of duel.json.
const DuelSchema = "benchrun.duel/v1"

// DuelFile is its name in a run's folder.
const DuelFile = "duel.json"

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
	Answer   string     `json:"answer"` // of B: worse, same, better or invalid
	Flaky    bool       `json:"flaky"`  // a difference was seen that did not repeat
	Loss     float64    `json:"loss"`   // median over all seconds: B's loss less A's, percent of the victims
	Reasons  []string   `json:"reasons"`
	Pairs    []BoutPair `json:"pairs"`
}

// BoutPair is an attempt of each side.
type BoutPair struct {
	A       string  `json:"a"` // record, as in Attempt.Record
	B       string  `json:"b"`
	Answer  string  `json:"answer"`
	Loss    float64 `json:"loss"`    // median over its seconds
	Seconds int     `json:"seconds"` // valid on both sides
}

// Encode writes the duel as indented JSON.
func (d Duel) Encode(w io.Writer) error {
	if d.Bouts == nil {
		d.Bouts = []Bout{}
	}
	return bench.EncodeJSON(w, d, "  ")
}

// WriteDuel writes duel.json, whole or not at all.
func (f *Folder) WriteDuel(d Duel) error { return f.atomically(DuelFile, d.Encode) }
