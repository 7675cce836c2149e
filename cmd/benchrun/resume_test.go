package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/judge"
	"benchrun/internal/observe"
	"benchrun/internal/place"
	"benchrun/results"
	"benchrun/targets"
)

// A run that is killed in the middle of a cell and resumed has every cell once. Nothing that was
// measured is measured again or changed, and the judge agrees with all of it.
func TestMeasuredResumeOfAKilledRun(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	folder := killedAfter(t, 2, out, "-s", "reference", "-p", "no-respawn", "-c", "segfault-1pct,segfault-2pct", "--attempts", "2")
	before := contents(t, folder, results.RecordsDir)
	if len(before) != 2 {
		t.Fatalf("%d records of 2 attempts", len(before))
	}
	code, stdout, _ := resumes(t, folder)
	if left, err := filepath.Glob(filepath.Join(out, "*")); err != nil || len(left) != 1 {
		t.Errorf("folders %v, %v: a run that is resumed stays in its own", left, err)
	}
	run, err := results.ReadRun(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	want := bench.ExitOK // on a busy host, cells may be invalid
	var got []string
	for _, c := range run.Cells {
		got = append(got, c.Scenario)
		if len(c.Attempts) < 2 || !strings.Contains(stdout, c.Scenario) {
			t.Errorf("%s: %s after %d attempts, or not in the table", c.Name(), c.Verdict, len(c.Attempts))
		}
		if c.Verdict == bench.Invalid {
			want = bench.ExitUnmeasured
		}
	}
	if want := []string{"segfault-1pct", "segfault-2pct"}; !slices.Equal(got, want) {
		t.Errorf("cells %v, want %v", got, want)
	}
	if run.Interrupted || len(run.Resumed) != 1 || code != want {
		t.Errorf("interrupted %v, resumed %v, exit %d instead of %d", run.Interrupted, run.Resumed, code, want)
	}
	after := contents(t, folder, results.RecordsDir)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s is another than before", name)
		}
	}
	page := contents(t, folder, "")[results.ReportFile]
	for _, c := range run.Cells {
		if strings.Count(page, c.Scenario) < 2 { // once in the matrix and once with a story
			t.Errorf("report.html does not tell of %s", c.Name())
		}
	}
	judgedTheSame(t, folder)

	whole := contents(t, folder, "")
	if code, _, stderr := resumes(t, folder); code != want || !strings.Contains(stderr, "nothing to do") {
		t.Errorf("a finished run: exit %d, want %d: %s", code, want, stderr)
	}
	if code, _, stderr := resumes(t, folder, "--fail-on", "h >= 99.99%"); code == want {
		t.Errorf("a finished run under a rule that none can keep: exit %d: %s", code, stderr)
	}
	if again := contents(t, folder, ""); again[results.RunFile] != whole[results.RunFile] || again[results.CellsFile] != whole[results.CellsFile] {
		t.Error("a finished run was changed")
	}
}

// resumes continues a run to its end.
func resumes(t *testing.T, folder string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := benchrunCommand(ctx, t, append([]string{"--resume", folder}, args...)...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if failed := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(failed)
	}
	return cmd.ProcessState.ExitCode(), out.String(), err.String()
}

// contents are the files in a sub-folder of a run, by name.
func contents(t *testing.T, folder, sub string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(folder, sub))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, sub, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(text)
	}
	return out
}

