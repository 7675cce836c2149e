// Package pack decides which tasks run side by side: it knows the load of each task
// and the room of the machine. It starts only the functions that it gets, knows
// neither cells nor servers, and does the same for the same input.
//
// A Packer hands out tasks (packer.go) and says how long the rest will take (left.go). A Pool
// runs them by it (pool.go), beside the pools of other programs (neighbour.go).
package pack
