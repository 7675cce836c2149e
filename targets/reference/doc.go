// Package reference is benchrun's own app server: a prefork container made of
// real processes, sound by default, with planted flaws switched on by name. It
// needs nothing installed, so it is the demonstration; and each of its flaws
// must be found by some family, so it is the proof of the judge.
//
// One front (the leader) speaks HTTP and N workers run the app:
//
//	client ── HTTP ──▶ front ── one socketpair a worker ──▶ worker
//
// The front reads each request whole before any worker hears of it, so a slow
// client holds a goroutine and no worker. A worker has one request at a time.
// Workers are this same binary, re-executed, and end when the front does. On
// SIGHUP the front replaces them, each when its successor is ready.
//
// docs/contract.md says what is served (app kind builtin). The package is
// imported by cmd only; it imports internal/bench.
package reference
