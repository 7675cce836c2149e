// Package gate decides whether a run is good enough: rules say what must hold of
// its cells, and every cell that a rule is about either keeps it, breaks it, or
// could not be measured. It knows runs and measures, and nothing of how they
// came to be.
//
// A rule says what must be so, for example
//
//	*/hardened/wedge-*: time_to_recover <= 10s
//	verdict >= degraded
//
// Rules are resolved against the selection before anything runs, so that a
// misspelt one costs no minutes.
//
// A baseline, an earlier run, makes one more check of each cell: that it is no
// worse than before. Waivers say which broken checks are expected for now; they
// are told and count as kept.
package gate
