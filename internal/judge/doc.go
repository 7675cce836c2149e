// Package judge turns the record of an attempt into a judgement, and the
// judgements of a cell's attempts into the cell's verdict. docs/method.md says
// the same in words.
//
// Everything here is a pure function: no clock, no file, no randomness, and the
// order in which a record's entries were written does not matter. The same
// record gives the same bytes of JSON on every machine, so any stored run can
// be judged again.
//
// The way through the package: a view is the record sorted and cut into phases;
// bins say which seconds count; facts are all that was seen; rate turns
// facts into a verdict; reasons, flags and measures describe them.
//
// It imports bench and the HdrHistogram only; plan, attempt, campaign and cmd import it.
package judge
