// Package bench holds the nouns of benchrun: what is run (Scenario, Target,
// Cell), what is seen (Sample, Vital, ProcEvent, Receipt, Mark, Doubt, bound
// together in a Record) and what is concluded (Verdict, Measure, Cell).
//
// Every other package imports this one; it imports the standard library only.
// docs/contract.md shows the same nouns as the JSON that is stored.
//
// Times inside a record are int64 nanoseconds since the attempt's origin, read
// from one monotonic clock (see Clock).
package bench
