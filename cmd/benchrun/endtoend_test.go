package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// asMain makes the test binary behave as benchrun.
const asMain = "BENCHRUN_TEST_AS_MAIN"

// benchrunCommand is benchrun, from the test binary.
func benchrunCommand(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), asMain+"=1", "GITHUB_ACTIONS=") // what the tests print must not become annotations of their own CI
	return cmd
}

// measure runs benchrun and returns the run and its folder. Verdicts are not confirmed unless
// args ask for it, because most cells here should fail.
func measure(t *testing.T, wantCode int, args ...string) (bench.Run, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	out := t.TempDir()
	cmd := benchrunCommand(ctx, t, slices.Concat([]string{"--attempts", "1"}, args, []string{"--out", out, "--json", "-"})...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != wantCode {
		t.Fatalf("benchrun %v: exit %d, want %d\n%s", args, code, wantCode, stderr.String())
	}
	var run bench.Run
	if err := json.Unmarshal(stdout.Bytes(), &run); err != nil {
		t.Fatalf("stdout is no run: %v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	folder := filepath.Join(out, run.ID)
	page, err := os.ReadFile(filepath.Join(folder, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range run.Cells {
		if !strings.Contains(string(page), c.Scenario) || !strings.Contains(string(page), c.Server) {
			t.Errorf("report.html does not tell of %s", c.Name())
		}
	}
	return run, folder
}

func cellOf(t *testing.T, run bench.Run, name string) bench.Cell {
	t.Helper()
	i := slices.IndexFunc(run.Cells, func(c bench.Cell) bool { return c.Name() == name })
	if i < 0 {
		t.Fatalf("no cell %s in the run", name)
	}
	return run.Cells[i]
}

// wantVerdicts compares the verdicts of cells with the known ones.
func wantVerdicts(t *testing.T, run bench.Run, want map[string]bench.Verdict) {
	t.Helper()
	if len(run.Cells) != len(want) {
		t.Errorf("%d cells, want %d", len(run.Cells), len(want))
	}
	for name, verdict := range want {
		if c := cellOf(t, run, name); c.Verdict != verdict {
			t.Errorf("%s: %s, want %s: %s", name, c.Verdict, verdict, strings.Join(c.Reasons, "; "))
		}
	}
}

// judgedTheSame judges the records again and compares the verdicts.
func judgedTheSame(t *testing.T, folder string) {
	t.Helper()
	cmd := benchrunCommand(t.Context(), t, "judge", folder, "--json", "-")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("judge: %v: %s", err, stderr.String())
	}
	if strings.Contains(stderr.String(), "differs") {
		t.Errorf("judge differs from the run:\n%s", stderr.String())
	}
	stored, err := os.ReadFile(filepath.Join(folder, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, stdout.Bytes()) {
		t.Error("judge gives another run.json than the run did")
	}
}

// Every server can be installed. Tests that measure find them installed.
func TestServersAreInstalled(t *testing.T) {
	t.Parallel() // measures nothing: no cell fits into the time limit
	servers := []string{"gunicorn", "mod_wsgi", "waitress", "wsgiref", "uwsgi", "granian"}
	run, _ := measure(t, bench.ExitUnmeasured, "-s", strings.Join(servers, ","), "-p", "default", "-c", "segfault", "--max-time", "1s")
	if len(run.Cells) != len(servers) {
		t.Errorf("%d cells of %d servers", len(run.Cells), len(servers))
	}
	for _, c := range run.Cells {
		if c.Version == "" || c.Verdict != bench.Invalid || len(c.Attempts) != 0 {
			t.Errorf("%s: version %q, %s after %d attempts", c.Name(), c.Version, c.Verdict, len(c.Attempts))
		}
	}
}

// Verdicts on real servers that a different client has also reached: a Python script that
// made a hundred fresh connections a second, beside one fault a second, for fifteen seconds.
func TestMeasuredServers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args  []string
		want  map[string]bench.Verdict
		check func(t *testing.T, run bench.Run)
	}{
		{
			args: []string{"-s", "gunicorn,mod_wsgi", "-c", "wedge-1pct"},
			want: map[string]bench.Verdict{
				"gunicorn/default/wedge-1pct":  bench.Failed,
				"gunicorn/hardened/wedge-1pct": bench.Held,
				"mod_wsgi/default/wedge-1pct":  bench.Failed,
				"mod_wsgi/hardened/wedge-1pct": bench.Held,
			},
			check: func(t *testing.T, run bench.Run) {
				measures := cellOf(t, run, "gunicorn/hardened/wedge-1pct").Measures
				for name, want := range map[string]float64{"slots": 8, "reclaimed": 100} {
					if got := measures[name].Value; got == nil {
						t.Errorf("no %s, want %v", name, want)
					} else if *got != want {
						t.Errorf("%s: %v, want %v", name, *got, want)
					}
				}
			},
		},
		{
			args: []string{"-s", "waitress,wsgiref", "-p", "default", "-c", "segfault,slow-upload"},
			want: map[string]bench.Verdict{
				"waitress/default/segfault-1pct":    bench.Failed,
				"waitress/default/slow-upload-1pct": bench.Held,
				"wsgiref/default/segfault-1pct":     bench.Failed,
				"wsgiref/default/slow-upload-1pct":  bench.Failed,
			},
		},
		{
			args: []string{"-s", "uwsgi,granian", "-p", "default", "-c", "segfault"},
			want: map[string]bench.Verdict{
				"uwsgi/default/segfault-1pct":   bench.Failed,
				"granian/default/segfault-1pct": bench.Failed,
			},
		},
	} {
		t.Run(tt.args[1], func(t *testing.T) {
			t.Parallel()
			run, folder := measure(t, 0, tt.args...)
			wantVerdicts(t, run, tt.want)
			judgedTheSame(t, folder)
			if tt.check != nil {
				tt.check(t, run)
			}
		})
	}
}

// A server that never becomes ready is broken, with a reason; that is not an error.
func TestNeverBoots(t *testing.T) {
	run, folder := measure(t, 0, "--server-file", writeServer(t, "dies",
		`["{python}", "-c", "import sys; sys.exit('no licence found')", "{port}", "{args}"]`), "-c", "wedge")
	c := run.Cells[0]
	if c.Verdict != bench.Broken || !strings.Contains(strings.Join(c.Reasons, " "), "no licence found") {
		t.Errorf("%s: %q", c.Verdict, c.Reasons)
	}
	judgedTheSame(t, folder)
}

// A target that answers with another token is broken. That is not an error of benchrun's, and
// the server is not blamed for ending when benchrun ends it.
func TestWrongToken(t *testing.T) {
	const liar = `
import sys
from wsgiref.simple_server import make_server
def application(environ, start):
    start("200 OK", [("Content-Type", "application/json")])
    return [b'{"token": "nobodys", "pid": 1, "tid": 1}']
make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
`
	run, folder := measure(t, 0, "--server-file",
		writeServer(t, "liar", fmt.Sprintf(`["{python}", "-c", %q, "{port}", "{args}"]`, liar)), "-c", "segfault")
	c := run.Cells[0]
	reasons := strings.Join(c.Reasons, " ")
	if c.Verdict != bench.Broken || !strings.Contains(reasons, "wrong token") || strings.Contains(reasons, "SIGKILL") {
		t.Errorf("%s: %q", c.Verdict, c.Reasons)
	}
	judgedTheSame(t, folder)
}

func TestCommandNotFound(t *testing.T) {
	stderr := fails(t, bench.ExitEnvironment, "--server-file", writeServer(t, "absent",
		`["/nowhere/to-be-found", "{python}", "{port}", "{args}"]`), "-c", "wedge")
	if !strings.Contains(stderr, "/nowhere/to-be-found") {
		t.Errorf("the command is not named: %s", stderr)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel() // measures nothing
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	stderr := fails(t, bench.ExitEnvironment, "-s", "wsgiref", "-p", "default", "-c", "segfault", "--port", port)
	if !strings.Contains(stderr, "port "+port+" is taken") {
		t.Errorf("stderr: %s", stderr)
	}
}

// A release that the index lacks is a wrong name. A release that cannot be built is a failed
// installation.
func TestInstallFails(t *testing.T) {
	t.Parallel() // measures nothing
	stderr := fails(t, bench.ExitUsage, "-s", "waitress@0.0.0.99", "-p", "default", "-c", "segfault")
	if !strings.Contains(stderr, "waitress") || !strings.Contains(stderr, "0.0.0.99") {
		t.Errorf("stderr: %s", stderr)
	}
	checkout := t.TempDir()
	for name, text := range map[string]string{"setup.py": "raise SystemExit('there is no building this')\n", "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'nowhere'\n"} {
		if err := os.WriteFile(filepath.Join(checkout, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if stderr := fails(t, bench.ExitEnvironment, "-s", "waitress@path:"+checkout, "-p", "default", "-c", "segfault"); !strings.Contains(stderr, "nowhere") {
		t.Errorf("stderr: %s", stderr)
	}
}

// fails runs benchrun with a folder for its results, checks the exit code and returns
// stderr.
func fails(t *testing.T, code int, args ...string) string {
	t.Helper()
	return ends(t, code, append(args, "--out", t.TempDir())...)
}

// ends runs benchrun, checks the exit code and returns stderr.
func ends(t *testing.T, code int, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := benchrunCommand(ctx, t, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("benchrun %v: exit %d, want %d", args, got, code)
	}
	return stderr.String()
}

func writeServer(t *testing.T, name, command string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".yaml")
	text := fmt.Sprintf(`schema: benchrun.server/v1
name: %s
title: a server for a test
homepage: https://example.org
app: wsgi
version: ""
version_command: ["{python}", "--version"]
command: %s
stop: {signal: TERM}
profiles:
  default:
    why: for a test
    args: []
    workers: 1
    claims: {}
sources: ["https://example.org"]
`, name, command)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
