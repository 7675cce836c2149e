package bench

// Finding is something that keeps a cell, or the run as a whole, from passing.
// The findings of a run are its exit code in detail: with none it is 0.
type Finding struct {
	Cell   int    // index among the run's cells; WholeRun where it is about none of them
	Broken bool   // a rule or a strict check does not hold; else there is nothing measured to tell by
	By     string // what found it: "rule", "strict", "invalid", "run"
	Text   string // one line
}

// WholeRun replaces a cell's index.
const WholeRun = -1
