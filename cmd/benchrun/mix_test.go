package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/guide"
	"benchrun/internal/project"
)

// scenariosOf are the scenarios that a command line selects, with the environment and the
// project's settings.
func scenariosOf(t *testing.T, args ...string) ([]string, error) {
	t.Helper()
	var s settings
	cmd := newRootCommand()
	cmd.ResetFlags()
	addFlags(cmd.Flags(), &s)
	if err := cmd.ParseFlags(append([]string{"--server", "wsgiref", "--profile", "default"}, args...)); err != nil {
		t.Fatal(err)
	}
	if err := s.fill(cmd.Flags()); err != nil {
		t.Fatal(err)
	}
	cells, err := s.selected()
	var out []string
	for _, c := range cells {
		out = append(out, c.Scenario.Name())
	}
	return out, err
}

func TestMixFlag(t *testing.T) {
	path := filepath.Join(t.TempDir(), project.FileName)
	file := "schema: benchrun.config/v1\nscenarios: [slow]\nmixes:\n  - wedge=1%,cpu=1%\n  - io=1%,cpu=1%\n"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	const mix = "mix_wedge-1pct_cpu-10pct"
	for name, tt := range map[string]struct {
		variable string
		args     []string
		want     []string
	}{
		"a mix alone":             {"", []string{"--config", "", "--mix", "cpu=10%,wedge=1%"}, []string{mix}},
		"beside a scenario":       {"", []string{"--config", "", "--scenario", "slow,segfault", "--mix", "cpu=10%,wedge=1%"}, []string{"slow-1pct", "segfault-1pct", mix}},
		"two, and one by name":    {"", []string{"--config", "", "--mix", "cpu=10%,wedge=1%", "--mix", "io=1%,cpu=1%", "--scenario", mix}, []string{mix, "mix_cpu-1pct_io-1pct"}},
		"lines of the variable":   {"cpu=10%,wedge=1%\nio=1%,cpu=1%", []string{"--config", ""}, []string{mix, "mix_cpu-1pct_io-1pct"}},
		"the file":                {"", []string{"--config", path}, []string{"slow-1pct", "mix_wedge-1pct_cpu-1pct", "mix_cpu-1pct_io-1pct"}},
		"a mix instead of it":     {"", []string{"--config", path, "--mix", "cpu=10%,wedge=1%"}, []string{mix}},
		"a scenario instead":      {"", []string{"--config", path, "--scenario", "wedge"}, []string{"wedge-1pct"}},
		"a variable instead":      {"cpu=10%,wedge=1%", []string{"--config", path}, []string{mix}},
		"a bad day at two ratios": {"", []string{"--config", "", "--scenario", "bad-day,bad-day-5pct"}, []string{"bad-day-1pct", "bad-day-5pct"}},
	} {
		t.Setenv("BENCHRUN_MIX", tt.variable)
		got, err := scenariosOf(t, tt.args...)
		if err != nil || !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(tt.want))) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
	t.Setenv("BENCHRUN_MIX", "")
	if err := os.WriteFile(path, []byte(strings.Replace(file, "io=1%,cpu=1%", "io=1%,cup=1%", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	want := path + `:5: mixes: --mix "io=1%,cup=1%": unknown family "cup"; did you mean "cpu"?`
	if _, err := scenariosOf(t, "--config", path); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

// Each mistake in a mix is one line and the exit code of a usage error, in a duel too.
func TestBadMixesEndWithOneLine(t *testing.T) {
	for mix, want := range map[string]string{
		"wegde=1%,cpu=1%":    `benchrun: --mix "wegde=1%,cpu=1%": unknown family "wegde"; did you mean "wedge"?`,
		"wedge=60%,cpu=50%":  `ratio "60pct" is not one of`,
		"wedge=1%,reload=1%": "reload cannot be mixed: it may not cost a single request, and nobody could tell whether the other faults cost it; give it a cell of its own in the same run: --scenario reload beside the --mix",
		"":                   `--mix "": a part without a family`,
	} {
		for _, args := range [][]string{{"--server", "wsgiref", "--dry-run"}, {"duel", "wsgiref/default", "wsgiref/default", "--dry-run"}} {
			stderr := ends(t, bench.ExitUsage, append(args, "--mix", mix)...)
			if !strings.Contains(stderr, want) || strings.Count(strings.TrimSpace(stderr), "\n") != 0 {
				t.Errorf("%s: %q, want %q", mix, stderr, want)
			}
		}
	}
}

func TestDryRunOfAMix(t *testing.T) {
	quietHome(t)
	stdout, _, err := spoken(t, "--server", bench.ReferenceServer, "--profile", "default", "--mix", "cpu=10%,wedge=1%", "--scenario", "bad-day", "--dry-run", "--config", "")
	if err != nil || !strings.Contains(stdout, "mix_wedge-1pct_cpu-10pct about ") || !strings.Contains(stdout, "bad-day-1pct ") || !strings.Contains(stdout, "2 cells") {
		t.Errorf("%v\n%s", err, stdout)
	}
}

func TestMixWordsComplete(t *testing.T) {
	first := guide.MixWords("")
	if !slices.Contains(first, "wedge=1%") || slices.ContainsFunc(first, func(w string) bool { return strings.HasPrefix(w, "reload") || strings.HasPrefix(w, "bad-day") }) {
		t.Errorf("%q", first)
	}
	next := guide.MixWords("wedge=0.5%,se")
	if !slices.Contains(next, "wedge=0.5%,segfault=1%") || slices.Contains(next, "wedge=0.5%,wedge=1%") {
		t.Errorf("%q", next)
	}
}

// The sound reference server holds a mix, and the one without a watchdog loses its pool to the
// part that wedges, which the reasons name.
func TestMeasuredMix(t *testing.T) {
	t.Parallel()
	const mix = "mix_wedge-1pct_exception-1pct_cpu-1pct"
	run, folder := measure(t, bench.ExitOK, "--server", bench.ReferenceServer, "--profile", "default,no-watchdog", "--mix", "cpu=1%,wedge=1%,exception=1%")
	wantVerdicts(t, run, map[string]bench.Verdict{"reference/default/" + mix: bench.Held, "reference/no-watchdog/" + mix: bench.Failed})
	reasons := strings.Join(cellOf(t, run, "reference/no-watchdog/"+mix).Reasons, "\n")
	for _, want := range []string{"4 of 4 slots held by wedged requests", "gave its slot back", " of exception and "} {
		if !strings.Contains(reasons, want) {
			t.Errorf("%q is missing in %q", want, reasons)
		}
	}
	judgedTheSame(t, folder)
}
