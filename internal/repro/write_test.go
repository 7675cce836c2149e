package repro

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
	"benchrun/scenarios"
	"benchrun/targets"
)

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
		Group: family.Group, Traits: family.Traits, Ratio: s.Ratio, Every: family.Cadence.Every, Surge: family.Cadence.Surge, Mode: bench.ModeQuick,
		Rate: 100, Phases: bench.PhasesFor(bench.ModeQuick, family.Traits.OwnHold(), 0), Aged: aged,
		Target: bench.Target{Server: server, Version: version, Profile: "default", Command: []string{"{env}/bin/python", "-m", "x", "--bind", "127.0.0.1:21234", "--root={work}/it's", "app:application"}},
	}}
	if family.Needs.FreeFiles > 0 {
		rec.Head.Limits.NoFile = 80
	}
	if len(family.Mix) > 0 {
		for _, p := range s.Parts() {
			rec.Head.Parts = append(rec.Head.Parts, bench.Part{Family: p.Family.ID, FamilyVer: p.Family.Version, Ratio: p.Ratio, Traits: p.Family.Traits})
		}
	}
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
	reg, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

var loaded = sync.OnceValues(func() (*targets.Registry, error) { return targets.Load(targets.LoadOptions{}) })

// failing is a reason for which a cell of a family fails, as the judge begins it.
func failing(t bench.Traits) string {
	switch {
	case t.Fills:
		return bench.NotBack
	case t.Expects == bench.ExpectsEnd:
		return bench.NotStopped + ": 2 victims"
	case t.Expects == bench.ExpectsTakeover:
		return bench.NotTakenOver
	}
	return "nobody"
}

var runsBenchrun = regexp.MustCompile(`(^|[ ;(/])benchrun[ /]`)

