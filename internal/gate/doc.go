// Package gate decides whether a run is good enough. Rules say what must hold of
// its cells. Every cell that a rule selects keeps it, breaks it, or could not be
// measured. The package knows runs and measures, not how they were made.
//
// Examples of rules:
//
//	*/hardened/wedge-*: time_to_recover <= 10s
//	verdict >= degraded
//
// Rules are resolved against the selection before anything runs, so a misspelt
// rule costs no measuring time.
//
// A baseline is an earlier run. It adds a check for each cell: the cell must be no
// worse than before. Waivers say which broken checks are expected for now; the gate
// prints them and counts them as kept.
package gate
