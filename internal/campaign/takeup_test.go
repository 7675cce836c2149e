package campaign

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/results"
	"benchrun/scenarios"
	"benchrun/targets"
)

// earlierRun is a run of two cells, with one attempt of the first stored.
func earlierRun(t *testing.T, attempts int) *Run {
	t.Helper()
	family, _ := scenarios.Family("segfault")
	var cells []plan.Cell
	asked := &bench.Asked{Attempts: attempts}
	for _, ratio := range []bench.Ratio{1000, 2000} {
		c := plan.Cell{Server: &targets.Server{Name: "a"}, Profile: "p", Scenario: bench.Scenario{Family: family, Ratio: ratio}}
		cells = append(cells, c)
		asked.Cells = append(asked.Cells, bench.AskedCell{Server: "a", Profile: "p", Scenario: c.Scenario.Name(), Installed: "1.0"})
	}
	run := bench.Run{Asked: asked}
	folder, err := results.Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(Order{Cells: cells, Mode: bench.ModeQuick, Attempts: attempts})
	r.Folder, r.run = folder, run
	cell := r.cellOf(0, cells[0])
	rel := folder.RecordPath(results.CellID(cell), 1)
	broken := &bench.Record{
		Head: bench.Head{Schema: bench.RecordSchema, Run: "r", Attempt: 1, StartedAt: "2026-11-21T12:00:00Z", Mode: bench.ModeQuick,
			Ratio: 1000, Phases: bench.PhasesFor(bench.ModeQuick, 0, 0), Rate: 100, SLO: 1e9, Timeout: 2e9},
		Boot: bench.Boot{Seconds: 0.2, Exited: &bench.ExitStatus{Code: 1}},
	}
	if err := folder.WriteRecord(rel, broken); err != nil {
		t.Fatal(err)
	}
	r.order.Earlier = &Earlier{Attempts: []results.AttemptLine{
		results.NewAttemptLine(cell, bench.Attempt{Attempt: 1, Record: rel}, bench.Judgement{Verdict: bench.Broken}),
	}}
	return r
}

// A cell that its attempts conclude is kept; any other continues.
func TestTakeUp(t *testing.T) {
	r := earlierRun(t, 1)
	var kept []bench.AttemptJudged
	r.Tell = func(e bench.Event) { kept = append(kept, e.(bench.AttemptJudged)) }
	if err := r.takeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.run.Cells) != 1 || r.run.Cells[0].Verdict != bench.Broken || r.run.Cells[0].Version != "1.0" || !r.run.Cells[0].Attempts[0].Published {
		t.Errorf("kept %+v", r.run.Cells)
	}
	if open := r.open(0); len(open) != 1 || open[0].Scenario.Ratio != 2000 || len(kept) != 1 || kept[0].Cell != 1 || !kept[0].Kept || kept[0].Record == nil {
		t.Errorf("open %+v, told %+v", open, kept)
	}
	r = earlierRun(t, 2)
	if err := r.takeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.run.Cells) != 0 || len(r.open(0)) != 2 || len(r.begun[0].attempts) != 1 || r.begun[0].judged[0].Verdict != bench.Broken {
		t.Errorf("kept %+v, begun %+v", r.run.Cells, r.begun)
	}
}

// Every attempt of a cell counts, and the next number is free.
func TestTakeUpOfSeveralAttempts(t *testing.T) {
	r := earlierRun(t, 2)
	first := r.order.Earlier.Attempts[0]
	rec, err := r.Folder.ReadRecord(t.Context(), first.Attempt().Record)
	if err != nil {
		t.Fatal(err)
	}
	rel := r.Folder.RecordPath(first.ID, 2)
	rec.Head.Attempt = 2
	if err := r.Folder.WriteRecord(rel, rec); err != nil {
		t.Fatal(err)
	}
	r.order.Earlier.Attempts = append(r.order.Earlier.Attempts, results.NewAttemptLine(r.cellOf(0, r.order.Cells[0]),
		bench.Attempt{Attempt: 2, Record: rel}, bench.Judgement{Verdict: bench.Broken}))
	if err := r.takeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.begun[0].attempts; len(got) != 2 || len(r.begun[0].judged) != 2 || next(got) != 3 {
		t.Errorf("taken up: %+v", got)
	}
	if len(r.run.Cells) != 1 || len(r.run.Cells[0].Attempts) != 2 || len(r.open(0)) != 1 {
		t.Errorf("two attempts do not conclude the cell: %+v", r.run.Cells)
	}
}

