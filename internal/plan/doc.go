// Package plan turns what the user asked for into what will be run: names and
// globs into cells, a seed into a schedule, phases into a time estimate.
//
// It sits between the rooms it reads (scenarios, targets) and the rooms that
// carry the plan out. Nothing here starts a process or opens a socket.
package plan
