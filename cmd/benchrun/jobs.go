package main

import (
	"strconv"

	"benchrun/internal/bench"
)

// jobs is how many cells are measured at once at most; 0 = as many as the machine
// has room for. It is a flag's value.
type jobs int

const (
	autoJobs = "auto"
	mostJobs = 1000
)

// String is the value as the flag takes it.
func (j *jobs) String() string {
	if *j == 0 {
		return autoJobs
	}
	return strconv.Itoa(int(*j))
}

// Set reads a value.
func (j *jobs) Set(word string) error {
	if word == autoJobs {
		*j = 0
		return nil
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > mostJobs {
		return bench.Usagef("it is %s, or a number from 1 to %d", autoJobs, mostJobs)
	}
	*j = jobs(n)
	return nil
}

// Type names what the flag takes, for --help.
func (j *jobs) Type() string { return "N|auto" }

// atMost is how many cells are measured at once at most, 0 = as many as there is
// room for. One port serves one cell at a time.
func (s settings) atMost() int {
	if s.port != 0 {
		return 1
	}
	return int(s.jobs)
}
