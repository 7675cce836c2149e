// Package clients sends the requests of an attempt and says how each ended: the open
// loop of victims and control requests, the provokers of each family, and single requests for
// readiness and slots.
//
// Every request has its own fresh connection. The package writes and reads it itself,
// without net/http's Transport. So it never sends anything twice; no proxy, redirect or
// decompression comes between the server's bytes and the outcome; and an error says
// where on the wire it happened.
//
// The package imports internal/bench only. openloop.go alone imports vegeta.
package clients
