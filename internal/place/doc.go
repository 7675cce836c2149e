// Package place keeps a running target: it launches one on this host, waits until
// it serves, watches it, protects the host from it, ends it, and proves that
// nothing of it is left. Whatever it sees of the target goes into one Journal.
//
// A place does not know whether an attempt, a probe or a check uses it: each of
// these opens a place, works in it and closes it. launch, observe and targets do
// the work below it.
package place
