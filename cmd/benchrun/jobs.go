package main

import (
	"strconv"

	"benchrun/internal/bench"
)

// jobs is the value of --jobs: how many cells are measured at once at most; 0 = as many as the
// machine has room for.
type jobs int

const (
	autoJobs = "auto"
	mostJobs = 1000
)

// String is the value in the form that the flag takes.
func (j *jobs) String() string {
	if *j == 0 {
		return autoJobs
	}
	return strconv.Itoa(int(*j))
}

// Set parses a value.
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

// Type is the name of the value in --help.
func (j *jobs) Type() string { return "N|auto" }