// A dry run of a run that is resumed says what is left of it and how long that takes, and
// changes nothing. It refuses what --resume would refuse.
func TestDryRunOfAResumedRun(t *testing.T) {
	here, err := place.ForeseenOrigin(t.Context(), nil, "", bench.ModeQuick, benchrunVersion(), 0)
	if err != nil {
		t.Fatal(err)
	}
	run := bench.Run{Benchrun: benchrunVersion(), Mode: bench.ModeQuick, Seed: 1, Environment: here.Environment, Asked: &bench.Asked{Attempts: 2}}
	var cells []bench.Cell
	for _, scenario := range []string{"segfault-1pct", "segfault-2pct", "segfault-5pct"} {
		run.Asked.Cells = append(run.Asked.Cells, bench.AskedCell{Server: "reference", Profile: "no-respawn", Scenario: scenario, Installed: "1.0"})
		cells = append(cells, bench.Cell{Server: "reference", Version: "1.0", Profile: "no-respawn", Scenario: scenario, Family: "segfault", FamilyVer: 1, Seed: 1})
	}
	f, err := results.Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	for i, attempts := range []int{2, 1, 0} {
		for range attempts {
			storeAttempt(t, f, &cells[i])
		}
	}
	before := contents(t, f.Path(), "")
	code, stdout, stderr := resumes(t, f.Path(), "--dry-run")
	if code != bench.ExitOK || strings.Contains(stdout, "segfault-1pct") || !strings.Contains(stdout, "reference") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{`\n +2  segfault-2pct +about \d+s, attempt 2\n`, `\n +3  segfault-5pct +about \d+s\n`, `\n2 of 3 cells still to be measured, quick mode, seed 1: about \d+`} {
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if after := contents(t, f.Path(), ""); !maps.Equal(after, before) {
		t.Error("the folder was changed")
	}
	for i, attempts := range []int{0, 1, 2} {
		for range attempts {
			storeAttempt(t, f, &cells[i])
		}
	}
	run.Cells, run.FinishedAt = cells, "2026-11-21T12:00:00Z"
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := resumes(t, f.Path(), "-n"); code != bench.ExitOK || !strings.Contains(stdout, "nothing to do") {
		t.Errorf("of a finished run: exit %d\n%s%s", code, stdout, stderr)
	}
	run.Environment.Kernel = "2.6.32"
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	if stderr := ends(t, bench.ExitUsage, "--resume", f.Path(), "-n"); !strings.Contains(stderr, "started with kernel 2.6.32") {
		t.Error(stderr)
	}
}

// A run that cannot be continued is refused, and stays as it is.
func TestResumeRefuses(t *testing.T) {
	asked := &bench.Asked{Attempts: 1, Cells: []bench.AskedCell{{Server: "wsgiref", Profile: "default", Scenario: "wedge-1pct", Installed: "3.11.2"}}}
	here, err := observe.Host()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		run  bench.Run
		args []string
		say  string
	}{
		"selection":        {bench.Run{Benchrun: benchrunVersion(), Asked: asked}, []string{"-s", "wsgiref"}, "--resume and --server"},
		"mode":             {bench.Run{Benchrun: benchrunVersion(), Asked: asked}, []string{"--quick"}, "--resume and --quick"},
		"another benchrun": {bench.Run{Benchrun: "0.0.1", Asked: asked}, nil, "benchrun 0.0.1"},
		"another kernel": {bench.Run{Benchrun: benchrunVersion(), Asked: asked, Environment: func() bench.Environment {
			e := here
			e.Kernel = "2.6.32"
			return e
		}()}, nil, "started with kernel 2.6.32"},
		"another testbed": {bench.Run{Benchrun: benchrunVersion(), Asked: asked, Environment: bench.Environment{Testbed: "0123456789ab"}}, nil, "testbed 0123456789ab"},
		"nothing asked":   {bench.Run{Benchrun: benchrunVersion()}, nil, "cannot be resumed"},
		"another server":  {bench.Run{Benchrun: benchrunVersion(), Asked: &bench.Asked{Attempts: 1, Servers: map[string]string{"wsgiref": "0123"}}}, nil, "wsgiref.yaml has changed"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := results.Create(t.TempDir(), tt.run)
			if err != nil {
				t.Fatal(err)
			}
			before := contents(t, f.Path(), "")
			if stderr := ends(t, bench.ExitUsage, append([]string{"--resume", f.Path()}, tt.args...)...); !strings.Contains(stderr, tt.say) {
				t.Errorf("%q does not say %q", stderr, tt.say)
			}
			if after := contents(t, f.Path(), ""); after[results.RunFile] != before[results.RunFile] || len(after) != len(before) {
				t.Error("the folder was changed")
			}
		})
	}
}

