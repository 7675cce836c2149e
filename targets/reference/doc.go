// Package reference is benchrun's own app server: a prefork container of real processes,
// sound by default, with planted flaws that are switched on by name. It needs no
// installation, so it serves as the demonstration. Some family must find each of its
// flaws, so it also tests the judge.
//
// One front (the leader) speaks HTTP and N workers run the app:
//
//	client ── HTTP ──▶ front ── one socketpair a worker ──▶ worker
//
// The front reads each request completely before a worker gets it, so a slow client
// occupies a goroutine and no worker. A worker has one request at a time. Workers are
// this same binary, executed again, and end when the front does. On SIGHUP the front
// replaces each worker when its successor is ready.
//
// docs/contract.md says what it serves (app kind builtin). Only cmd and internal/guide
// import the package; it imports internal/bench and internal/postgresql.
package reference
