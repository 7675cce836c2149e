// Package live makes a run on this machine, from the order to the folder with its
// results: it prepares the host, opens the run, connects those who listen to it, and
// says how to measure the rest of an interrupted run. internal/stored does the rest
// without measuring.
package live