// An incomplete run keeps no gate: cells that never began are unmeasured.
func TestJudgeOfHalfARun(t *testing.T) {
	f, err := results.Create(t.TempDir(), bench.Run{Mode: bench.ModeQuick, Asked: &bench.Asked{Attempts: 1, Cells: make([]bench.AskedCell, 2)}})
	if err != nil {
		t.Fatal(err)
	}
	cell := newCell()
	j := storeAttempt(t, f, &cell)
	whole := bench.Run{Mode: bench.ModeQuick, Asked: &bench.Asked{Attempts: 1, Cells: make([]bench.AskedCell, 1)}, Cells: []bench.Cell{cell}}
	judge.Conclude(&whole.Cells[0], []bench.Judgement{j})
	if stderr := ends(t, bench.ExitUnmeasured, "judge", f.Path(), "--strict"); !strings.Contains(stderr, "1 of the 2 selected cells") {
		t.Errorf("stderr: %s", stderr)
	}
	ends(t, bench.ExitOK, "judge", f.Path()) // judging again is not measuring
	if err := f.WriteRun(whole); err != nil {
		t.Fatal(err)
	}
	ends(t, bench.ExitOK, "judge", f.Path(), "--strict")
}

// A cell for which no time was left is invalid and says so, and --resume measures it.
func TestMeasuredMaxTime(t *testing.T) {
	t.Parallel()
	run, folder := measure(t, bench.ExitUnmeasured, "-s", "reference", "-p", "no-respawn", "-c", "segfault", "--max-time", "1s")
	if c := run.Cells[0]; c.Verdict != bench.Invalid || len(c.Attempts) != 0 || !strings.Contains(strings.Join(c.Reasons, " "), "not measured") {
		t.Errorf("%s after %d attempts: %q", c.Verdict, len(c.Attempts), c.Reasons)
	}
	judgedTheSame(t, folder)
	code, _, stderr := resumes(t, folder, "--max-time", "1s")
	if code != bench.ExitUnmeasured || !strings.Contains(stderr, "benchrun --resume "+folder) {
		t.Errorf("no time again: exit %d: %s", code, stderr)
	}
	resumes(t, folder)
	again, err := results.ReadRun(t.Context(), folder)
	if err != nil || len(again.Cells) != 1 || len(again.Cells[0].Attempts) == 0 || len(again.Resumed) != 2 {
		t.Errorf("%+v, %v", again, err)
	}
	judgedTheSame(t, folder)
}

