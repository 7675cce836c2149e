// Package place keeps a running target: it launches one on this host, waits until
// it serves, watches it, guards the host against it, ends it, and proves that
// nothing of it is left. What is seen of it goes into one Journal.
//
// A place knows no attempt, no probe and no check: each of these opens one, works
// in it and closes it. Below it are the rooms that do the work (launch, observe,
// targets).
package place