// Each family has a script, or says why not. The script is short, bash and Python can read
// it, and nothing that a run contains can run in it.
func TestEachFamilyHasAScriptOrSaysWhyNot(t *testing.T) {
	var shown strings.Builder
	shared := map[string]bool{}
	small, ok := scenarios.ByID("mix_wedge-1pct_segfault-0.5pct")
	if !ok {
		t.Fatal("no such mix")
	}
	for _, f := range append(scenarios.All(), small) {
		t.Run(f.ID, func(t *testing.T) {
			text, err := Script(t.Context(), found(t, f.Family, "gunicorn", "27.0.1", func(c *bench.Cell, _ *bench.Record) {
				c.Reasons[0] = failing(f.Traits) + ": " + c.Reasons[0]
			}), registry(t))
			if none := f.Script.None; none != "" {
				var usage *bench.UsageError
				if !errors.As(err, &usage) || !strings.Contains(usage.Problem, none) || !strings.Contains(usage.Hint, "benchrun --server gunicorn") {
					t.Errorf("%v, want %q and what to do instead", err, none)
				}
				fmt.Fprintf(&shown, "=== %s: none: %s\n", f.ID, none)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(text, "\n"); n > mostLines {
				t.Errorf("%d lines, more than %d:\n%s", n, mostLines, text)
			}
			for _, says := range []string{"# Gunicorn 27.0.1 (default): ", "\n# Fault: ", "\n# Expected: ", "\n# Actual: ", "\n# Exit code: 1 = ", "gunicorn==27.0.1;"} {
				if !strings.Contains(text, says) {
					t.Errorf("it does not say %q", says)
				}
			}
			fmt.Fprintf(&shown, "=== %s\n", f.ID)
			for line := range strings.Lines(text) {
				if strings.Contains(line, "touch /tmp/x") && !strings.HasPrefix(line, "# ") {
					t.Errorf("a reason stands outside of a comment: %s", line)
				}
				if runsBenchrun.MatchString(line) && !strings.HasPrefix(line, "# ") {
					t.Errorf("it needs benchrun: %s", line)
				}
				if !shared[line] {
					shown.WriteString(line)
				}
			}
			if len(shared) == 0 {
				for line := range strings.Lines(text) {
					shared[line] = true
				}
			}
			readable(t, text)
		})
	}
	golden(t, "scripts.txt", shown.String())
}

// Whatever a cell failed for besides lost victims, its script looks at that, and is short.
func TestScriptLooksAtWhatTheCellFailedFor(t *testing.T) {
	for _, f := range scenarios.All() {
		for _, e := range expectations {
			if e.reason == "" || e.Says == "" || f.Script.None != "" || !e.of(f.Traits) || e.kinds && f.Script.Kinds == 0 {
				continue
			}
			word := "of it"
			if e.word != nil {
				word, _, _ = strings.Cut(e.word.String(), "|")
			}
			t.Run(f.ID+" "+e.reason+" "+word, func(t *testing.T) {
				text, err := Script(t.Context(), found(t, f.Family, "gunicorn", "27.0.1", func(c *bench.Cell, r *bench.Record) {
					c.Attempts[0].H, c.Reasons = new(float64), []string{e.reason + ": 2 " + word}
					r.Head.Target.Claims, r.Head.Target.Workers = bench.Claims{Grace: 30}, 8
				}), registry(t))
				if err != nil {
					t.Fatal(err)
				}
				says := slices.MaxFunc(regexp.MustCompile(`\{\w+\}`).Split(e.Says, -1), func(a, b string) int { return len(a) - len(b) })
				if !strings.Contains(text, says) {
					t.Errorf("it does not expect %q:\n%s", says, text)
				}
				if f.Traits.CutOff && !strings.Contains(text, "held.clear()") && strings.Contains(text, "held.append") && e.reason != "" && e.reason != bench.BusyWhenFull {
					t.Errorf("the clients of the fault do not leave:\n%s", text)
				}
				readable(t, text)
			})
		}
	}
}

// A mix of any two families but garbage fits into a script. What does not fit is refused, with the
// names of the families: no fault of a mix is left out.
func TestMixesFitOrAreRefused(t *testing.T) {
	reg := registry(t)
	script := func(ids ...string) (string, error) {
		f, ok := scenarios.ByID(scenarios.MixPrefix + strings.Join(ids, "-1pct_") + "-1pct")
		if !ok { // only one of a mix may leave something behind
			return "", nil
		}
		return Script(t.Context(), found(t, f.Family, "gunicorn", "27.0.1", nil), reg)
	}
	size := map[string]int{}
	for _, id := range scenarios.Mixable() {
		if id == "garbage" {
			continue
		}
		f, _ := scenarios.ByID(id)
		text, err := Script(t.Context(), found(t, f.Family, "gunicorn", "27.0.1", nil), reg)
		if err != nil {
			t.Fatal(err)
		}
		size[id] = strings.Count(text, "\n")*1000 + len(text)
	}
	longest := slices.SortedFunc(maps.Keys(size), func(a, b string) int { return size[b] - size[a] })[:8]
	for i, a := range longest {
		for _, b := range longest[:i] {
			text, err := script(a, b)
			if text == "" {
				if err != nil {
					t.Errorf("%s and %s: %v", a, b, err)
				}
				continue
			}
			if !strings.Contains(text, `== "/`+a+`"`) && !strings.Contains(text, "def "+strings.ReplaceAll(a, "-", "_")+"()") {
				t.Errorf("%s and %s: the first is left out:\n%s", a, b, text)
			}
			if b == longest[0] {
				readable(t, text)
			}
		}
	}
	_, err := script("wedge-midstream", "exception", "fragmented", "garbage", "pipelining", "leak")
	var usage *bench.UsageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), "lines, more than the 79") || !strings.Contains(err.Error(), "alone have scripts of their own") || !strings.Contains(err.Error(), "cells of wedge-midstream, exception, ") {
		t.Errorf("a large mix: %v", err)
	}
}

var update = flag.Bool("update", false, "write the golden files")

// golden compares a text with the one that people have read.
func golden(t *testing.T, name, text string) {
	t.Helper()
	at := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s is not what the scripts are; read what changes: go test ./internal/repro -run EachFamily -update && git diff", at)
	}
}

