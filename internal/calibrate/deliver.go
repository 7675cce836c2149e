package calibrate

import (
	"errors"
	"io"

	"benchrun/internal/bench"
	"benchrun/report"
)

// Made is a calibration that is over.
type Made struct {
	Cases    []Case
	Run      bench.Run
	Folder   string
	Attempts int
	Seed     uint64
	Page     string // file of the documentation's page; "" = none
	Broke    error  // what kept the run from coming to its end; nil = it did
}

// Deliver prints what a calibration came to, if anything was measured, and writes its page
// if it is complete. The error says what it came to.
func (a Asked) Deliver(out io.Writer, m Made) error {
	if m.Broke != nil && len(m.Run.Cells) == 0 {
		return m.Broke
	}
	result := report.Calibration{
		Run: m.Run, Folder: m.Folder, Attempts: m.Attempts, Repeat: a.Repeat(m.Attempts, m.Seed), Rows: Compare(m.Cases, m.Run),
	}
	err := report.CalibrationTable(out, result, report.OptionsFor(out, false))
	if m.Broke == nil && m.Page != "" {
		err = errors.Join(err, WritePage(m.Page, result))
	}
	return bench.Ended(result.Err(), errors.Join(m.Broke, err))
}
