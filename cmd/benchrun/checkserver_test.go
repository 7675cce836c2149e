package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

// checkServer runs check-server and returns the verdict and the observation of each check.
func checkServer(t *testing.T, code int, args ...string) (verdicts map[string]string, out string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := benchrunCommand(ctx, t, append([]string{"check-server"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("check-server %v: exit %d, want %d\n%s%s", args, got, code, stdout.String(), stderr.String())
	}
	verdicts = map[string]string{}
	row := regexp.MustCompile(`^  (ok|failed|differs|unmeasured) +(.*?)  `)
	for line := range strings.Lines(stdout.String()) {
		if m := row.FindStringSubmatch(line); m != nil {
			verdicts[m[2]] = m[1]
		}
	}
	return verdicts, stdout.String()
}

func wantChecks(t *testing.T, got map[string]string, out string, want map[string]string) {
	t.Helper()
	for check, verdict := range want {
		if got[check] != verdict {
			t.Errorf("%s is %q, want %s\n%s", check, got[check], verdict, out)
		}
	}
}

// soundChecks are the checks that the reference server must pass.
var soundChecks = []string{"boot", "/ping", "/victim, nonce of 1", "/victim, nonce of 64", "/sleep", "/sleep receipts", "/upload",
	"/upload, large", "/download", "anything else", "stop (SIGTERM)", "receipts file", "/stream", "reload (SIGHUP)", "requests at the reload",
	"slots", "watchdog"}

// A sound server passes. It is checked alone: spinning requests of others would make its
// watchdog end the computing ones.
func TestCheckServerPasses(t *testing.T) {
	got, out := checkServer(t, bench.ExitOK, "reference", "--profile", "hardened")
	checks := slices.Clone(soundChecks)
	for _, f := range scenarios.All() {
		if f.Traits.Receipt != "" && len(f.Needs.Host) == 0 { // check-server has no database beside the app, and no cap for it
			checks = append(checks, "/fault/"+f.Traits.Receipt)
		}
	}
	for _, check := range checks {
		if got[check] != "ok" {
			t.Errorf("%s is %q\n%s", check, got[check], out)
		}
	}
	plan, err := benchrunCommand(t.Context(), t, "check-server", "reference", "--profile", "hardened", "--dry-run").Output()
	_, planned, _ := strings.Cut(string(plan), "  checks   ")
	planned, _, _ = strings.Cut(planned, "\n")
	for _, check := range strings.Split(planned, "; ") { // "stop" is printed as "stop (SIGTERM)"
		if err != nil || check == "" || !slices.ContainsFunc(checks, func(made string) bool { return strings.HasPrefix(made, check) }) {
			t.Errorf("--dry-run tells of %q, which is not checked: %v", check, err)
		}
	}
	if n := strings.Count(planned, "; "); n < len(checks)-6 { // some checks find two things
		t.Errorf("--dry-run tells of %d checks: %s", n, planned)
	}
}

// What a server does against the contract is found.
func TestCheckServerFinds(t *testing.T) {
	t.Parallel()
	t.Run("does not stop", func(t *testing.T) {
		t.Parallel()
		got, out := checkServer(t, bench.ExitCheckFailed, "reference", "--profile", "ignores-sigterm")
		wantChecks(t, got, out, map[string]string{"stop (SIGTERM)": "failed", "/ping": "ok", "watchdog": "ok"})
	})
	t.Run("does not reload", func(t *testing.T) {
		t.Parallel()
		got, out := checkServer(t, bench.ExitCheckFailed, referenceFile(t, "[--workers, 2, --watchdog, 2s]", "{slots: 2, watchdog_s: 2}", "reload: {signal: USR1}"))
		wantChecks(t, got, out, map[string]string{"reload (SIGUSR1)": "failed", "requests at the reload": "ok", "watchdog": "ok"})
		if !strings.Contains(out, "still there after 10 s: pids [") {
			t.Errorf("who was not replaced is not told:\n%s", out)
		}
	})
	// A server that ends requests early is reported but passes, unless it answers wrongly.
	t.Run("hasty", func(t *testing.T) {
		t.Parallel()
		got, out := checkServer(t, bench.ExitOK, referenceFile(t, "[--workers, 2, --watchdog, 2s, --flaw, kills-honest, --flaw, drops-on-reload]",
			"{slots: 2, watchdog_s: 2, grace_s: 4}", "reload: {signal: HUP}"))
		wantChecks(t, got, out, map[string]string{"/fault/legit-slow": "differs", "reload (SIGHUP)": "ok", "requests at the reload": "differs", "/fault/big-response": "ok"})
		if !strings.Contains(out, "lost; the last one: status 502") {
			t.Errorf("what was lost is not told:\n%s", out)
		}
	})
	t.Run("cuts bodies", func(t *testing.T) {
		t.Parallel()
		got, out := checkServer(t, bench.ExitCheckFailed, referenceFile(t, "[--workers, 2, --watchdog, 2s, --flaw, truncates-responses, --flaw, truncates-uploads]",
			"{slots: 2, watchdog_s: 2, grace_s: 4}", "reload: {signal: \"\"}"))
		wantChecks(t, got, out, map[string]string{"/upload": "ok", "/upload, large": "failed", "/download": "failed", "/fault/big-response": "failed", "reload": "ok"})
	})
	// A wrong claim is reported but passes. A claim that could not be tested does not pass.
	t.Run("claims", func(t *testing.T) {
		t.Parallel()
		got, out := checkServer(t, bench.ExitOK, referenceFile(t, "[--workers, 2, --watchdog, 2s]", "{slots: 7, watchdog_s: 30, grace_s: 4}", ""))
		wantChecks(t, got, out, map[string]string{"slots": "differs", "watchdog": "differs", "boot": "ok"})
	})
	t.Run("impatient", func(t *testing.T) {
		t.Parallel()
		file := referenceFile(t, "[--workers, 2, --watchdog, 2s, --flaw, no-watchdog]", "{slots: 2, watchdog_s: 30, grace_s: 4}", "")
		got, out := checkServer(t, bench.ExitUnmeasured, file, "--patience", "5s")
		wantChecks(t, got, out, map[string]string{"slots": "ok", "watchdog": "unmeasured"})
		if !strings.Contains(out, "--patience 47s") {
			t.Errorf("the patience that would tell is not named:\n%s", out)
		}
	})
	// A server that answers, but not what the contract requires.
	t.Run("wrong answers", func(t *testing.T) {
		t.Parallel()
		got, out := checkServer(t, bench.ExitCheckFailed, writeServer(t, "liar", `["{python}", "-c", "`+strings.ReplaceAll(liar, "\n", `\n`)+`", "{host}", "{port}", "{args}"]`))
		wantChecks(t, got, out, map[string]string{
			"boot": "ok", "/ping": "failed", "/victim, nonce of 1": "failed", "/sleep": "failed", "/sleep receipts": "failed",
			"/upload": "failed", "/upload, large": "failed", "/download": "failed", "reload": "ok", "anything else": "failed", "/fault/wedge": "failed", "slots": "unmeasured",
		})
	})
	t.Run("never boots", func(t *testing.T) {
		t.Parallel()
		got, out := checkServer(t, bench.ExitCheckFailed, writeServer(t, "dies",
			`["{python}", "-c", "import sys; sys.exit('no licence found')", "{port}", "{args}"]`))
		wantChecks(t, got, out, map[string]string{"boot": "failed"})
		if len(got) != 1 || !strings.Contains(out, "no licence found") {
			t.Errorf("what it said is not told, or more was checked:\n%s", out)
		}
	})
}

// Ctrl-C ends the check at once, and nothing is left.
func TestCheckServerInterrupted(t *testing.T) {
	temp := t.TempDir()
	if err := os.Chmod(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(temp), 0o755); err != nil { // other users must not enter
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := benchrunCommand(ctx, t, "check-server", "reference", "--profile", "no-watchdog")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stderr.Read(make([]byte, 100)); err != nil { // "checking …": the target is starting
		t.Error(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stderr)
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != bench.ExitInterrupted {
		t.Errorf("exit %d, want %d", got, bench.ExitInterrupted)
	}
	for _, pattern := range []string{"benchrun-check-*", "benchrun-[0-9]*/*"} {
		left, err := filepath.Glob(filepath.Join(temp, pattern))
		if err != nil || len(left) > 1 || len(left) == 1 && filepath.Base(left[0]) != "lock" {
			t.Errorf("left: %v, %v", left, err)
		}
	}
}

// liar answers 200 to every request, always with the same body. That is enough to count as
// ready.
const liar = `import json, sys; from http.server import *
class H(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({'token': json.load(open('attempt.json'))['token'], 'pid': 7}).encode()
        self.send_response(200); self.send_header('X-Benchrun-Pid', '7'); self.send_header('Content-Length', str(len(body)))
        self.end_headers(); self.wfile.write(body)
    do_POST = do_GET
ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), H).serve_forever()`

// referenceFile is a server file of the reference server with other claims and an
// additional line.
func referenceFile(t *testing.T, args, claims, line string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "claims.yaml")
	text := fmt.Sprintf(`schema: benchrun.server/v1
name: claims
title: the reference server under another name
app: builtin
command: ["{benchrun}", __reference, --bind, "{host}:{port}", --app, "{app}", "{args}"]
%s
profiles:
  default:
    why: for a test
    args: %s
    workers: 2
    claims: %s
`, line, args, claims)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// everyServer is for changes to a server file; it takes an hour and a half.
var everyServer = flag.Bool("every-server", false, "check every built-in server in every profile that has a meaning of its own")

// Every built-in server does what the contract requires.
func TestCheckEveryServer(t *testing.T) {
	if !*everyServer {
		t.Skip("an hour and a half; -every-server checks them all")
	}
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range reg.Names() {
		t.Run(name, func(t *testing.T) { ends(t, bench.ExitOK, "check-server", name) })
	}
}