// A run that cannot be continued here and now stays as it is, to the byte.
func TestResumeThatCannotBegin(t *testing.T) {
	_, folder := measure(t, bench.ExitUnmeasured, "-s", "gunicorn", "-p", "hardened", "-c", "segfault", "--max-time", "1s")
	before := contents(t, folder, "")
	t.Setenv(targets.CacheVariable, filepath.Join(folder, results.RunFile)) // not a folder
	if code, _, stderr := resumes(t, folder); code != bench.ExitEnvironment {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for name, text := range contents(t, folder, "") {
		if before[name] != text {
			t.Errorf("%s is another than before", name)
		}
	}
}

// A run that another benchrun is writing is not even read: the other one may be about to write
// its last record.
func TestResumeClaimsBeforeItReads(t *testing.T) {
	asked := &bench.Asked{Attempts: 1, Cells: make([]bench.AskedCell, 1)}
	f, release, err := results.Begin(t.TempDir(), bench.Run{Benchrun: benchrunVersion(), Asked: asked})
	if err != nil {
		t.Fatal(err)
	}
	writing := "another benchrun is writing this run"
	flags := func() (*settings, *pflag.FlagSet) {
		s, set := &settings{}, pflag.NewFlagSet("benchrun", pflag.ContinueOnError)
		addFlags(set, s)
		if err := set.Parse([]string{"--resume", f.Path()}); err != nil {
			t.Fatal(err)
		}
		return s, set
	}
	s, set := flags()
	if err := s.takeUp(t.Context(), set); err == nil || !strings.Contains(err.Error(), writing) || s.earlier != nil {
		t.Fatalf("taken up while it is written: %v", err)
	}
	cell := newCell()
	storeAttempt(t, f, &cell) // the other benchrun's last one
	release()
	s, set = flags()
	if err := s.takeUp(t.Context(), set); err != nil || len(s.earlier.Attempts) != 1 {
		t.Fatalf("after its end: %v", err)
	}
	defer s.earlier.Release()
	second, set := flags()
	if err := second.takeUp(t.Context(), set); err == nil || !strings.Contains(err.Error(), writing) {
		t.Errorf("two go on with one run: %v", err)
	}
}

// A run that is still going on is judged by what it has so far, and the output says so. Other
// commands refuse it.
func TestARunThatGoesOn(t *testing.T) {
	f, release, err := results.Begin(t.TempDir(), bench.Run{Mode: bench.ModeQuick, Asked: &bench.Asked{Attempts: 2, Cells: make([]bench.AskedCell, 2)}})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	cell := newCell()
	storeAttempt(t, f, &cell)
	run, notes, err := judgedAgain(t, f.Path())
	if err != nil || len(run.Cells) != 1 || run.Cells[0].Attempts[1].Note != "the run is in progress: this attempt has not ended" || !run.Interrupted {
		t.Fatalf("%+v, %v", run.Cells, err)
	}
	if said := strings.Join(notes, "\n"); !strings.Contains(said, "is writing this run") || strings.Contains(said, "--resume") {
		t.Error(said)
	}
	writing := "another benchrun is writing this run"
	stored := storedAs(t, bench.Broken)
	for _, args := range [][]string{
		{"merge", f.Path(), "--out", t.TempDir()},
		{"judge", stored, "--baseline", f.Path()},
		{"waivers", "update", f.Path(), "--file", filepath.Join(t.TempDir(), "w.yaml")},
	} {
		if stderr := ends(t, bench.ExitUsage, args...); !strings.Contains(stderr, writing) {
			t.Errorf("%v: %s", args, stderr)
		}
	}
	if stderr := ends(t, bench.ExitUnmeasured, "judge", f.Path(), "--fail-on", "verdict >= held"); !strings.Contains(stderr, writing) {
		t.Error(stderr)
	}
}

// A damaged attempt is measured again: its record and its line are moved aside, and nothing else
// is touched. If only an attempt's line is damaged, the attempt is taken from run.json.
func TestResumeOfADamagedRun(t *testing.T) {
	f, run := threeCells(t)
	record := run.Cells[1].Attempts[0].Record
	spoil(t, f.Join(record))
	text, err := os.ReadFile(f.Join(results.CellsFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Join(results.CellsFile), append([]byte("?"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := campaign.Resume(t.Context(), f.Path(), run.Benchrun)
	if err != nil || len(e.Damaged) != 2 || len(e.Attempts) != 2 || e.NothingToDo() {
		t.Fatalf("%+v, %v", e, err)
	}
	defer e.Release()
	if before, err := os.ReadFile(f.Join(results.CellsFile)); err != nil || string(before) != "?"+string(text) {
		t.Errorf("changed before anything is known to go on: %v", err)
	}
	if err := e.Repair(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines, torn, damaged, err := f.ReadAttempts(t.Context())
	if err != nil || torn != "" || len(damaged) != 0 || len(lines) != 2 || lines[0].Scenario != "wedge-5pct" || lines[1].Scenario != "wedge-1pct" {
		t.Errorf("%+v, %q, %v, %v", lines, torn, damaged, err)
	}
	for _, l := range lines {
		if l.Verdict != bench.Broken || len(l.Reasons) == 0 {
			t.Errorf("%s: %s %q", l.ID, l.Verdict, l.Reasons)
		}
	}
	left := contents(t, f.Path(), results.RecordsDir)
	if left[filepath.Base(record)+".damaged"] == "" || left[filepath.Base(record)] != "" || len(left) != 3 {
		t.Errorf("%d records", len(left))
	}
	if kept := contents(t, f.Path(), "")[results.CellsFile+".damaged"]; kept != "?"+string(text) {
		t.Errorf("kept %q", kept)
	}
}
