// Package clients sends the requests of an attempt and says how each ended:
// the open loop of victims and control requests, the provokers of each family,
// and single requests for readiness and slots.
//
// Every request runs on a fresh connection of its own, written and read here
// rather than by net/http's Transport: nothing is ever sent twice, no proxy, no
// redirect and no decompression stands between the server's bytes and the
// outcome, and an error is told apart by where on the wire it happened.
//
// The package imports internal/bench only. openloop.go alone imports vegeta.
package clients
