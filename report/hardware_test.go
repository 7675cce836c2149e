package report

import (
	"strings"
	"testing"
)

// Only a run that had a database names it.
func TestDatabaseOfARun(t *testing.T) {
	run := sampleRun()
	if got := machine(run.Environment); strings.Contains(got, "PostgreSQL") {
		t.Errorf("%q", got)
	}
	run.Environment.PostgreSQL = "15.14"
	if got := machine(run.Environment); !strings.HasSuffix(got, ", PostgreSQL 15.14") {
		t.Errorf("%q", got)
	}
}
