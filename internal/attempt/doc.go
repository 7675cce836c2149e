// Package attempt makes one attempt: it drives victims and provokers through the
// phases of a scenario on one clock, against a target in a place, and returns the
// record of what was seen. It decides nothing about verdicts, stores nothing, and
// knows of no other attempt.
package attempt
