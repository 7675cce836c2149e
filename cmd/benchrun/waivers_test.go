package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
)

// After update and written reasons, the run passes. The file keeps its permissions and
// everything that a person wrote into it.
func TestWaiversUpdate(t *testing.T) {
	run := brokenRun(t)
	file := filepath.Join(t.TempDir(), "w.yaml")
	update := func(code int, args ...string) (stdout, stderr, text string) {
		t.Helper()
		cmd := benchrunCommand(t.Context(), t, append([]string{"waivers", "update", run, "--file", file}, args...)...)
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Fatalf("%v: exit %d, want %d: %s", args, got, code, errs.String())
		}
		b, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return out.String(), errs.String(), string(b)
	}
	if _, errs, text := update(bench.ExitUsage, "--fail-on", "y: verdict >= held"); !strings.Contains(errs, "selects no cell") || text != "" {
		t.Errorf("%s%s", errs, text)
	}
	if out, _, text := update(bench.ExitOK, "--fail-on", "verdict != failed"); !strings.Contains(out, "nothing to add") || text != "" {
		t.Errorf("%s%s", out, text)
	}
	out, _, first := update(bench.ExitOK)
	if !strings.Contains(out, "added     x/default/wedge-1pct: broken, until ") || !strings.Contains(first, "verdict: broken\n") || strings.Contains(first, "TODO") {
		t.Errorf("%s%s", out, first)
	}
	if stderr := ends(t, bench.ExitCheckFailed, "judge", run, "--fail-on", "verdict >= held", "--waivers", file); !strings.Contains(stderr, "is a draft and waives nothing") {
		t.Error(stderr)
	}
	byHand := "# why we wait\n" + strings.Replace(first, `reason: ""`, "reason: nobody has mended it yet", 1)
	if err := os.WriteFile(file, []byte(byHand), 0o600); err != nil {
		t.Fatal(err)
	}
	ends(t, bench.ExitOK, "judge", run, "--fail-on", "verdict >= held", "--waivers", file)

	byHand = strings.Replace(byHand, "verdict: broken", "verdict: failed # it was", 1)
	if err := os.WriteFile(file, []byte(byHand), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, text := update(bench.ExitOK); text != byHand || !strings.Contains(out, "look at   x/default/wedge-1pct: broken is worse than") {
		t.Errorf("%s%s", out, text)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	byHand = strings.Replace(byHand, "x/default", "y/default", 1)
	if err := os.WriteFile(file, []byte(byHand), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, text := update(bench.ExitOK); !strings.HasPrefix(text, byHand) || strings.Count(text, "cell: ") != 2 {
		t.Error(text)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.WriteFile(file, []byte("waivers: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, text := update(bench.ExitUsage); !strings.Contains(errs, "w.yaml:1: waivers: want a list, found") || text != "waivers: 1\n" {
		t.Errorf("%s%s", errs, text)
	}
	// If the file is a link, the file that it points to is replaced.
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.WriteFile(file, []byte(byHand), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	ends(t, bench.ExitOK, "waivers", "update", run, "--file", link)
	info, err := os.Lstat(link)
	text, rerr := os.ReadFile(file)
	if err != nil || rerr != nil || info.Mode()&os.ModeSymlink == 0 || strings.Count(string(text), "cell: ") != 2 {
		t.Errorf("%v, %v, %v: %s", info.Mode(), err, rerr, text)
	}
}

func TestWaiversUsage(t *testing.T) {
	for _, tt := range []struct {
		code int
		args []string
		want string
	}{
		{bench.ExitUsage, []string{"waivers"}, "wants a command: update"},
		{bench.ExitUsage, []string{"waivers", "upgrade"}, "wants a command: update"},
		{bench.ExitUsage, []string{"waivers", "update"}, "wants one run"},
		{bench.ExitUsage, []string{"waivers", "update", golden, "--file", ""}, "--file is empty"},
		{bench.ExitUsage, []string{"waivers", "update", t.TempDir()}, "run.json"},
		{bench.ExitEnvironment, []string{"waivers", "update", golden, "--file", filepath.Join(t.TempDir(), "absent", "w.yaml")}, "absent"},
		{bench.ExitUsage, []string{"waivers", "update", golden, "--file", t.TempDir()}, "is a directory"},
	} {
		if stderr := ends(t, tt.code, tt.args...); !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: %s", tt.args, stderr)
		}
	}
}

// The contract's example can be read, and means what the page says.
func TestContractWaivers(t *testing.T) {
	text := section(t, contract(t), "## Waivers")
	got, err := gate.ParseWaivers("contract.md", []byte(block(t, text, "yaml")))
	if err != nil || len(got) != 1 || got[0].Verdict != bench.Failed || got[0].Link == "" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, word := range []string{"`" + gate.WaiverSchema + "`", "`" + gate.Expectation + "`", fmt.Sprintf("%d days", gate.DraftDays)} {
		if !strings.Contains(text, word) {
			t.Errorf("%s is not told", word)
		}
	}
}