// Records are unpacked once: what a resumed run found in them when it read the folder is
// all that it needs to go on.
func TestRecordsAreReadOnce(t *testing.T) {
	r := earlierRun(t, 1)
	line := r.order.Earlier.Attempts[0]
	if err := r.Folder.AppendAttempt(line); err != nil {
		t.Fatal(err)
	}
	e := &Earlier{Folder: r.Folder, Run: r.run}
	if err := e.read(t.Context()); err != nil || len(e.Attempts) != 1 {
		t.Fatalf("%v, %+v", err, e.Attempts)
	}
	rec, err := r.Folder.ReadRecord(t.Context(), line.Attempt().Record)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(r.Folder.Join(line.Attempt().Record)); err != nil {
		t.Fatal(err)
	}
	r.order.Earlier = e
	var told bench.AttemptJudged
	r.Tell = func(e bench.Event) { told = e.(bench.AttemptJudged) }
	if err := r.takeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(r.run.Cells) != 1 || r.run.Cells[0].Verdict != bench.Broken {
		t.Errorf("taken up: %+v", r.run.Cells)
	}
	if told.Record == nil || !reflect.DeepEqual(told.Record.Head, rec.Head) || !reflect.DeepEqual(told.Timeline, judge.Timeline(rec)) {
		t.Errorf("told: %+v", told)
	}
	if len(e.records) != 0 {
		t.Errorf("%d records are still held", len(e.records))
	}
}

// A new attempt never takes the number of an existing one, even if an earlier number
// is missing.
func TestNextNumber(t *testing.T) {
	for want, attempts := range map[int][]bench.Attempt{1: nil, 2: {{Attempt: 1}}, 4: {{Attempt: 1}, {Attempt: 3}}} {
		if got := next(attempts); got != want {
			t.Errorf("after %v: %d, want %d", attempts, got, want)
		}
	}
}

// Cells are in the order of the selection, whichever was measured last.
func TestConcludeKeepsTheOrder(t *testing.T) {
	r := &Run{done: make([]*bench.Cell, 3)}
	for _, i := range []int{2, 0, 1} {
		r.conclude(i, bench.Cell{Scenario: string(rune('a' + i))})
	}
	if c := r.run.Cells; len(c) != 3 || c[0].Scenario+c[1].Scenario+c[2].Scenario != "abc" {
		t.Errorf("%+v", c)
	}
}

func TestTakeUpRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(r *Run)
		say   string
	}{
		"a cell of none":       {func(r *Run) { r.order.Earlier.Attempts[0].ID = "b@1.0/p/segfault-1pct" }, "is not a cell of the run"},
		"another schedule":     {func(r *Run) { r.order.Earlier.Attempts[0].ScheduleHash = "9" }, "a schedule other than"},
		"a record that is not": {func(r *Run) { r.order.Earlier.Attempts[0].Attempts[0].Record = "records/gone.ndjson.gz" }, "gone"},
	} {
		r := earlierRun(t, 1)
		tt.spoil(r)
		err := r.takeUp(t.Context())
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// run.json has the versions of a run, and a run with other versions cannot continue
// it.
func TestNoteInstalled(t *testing.T) {
	r := earlierRun(t, 1)
	install := func(version, python string) {
		r.prepared = map[string]*place.Target{r.order.Cells[0].Target(): {Installation: &targets.Installation{
			Version: version, PythonVersion: python, Interpreter: "/usr/bin/python3",
		}}}
	}
	r.run.Asked.Cells[1].Installed = ""
	install("1.0", "3.11.2")
	if err := r.noteInstalled(); err != nil || r.run.Asked.Cells[1].Installed != "1.0" || r.run.Environment.Python == "" {
		t.Fatalf("%+v, %v", r.run.Asked.Cells, err)
	}
	if r.run.Environment.PostgreSQL != "" {
		t.Errorf("PostgreSQL %q, which nobody needed", r.run.Environment.PostgreSQL)
	}
	install("1.0", "3.11.2")
	installed := r.prepared[r.order.Cells[0].Target()].Installation
	installed.PostgreSQL = "15.14"
	if err := r.noteInstalled(); err != nil || r.run.Environment.PostgreSQL != "15.14" {
		t.Errorf("PostgreSQL %q, %v", r.run.Environment.PostgreSQL, err)
	}
	installed.PostgreSQL = "16.2"
	if err := r.noteInstalled(); err == nil || !strings.Contains(err.Error(), "PostgreSQL") {
		t.Errorf("another PostgreSQL: %v", err)
	}
	for _, other := range [][2]string{{"2.0", "3.11.2"}, {"1.0", "3.12.0"}} {
		install(other[0], other[1])
		var usage *bench.UsageError
		if err := r.noteInstalled(); !errors.As(err, &usage) {
			t.Errorf("%v: %v", other, err)
		}
	}
}

// A record without its line belongs to an attempt during which benchrun was killed:
// it is made again. A record with a line is never touched.
func TestClearKilled(t *testing.T) {
	r := earlierRun(t, 1)
	kept := r.order.Earlier.Attempts[0].Attempt()
	cell := bench.Cell{Attempts: []bench.Attempt{kept}}
	log, rec := r.Folder.LogPath("x", 2), r.Folder.RecordPath("x", 2)
	for _, rel := range []string{log, rec} {
		if err := os.WriteFile(r.Folder.Join(rel), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.clearKilled(cell, log, rec); err != nil {
		t.Fatal(err)
	}
	for _, rel := range []string{log, rec} {
		if _, err := os.Lstat(r.Folder.Join(rel)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there", rel)
		}
	}
	if err := r.clearKilled(cell, log, rec); err != nil {
		t.Errorf("nothing is left, and nothing to do: %v", err)
	}
	if err := r.clearKilled(cell, log, kept.Record); err == nil {
		t.Error("the record of an attempt that was made would be removed")
	}
	if _, err := os.Stat(r.Folder.Join(kept.Record)); err != nil {
		t.Error(err)
	}
}

// The first attempt that other programs made invalid, and company did not, comes again beside
// other cells. Company may have spoiled every other one that is invalid, or not held with doubts,
// or broken before any fault. A server that never started was not spoiled.
func TestDisturbedByCompanyOrByOtherPrograms(t *testing.T) {
	busy, company := bench.Doubt{Cause: bench.DoubtHostBusy}, bench.Doubt{Cause: bench.DoubtCompany}
	beside := bench.Attempt{Company: 2, Verdict: bench.Invalid}
	for _, tt := range []struct {
		name             string
		verdict          bench.Verdict
		company          int
		doubts           []bench.Doubt
		before           []bench.Attempt
		side             string
		disturbed, later bool
	}{
		{"other programs", bench.Invalid, 2, []bench.Doubt{busy}, nil, "", false, true},
		{"company", bench.Invalid, 2, []bench.Doubt{company}, nil, "", true, false},
		{"both", bench.Invalid, 2, []bench.Doubt{busy, company}, nil, "", true, false},
		{"nobody knows", bench.Invalid, 2, nil, nil, "", true, false},
		{"other programs, without company", bench.Invalid, 0, []bench.Doubt{busy}, nil, "", false, false},
		{"other programs, a second time", bench.Invalid, 2, []bench.Doubt{busy}, []bench.Attempt{beside}, "", true, false},
		{"other programs, after one alone", bench.Invalid, 2, []bench.Doubt{busy}, []bench.Attempt{{Verdict: bench.Invalid}}, "", false, true},
		{"other programs, in a duel", bench.Invalid, 2, []bench.Doubt{busy}, nil, "+a", true, false},
		{"not held, and other programs", bench.Failed, 2, []bench.Doubt{busy}, nil, "", true, false},
		{"not held, and no doubt", bench.Failed, 2, nil, nil, "", false, false},
		{"broken, and no doubt", bench.Broken, 2, nil, nil, "", true, false},
		{"broken without company", bench.Broken, 0, nil, nil, "", false, false},
	} {
		u := &underway{side: tt.side, cell: bench.Cell{Attempts: tt.before}}
		j := bench.Judgement{Verdict: tt.verdict}
		m := made{verdict: j, attempt: bench.Attempt{Company: tt.company, Verdict: tt.verdict}}
		m.attempt.Disturbed = u.disturbed(&bench.Record{Head: bench.Head{Company: tt.company}, Boot: bench.Boot{Ready: true}, Doubts: tt.doubts}, j)
		if m.attempt.Disturbed != tt.disturbed || m.later() != tt.later {
			t.Errorf("%s: disturbed %v, later %v", tt.name, m.attempt.Disturbed, m.later())
		}
	}
	if disturbed(&bench.Record{Head: bench.Head{Company: 2}}, bench.Judgement{Verdict: bench.Broken}) {
		t.Error("a server that did not start is tried again")
	}
}

// If company may have spoiled an attempt, the next one runs alone, also if benchrun
// was killed between the two, the attempt was not invalid, and no other was asked for.
func TestTakeUpKnowsWhatCompanySpoiled(t *testing.T) {
	for _, company := range []int{0, 3} {
		r := earlierRun(t, 1)
		rel := r.order.Earlier.Attempts[0].Attempt().Record
		rec, err := r.Folder.ReadRecord(t.Context(), rel)
		if err != nil {
			t.Fatal(err)
		}
		rec.Head.Company = company
		rec.Doubts = []bench.Doubt{{From: 1, To: 2, Cause: bench.DoubtCompany}}
		r.order.Earlier.Attempts[0].Attempts[0].Disturbed = disturbed(rec, bench.Judgement{Verdict: bench.Broken})
		if err := r.takeUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.begun[0].alone() != (company > 0) {
			t.Errorf("in company of %d: alone %v", company, r.begun[0].alone())
		}
		if open := len(r.open(0)); open != map[int]int{0: 1, 3: 2}[company] {
			t.Errorf("in company of %d: %d cells are open", company, open)
		}
		if got := r.made(r.order.Cells[0]); got != map[int]int{0: 1, 3: 0}[company] {
			t.Errorf("in company of %d: %d attempts need no repeat", company, got)
		}
	}
}
