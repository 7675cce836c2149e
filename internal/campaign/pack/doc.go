// Package pack decides which tasks run side by side: it knows the load of each task
// and the room of the machine. It starts only the functions that it gets, knows
// neither cells nor servers, and does the same for the same input.
package pack
