package bench

// Supervised says that a process manager starts the server of a target, and starts it again
// when it ends.
type Supervised struct {
	Name    string   `json:"name"`    // the server's name ends in it
	Command []string `json:"command"` // of the process manager, which is the target's first process
}
