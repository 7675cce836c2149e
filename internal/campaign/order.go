package campaign

import (
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/internal/project"
)

// How many attempts a verdict other than held needs. One unlucky attempt on a busy host is not
// a verdict, and people soon ignore a gate that fails because of it. So a second one must
// agree; docs/method.md has the measurements.
const (
	DefaultAttempts = 2
	CIAttempts      = 2
	ReleaseAttempts = 3
)

// Order is everything that a run must know.
type Order struct {
	Cells    []plan.Cell
	Most     int // how many of them a search measures, about; 0 = all
	Mode     bench.Mode
	Seed     uint64
	Attempts int // k: how many attempts a verdict other than held needs, the first included
	Jobs     int // how many cells are measured at once at most; 0 = as many as have room
	Port     int // for every launch, so that only one cell is measured at a time; 0 = each gets its own
	Reprobe  bool
	Python   string
	// Earlier is the run to resume; nil = this is a new one. Cells that its attempts
	// conclude stay as they are; the others continue from its attempts.
	Earlier *Earlier
	// MaxTime is how long the run may take, installation included; 0 = no limit. A
	// cell that is not expected to end in time does not begin.
	MaxTime time.Duration
}

// Check finds what no run can do, whatever its cells are.
func (o Order) Check() error {
	switch {
	case o.Attempts < 1 || o.Attempts > project.MostAttempts:
		return bench.Usagef("--attempts %d is not between 1 and %d", o.Attempts, project.MostAttempts)
	case o.Port < 0 || o.Port > 65535:
		return bench.Usagef("--port %d is not a port: they go from 1 to 65535", o.Port)
	case o.Port != 0 && o.Jobs > 1:
		return bench.Usagef("--port %d is one port, and --jobs %d cells need one each", o.Port, o.Jobs)
	case o.MaxTime < 0:
		return bench.Usagef("--max-time %s is below zero", o.MaxTime)
	}
	return nil
}

// CheckPairs finds numbers of a duel's pairs that no duel takes. A difference that was
// seen once does not count.
func CheckPairs(pairs int) error {
	if pairs < 2 || pairs > 9 {
		return bench.Usagef("--pairs %d is not between 2 and 9", pairs)
	}
	return nil
}

// atMost is how many cells are measured at once at most, 0 = as many as have room. A port
// serves one cell at a time, and a search chooses the next cell by the last one's verdict.
func (o Order) atMost() int {
	if o.Port != 0 || o.Most > 0 {
		return 1
	}
	return o.Jobs
}
