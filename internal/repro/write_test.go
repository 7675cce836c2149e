package repro

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
	"benchrun/scenarios"
	"benchrun/targets"
)

// mostLines is how long a script may be: an issue is to be read.
const mostLines = 79

// found stores a run with one cell of a family, and finds the cell.
func found(t *testing.T, family bench.Family, server, version string, change func(*bench.Cell, *bench.Record)) Found {
	t.Helper()
	h, aged := 20.0, 0
	if family.Traits.HoldsSlot() {
		aged = 60
	}
	s := family.Scenario()
	cell := bench.Cell{
		Server: server, Version: version, Profile: "default", Scenario: s.Name(), Family: family.ID, FamilyVer: family.Version,
		Verdict: bench.Failed, Reasons: []string{"nobody\nwas served $(touch /tmp/x) `id`"},
		Attempts: []bench.Attempt{{Attempt: 1, Verdict: bench.Failed, H: &h, Published: true, StartedAt: "2026-11-30T10:00:00Z"}},
	}
	rec := &bench.Record{Head: bench.Head{
		Schema: bench.RecordSchema, Run: "20261130-100000-0000", Attempt: 1, Scenario: s.Name(), Family: family.ID, FamilyVer: family.Version,
		Group: family.Group, Traits: family.Traits, Ratio: s.Ratio, Every: family.Cadence.Every, Mode: bench.ModeQuick,
		Rate: 100, Phases: bench.PhasesFor(bench.ModeQuick, family.Traits.OwnHold(), 0), Aged: aged,
		Target: bench.Target{Server: server, Version: version, Profile: "default", Command: []string{"{env}/bin/python", "-m", "x", "--bind", "127.0.0.1:21234", "--root={work}/it's", "app:application"}},
	}}
	if change != nil {
		change(&cell, rec)
	}
	run := bench.Run{ID: "20261130-100000-0000", Mode: bench.ModeQuick, Cells: []bench.Cell{}}
	folder, err := results.Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	a := &cell.Attempts[0]
	a.Record = folder.RecordPath(results.CellID(cell), 1)
	if err := folder.WriteRecord(a.Record, rec); err != nil {
		t.Fatal(err)
	}
	run.Cells = []bench.Cell{cell}
	if err := folder.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	f, err := Find(t.Context(), "", folder.Path()+"/"+cell.Name())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func registry(t *testing.T) *targets.Registry {
	t.Helper()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// Each family has a script, or says why not. The script is short, bash and Python can read
// it, and nothing that a run contains can run in it.
func TestEachFamilyHasAScriptOrSaysWhyNot(t *testing.T) {
	shown := 0
	for _, f := range scenarios.All() {
		t.Run(f.ID, func(t *testing.T) {
			text, err := Script(t.Context(), found(t, f.Family, "uwsgi", "2.0.31", nil), registry(t))
			if none := f.Script.None; none != "" {
				var usage *bench.UsageError
				if !errors.As(err, &usage) || !strings.Contains(usage.Problem, none) || !strings.Contains(usage.Hint, "benchrun --server uwsgi") {
					t.Errorf("%v, want %q and what to do instead", err, none)
				}
				return
			}
			if f.Script.Client == "" && f.Needs.AppFault == "" || f.Traits.Proof == bench.ProofSignal {
				t.Error("a request of the app's fault does not show it: its file needs a Script, or why there is none")
			}
			if err != nil {
				t.Fatal(err)
			}
			shown++
			if n := strings.Count(text, "\n"); n > mostLines {
				t.Errorf("%d lines, more than %d:\n%s", n, mostLines, text)
			}
			for line := range strings.Lines(text) {
				if strings.Contains(line, "touch /tmp/x") && !strings.HasPrefix(line, "# ") {
					t.Errorf("a reason stands outside of a comment: %s", line)
				}
			}
			readable(t, text)
		})
	}
	if shown < 10 {
		t.Errorf("only %d families have a script", shown)
	}
}

// readable has bash and Python parse a script.
func readable(t *testing.T, text string) {
	t.Helper()
	parse := func(program string, code string, args ...string) {
		cmd := exec.Command(program, args...)
		cmd.Stdin = strings.NewReader(code)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s\n%s", program, err, out, code)
		}
	}
	parse("bash", text, "-n")
	documents := strings.Split(text, "<<'END'")
	if len(documents) != 3 {
		t.Fatalf("%d here-documents, want 2:\n%s", len(documents)-1, text)
	}
	for _, d := range documents[1:] {
		_, d, _ = strings.Cut(d, "\n")
		code, _, _ := strings.Cut(d, "\nEND\n")
		parse("python3", code, "-c", "import ast, sys; ast.parse(sys.stdin.read())")
	}
}

func TestScriptIsTheCellsOwn(t *testing.T) {
	wedge := scenarios.Watchdog()
	text, err := Script(t.Context(), found(t, wedge.Family, "gunicorn", "27.0.1", nil), registry(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"(($#)) || set -- gunicorn==27.0.1;", "# Arguments are installed instead of gunicorn==27.0.1",
		`"$here/env"/bin/python -m x --bind 127.0.0.1:"$port" --root="$here/work"`,
		"def fault_wedge():\n", `== "/fault": fault_wedge()`,
		"for _ in range(60):", "percent_served(SECONDS, 100)", "RATE, SECONDS = int(sys.argv[1]), 100, 12 ",
		"20.0 % were; failed: nobody was served",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

// What must get its answer is counted; what need not is not.
func TestHonestRequestsCount(t *testing.T) {
	for _, f := range scenarios.All() {
		if f.Script.None != "" {
			continue
		}
		text, err := Script(t.Context(), found(t, f.Family, "gunicorn", "27.0.1", nil), registry(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(text, "right.count(True) < "); got != f.Traits.MustComplete {
			t.Errorf("%s: honest requests are counted: %v", f.ID, got)
		}
	}
}

func TestLoadIsThatOfTheAttempt(t *testing.T) {
	for _, c := range []struct {
		ratio                       bench.Ratio
		every                       time.Duration
		each, faults, least, before int
	}{
		{ratio: 1000, each: 100, faults: 12, least: 11, before: 3},
		{ratio: 500, each: 200, faults: 6, least: 5},
		{ratio: 100, each: 1000, faults: 2, least: 1},
		{ratio: 50_000, each: 2, faults: 600, least: 570},
		{every: 5 * time.Second, each: 500, faults: 3, least: 2},
		{every: bench.Once, each: 1<<31 - 1, faults: 1, least: 1},
	} {
		var got content
		got.load(bench.Head{Rate: 100, Ratio: c.ratio, Every: c.every, Aged: c.before, Phases: bench.Phases{Fault: 12 * time.Second}})
		if got.Rate != 100 || got.Seconds != 12 || got.Each != c.each || got.Faults != c.faults || got.Least != c.least || got.Before != c.before {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

func TestWhatNoScriptShows(t *testing.T) {
	wedge := scenarios.Watchdog().Family
	all := 100.0
	for name, c := range map[string]struct {
		server string
		change func(*bench.Cell, *bench.Record)
		want   string
	}{
		"invalid":                       {"gunicorn", func(c *bench.Cell, _ *bench.Record) { c.Verdict = bench.Invalid }, "no failure to show"},
		"unsupported":                   {"gunicorn", func(c *bench.Cell, _ *bench.Record) { c.Verdict = bench.Unsupported }, "no failure to show"},
		"another version of the family": {"gunicorn", func(c *bench.Cell, _ *bench.Record) { c.FamilyVer = 99 }, "version 99 of the family"},
		"everybody was served": {"gunicorn", func(c *bench.Cell, _ *bench.Record) {
			c.Attempts[0].H, c.Reasons = &all, []string{"survivors"}
		}, "did not fail for lost requests, and a script only counts answers: survivors"},
		"its own app":    {bench.ReferenceServer, nil, "brings its own app"},
		"no port":        {"gunicorn", func(_ *bench.Cell, r *bench.Record) { r.Head.Target.Command = []string{"serve"} }, "cannot tell the port"},
		"unknown server": {"guncorn", nil, `did you mean "gunicorn"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Script(t.Context(), found(t, wedge, c.server, "1.0", c.change), registry(t))
			var usage *bench.UsageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if _, err := Script(t.Context(), found(t, wedge, "gunicorn", "1.0", func(c *bench.Cell, _ *bench.Record) {
		c.Verdict, c.Attempts[0].H = bench.Held, &all
	}), registry(t)); err != nil {
		t.Errorf("a cell that held: %v", err)
	}
}
