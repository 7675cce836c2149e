package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
)

// duels runs a duel and returns its answers and the run's folder.
func duels(t *testing.T, wantCode int, args ...string) (bench.Duel, string) {
	t.Helper()
	out := t.TempDir()
	cmd := benchrunCommand(t.Context(), t, append([]string{"duel", "--out", out, "--json", "-"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != wantCode {
		t.Fatalf("duel %v: exit %d, want %d\n%s\n%s", args, code, wantCode, stdout.String(), stderr.String())
	}
	var d bench.Duel
	if err := json.Unmarshal(stdout.Bytes(), &d); err != nil {
		t.Fatalf("stdout is no duel: %v\n%s", err, stdout.String())
	}
	return d, filepath.Join(out, d.Run)
}

// The answer of a duel is in its JUnit file and, in GitHub Actions, in annotations and the
// step's summary.
func TestDuelTellsCI(t *testing.T) {
	dir := t.TempDir()
	summary := filepath.Join(dir, "summary.md")
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	s := settings{out: dir, junitFile: filepath.Join(dir, "junit.xml")}
	cmd := newRootCommand()
	var stdout, stderr bytes.Buffer
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	side := bench.DuelSide{Server: "s", Version: "1", Profile: "p"}
	d := bench.Duel{A: side, B: side, Bouts: []bench.Bout{{Scenario: "wedge-1pct", Answer: "worse", Reasons: []string{"held, then failed"}}}}
	if err := s.outlets(cmd).Duel(bench.Run{ID: "r"}, d, dir, nil); err != nil {
		t.Fatal(err)
	}
	r := readJUnit(t, s.junitFile)
	if r.Tests != 1 || r.Failures != 1 || r.Cases[0].Class != "duel.s.p" || r.Cases[0].Name != "wedge-1pct" {
		t.Errorf("%+v", r)
	}
	if !strings.HasPrefix(stderr.String(), "::error title=duel s.p wedge-1pct::B is worse") || strings.Contains(stdout.String(), "::") {
		t.Errorf("stderr %q, stdout %q", stderr.String(), stdout.String())
	}
	if text, err := os.ReadFile(summary); err != nil || !strings.Contains(string(text), "| wedge-1pct | ✗ worse |") {
		t.Errorf("%v: %s", err, text)
	}
}

// A lost watchdog is worse; the same server twice is not.
func TestMeasuredDuel(t *testing.T) {
	t.Parallel()
	t.Run("worse", func(t *testing.T) {
		t.Parallel()
		d, folder := duels(t, bench.ExitCheckFailed, "reference/hardened", "reference/no-watchdog", "-c", "wedge")
		if len(d.Bouts) != 1 || d.Bouts[0].Answer != "worse" || len(d.Bouts[0].Pairs) < 2 || d.B.Profile != "no-watchdog" {
			t.Errorf("%+v", d)
		}
		if reasons := strings.Join(d.Bouts[0].Reasons, " "); !strings.Contains(reasons, "held") || !strings.Contains(reasons, "failed") {
			t.Errorf("reasons %q", reasons)
		}
		judgedAs(t, folder)
		stored, err := os.ReadFile(filepath.Join(folder, results.DuelFile))
		var again bench.Duel
		if err == nil {
			err = json.Unmarshal(stored, &again)
		}
		if err != nil || again.Run != d.Run || len(again.Bouts) != 1 {
			t.Errorf("duel.json: %v, %+v", err, again)
		}
	})
	t.Run("same", func(t *testing.T) {
		t.Parallel()
		d, folder := duels(t, bench.ExitOK, "reference/hardened", "reference/hardened", "-c", "segfault")
		if d.Bouts[0].Answer != "same" || d.A != d.B {
			t.Errorf("%+v", d)
		}
		judgedAs(t, folder)
	})
}

// judgedAs checks that judge can read the folder of a duel like that of any other run.
func judgedAs(t *testing.T, folder string) {
	t.Helper()
	run, notes, err := judgedAgain(t, folder)
	if err != nil || len(run.Cells) != 2 || len(notes) > 0 {
		t.Errorf("%d cells, %q, %v", len(run.Cells), notes, err)
	}
}

func TestDuelUsage(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"reference"}, "wants two targets"},
		{[]string{"reference", "gunicor"}, `did you mean "gunicorn"`},
		{[]string{"reference", "refer*"}, "is not one target"},
		{[]string{"reference/sound", "reference"}, `unknown profile "sound"`},
		{[]string{"reference", "reference@previous"}, "has no versions to choose from"},
		{[]string{"gunicorn", "gunicorn@path:/nowhere"}, "there is no /nowhere"},
		{[]string{"reference", "reference", "--pairs", "1"}, "--pairs 1 is not between"},
	} {
		if stderr := fails(t, bench.ExitUsage, append([]string{"duel"}, tt.args...)...); !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: %s", tt.args, stderr)
		}
	}
}

// A duel that ends in the middle of a pair keeps what it has measured: in run.json, in
// duel.json, and for judge.
func TestDuelThatIsEnded(t *testing.T) {
	t.Parallel() // measures nothing: A never becomes ready, and B is ended
	server := writeServer(t, "stillborn", `["{python}", "-c", "raise SystemExit(1)", "{port}", "{args}"]`)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	out := t.TempDir()
	tmp := shortTempDir(t)
	cmd := benchrunCommand(ctx, t, "duel", "stillborn/default", "reference/default", "--server-file", server, "-c", "segfault", "--out", out)
	cmd.Env = append(cmd.Env, "TMPDIR="+tmp)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var folder string
	for folder == "" {
		files, err := filepath.Glob(filepath.Join(out, "*", results.CellsFile))
		if err != nil || ctx.Err() != nil {
			t.Fatalf("no attempt was made: %v", err)
		}
		if len(files) == 1 {
			folder = filepath.Dir(files[0])
		}
		time.Sleep(20 * time.Millisecond)
	}
	untilUnderWay(t, tmp) // B
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != bench.ExitTerminated {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), stderr.String())
	}
	run, err := results.ReadRun(t.Context(), folder)
	if err != nil || len(run.Cells) != 2 || !run.Interrupted {
		t.Fatalf("%+v, %v", run.Cells, err)
	}
	a, b := run.Cells[0], run.Cells[1] // nothing has confirmed the verdict of A's attempt
	if len(a.Attempts) == 0 || a.Attempts[0].Record == "" || a.Verdict != bench.Invalid || b.Verdict != bench.Invalid || len(b.Attempts) != 1 || b.Attempts[0].Note == "" {
		t.Errorf("A %s: %+v; B %s: %+v", a.Verdict, a.Attempts, b.Verdict, b.Attempts)
	}
	var d bench.Duel
	text, err := os.ReadFile(filepath.Join(folder, results.DuelFile))
	if err == nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil || len(d.Bouts) != 1 || d.Bouts[0].Answer != "invalid" || !strings.Contains(strings.Join(d.Bouts[0].Reasons, " "), "it ended early") {
		t.Errorf("duel.json: %v, %+v", err, d.Bouts)
	}
	if !strings.Contains(stdout.String(), a.Verdict.String()) { // the table shows A's side
		t.Error(stdout.String())
	}
	judgedAs(t, folder)
}
