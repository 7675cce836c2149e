package bench

import "io"

// LadderSchema names the format of ladder.json.
const LadderSchema = "benchrun.ladder/v1"

// Ladder says at which ratio of a family a target stops holding, and how long honest
// requests may be on it. The attempts stand in run.json, a cell for each ratio that was
// measured.
type Ladder struct {
	Schema  string        `json:"schema"`
	Run     string        `json:"run"` // the run's id
	Server  string        `json:"server"`
	Version string        `json:"version"` // measured
	Profile string        `json:"profile"`
	Family  string        `json:"family"`
	Rungs   []Rung        `json:"rungs"`   // that were measured, ascending
	Holds   *float64      `json:"holds"`   // the highest ratio that held, percent; null: none did
	Fails   *float64      `json:"fails"`   // the lowest above it that did not; null: none was seen
	Between []string      `json:"between"` // scenarios between the two that say nothing: invalid or flaky
	Theory  *Theory       `json:"theory"`  // null: no slots are held, or their number is not known
	Honest  LongestHonest `json:"longest_honest"`
}

// Rung is a ratio that was measured.
type Rung struct {
	Scenario string   `json:"scenario"`
	Ratio    float64  `json:"ratio"` // percent
	Verdict  Verdict  `json:"verdict"`
	Flaky    bool     `json:"flaky"`
	H        *float64 `json:"h"` // percent; null where nothing was measured
	Reason   string   `json:"reason"`
}

// Theory is the law R·p·τ < C, solved for p.
type Theory struct {
	Slots int     `json:"slots"`  // C
	Hold  float64 `json:"hold_s"` // τ; 0 = nothing was seen to end it
	Below float64 `json:"below"`  // percent: smaller ratios survive the hour that an attempt stands for
}

// LongestHonest is what a target does with honest requests that take long.
type LongestHonest struct {
	Watchdog float64 `json:"watchdog_s"`     // documented; 0 = none
	Serves   float64 `json:"serves_s"`       // the longest request that was served; 0 = none was
	Ends     float64 `json:"ends_s"`         // the shortest above it that was not; 0 = all were served
	Note     string  `json:"note,omitempty"` // why it was not measured
}

// Err is ErrUnmeasured if something in the bracket says nothing, or if there is no bracket.
func (l Ladder) Err() error {
	if l.Holds == nil && l.Fails == nil || len(l.Between) > 0 || l.Honest.Note != "" {
		return ErrUnmeasured
	}
	return nil
}

// Encode writes the content of ladder.json, its schema set.
func (l Ladder) Encode(w io.Writer) error {
	l.Schema, l.Rungs, l.Between = LadderSchema, listed(l.Rungs), listed(l.Between)
	return EncodeJSON(w, l, "  ")
}