// readable has bash and Python parse a script.
func readable(t *testing.T, text string) {
	t.Helper()
	bash := exec.Command("bash", "-n")
	bash.Stdin = strings.NewReader(text)
	if out, err := bash.CombinedOutput(); err != nil {
		t.Errorf("bash: %v: %s\n%s", err, out, text)
	}
	documents := strings.Split(text, "<<'END'")
	if len(documents) != 3 {
		t.Fatalf("%d here-documents, want 2:\n%s", len(documents)-1, text)
	}
	for _, d := range documents[1:] {
		_, d, _ = strings.Cut(d, "\n")
		code, _, _ := strings.Cut(d, "\nEND\n")
		if wrong := parsedByPython(t, code); wrong != "" {
			t.Errorf("python3: %s\n%s", wrong, code)
		}
	}
}

// python is one process that parses all scripts, because its start takes longer than that:
// from a line of JSON to a line that is empty or says what is wrong.
var python = sync.OnceValues(func() (conn struct {
	io.Writer
	*bufio.Reader
}, err error) {
	cmd := exec.Command("python3", "-c", `import json, sys
for line in sys.stdin:
    try: print(compile(json.loads(line), "script", "exec") and "", flush=True)
    except SyntaxError as wrong: print(wrong, flush=True)`)
	in, err1 := cmd.StdinPipe() // it ends with the tests
	out, err2 := cmd.StdoutPipe()
	conn.Writer, conn.Reader = in, bufio.NewReader(out)
	return conn, errors.Join(err1, err2, cmd.Start())
})

// parsedByPython says what is wrong with a script; "" = nothing.
func parsedByPython(t *testing.T, code string) string {
	t.Helper()
	with, err := python()
	if err == nil {
		err = json.NewEncoder(with).Encode(code)
	}
	said := ""
	if err == nil {
		said, err = with.ReadString('\n')
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(said)
}

func TestPythonTellsWhatIsWrong(t *testing.T) {
	for code, wrong := range map[string]bool{"a = 1\n": false, "a = \n": true, "for x in y: z\n": false} {
		if said := parsedByPython(t, code); (said != "") != wrong {
			t.Errorf("%q: %q", code, said)
		}
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
		"for _ in range(60): start(misbehave)", "unserved(SECONDS, [(100, 50, misbehave)])", "RATE, SECONDS = int(sys.argv[1]), 100, 12 ",
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
		if f.Script.None != "" || len(f.Mix) > 0 {
			continue
		}
		text, err := Script(t.Context(), found(t, f.Family, "gunicorn", "27.0.1", func(c *bench.Cell, _ *bench.Record) {
			c.Verdict, c.Reasons = bench.Held, nil
		}), registry(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(text, "right.count(True) >= "); got != f.Traits.MustComplete {
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
		{every: bench.Once, each: 1200, faults: 1, least: 1},
	} {
		var got content
		got.load(bench.Head{Traits: bench.Traits{MustComplete: true}, Rate: 100, Ratio: c.ratio, Every: c.every, Aged: c.before, Phases: bench.Phases{Fault: 12 * time.Second}})
		f := got.Faults[0]
		if got.Rate != 100 || got.Seconds != 12 || f.Each != c.each || f.count != c.faults || got.honest != c.faults || got.Least != c.least || f.Aged != c.before {
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
		}, "a script does not look at what it failed for: survivors"},
		"its own app":    {bench.ReferenceServer, nil, "brings its own app"},
		"another kind":   {"daphne", nil, "only servers of WSGI apps have scripts, and the server serves another kind (asgi); "},
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

// A script installs the release that was measured, also if a range was asked for, and the
// server calls it by another name.
func TestScriptHasTheReleaseOfARange(t *testing.T) {
	server, err := registry(t).Lookup("gunicorn")
	if err != nil {
		t.Fatal(err)
	}
	f, _ := scenarios.ByID("wedge")
	cell := found(t, f.Family, "gunicorn", "27.0.1", nil)
	cell.Cell.Source = &bench.Source{Version: ">=27", Resolved: "27.0.1.post1"}
	if got := versionOf(cell, server); got != "27.0.1.post1" {
		t.Errorf("installs %s", got)
	}
}
