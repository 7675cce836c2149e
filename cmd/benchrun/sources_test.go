package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/gate"
	"benchrun/internal/project"
	"benchrun/report"
)

// Every field of benchrun.yaml has a flag and a variable, and every flag and field in the table
// exists.
func TestSourcedSettingsAreWhole(t *testing.T) {
	flags := newRootCommand().Flags()
	var names []string
	for _, set := range sourced() {
		names = append(names, set.field)
	}
	for _, set := range flagTable() {
		if set.field != "" && flags.Lookup(set.name) == nil {
			t.Errorf("%s: no flag --%s", set.field, set.name)
		}
	}
	file := reflect.TypeFor[project.File]()
	for i := range file.NumField() {
		name := file.Field(i).Tag.Get("yaml")
		if at := slices.Index(names, name); at < 0 && name != "schema" {
			t.Errorf("nothing reads the field %s", name)
		}
	}
	if len(names) != file.NumField()-1 {
		t.Errorf("%d settings of %d fields", len(names), file.NumField()-1)
	}
}

// In run.json, settings from elsewhere are flags that mean the same.
func TestEffectiveArgs(t *testing.T) {
	t.Setenv("BENCHRUN_SCENARIO", "wedge,slow\nsegfault")
	t.Setenv("BENCHRUN_MODE", "full")
	t.Setenv("BENCHRUN_FAIL_ON", "h >= 95")
	var s settings
	cmd := newRootCommand()
	cmd.ResetFlags()
	addFlags(cmd.Flags(), &s)
	if err := cmd.ParseFlags([]string{"--server", "a", "--config", ""}); err != nil {
		t.Fatal(err)
	}
	if err := s.fill(cmd.Flags()); err != nil {
		t.Fatal(err)
	}
	want := []string{"--scenario=wedge,slow", "--scenario=segfault", "--full", "--fail-on=h >= 95"}
	if !slices.Equal(s.added, want) || !s.full || !slices.Equal(s.gate.Places, []string{"BENCHRUN_FAIL_ON"}) {
		t.Errorf("%q, %+v", s.added, s)
	}
	var again settings
	cmd.ResetFlags()
	addFlags(cmd.Flags(), &again)
	if err := cmd.ParseFlags(append([]string{"--server", "a"}, s.added...)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.scenarios, s.scenarios) || !slices.Equal(again.gate.Rules, s.gate.Rules) || again.mode() != s.mode() {
		t.Errorf("%+v", again)
	}
}

// The contract's example can be read and has every field, and its table is the code's.
func TestContractProjectFile(t *testing.T) {
	text := section(t, contract(t), "## benchrun.yaml")
	path := filepath.Join(t.TempDir(), project.FileName)
	if err := os.WriteFile(path, []byte(block(t, text, "yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := project.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sourced() {
		if len(got[set.field].Items) == 0 {
			t.Errorf("the example has no %s", set.field)
		}
		row := regexp.MustCompile("(?m)^\\| `" + set.field + "` \\| .*`--" + set.name + "`.* \\| `" + set.variable() + "` \\|$")
		if !row.MatchString(text) {
			t.Errorf("no row for %s", set.field)
		}
	}
	for _, r := range got["rules"].Items {
		if _, err := gate.ParseRule("example", r); err != nil {
			t.Error(err)
		}
	}
}

// A resumed run measures what it was asked for, whatever the project says now. Rules come from
// the project, because they are about the results.
func TestResumedRunsAreTheirOwn(t *testing.T) {
	t.Setenv("BENCHRUN_SERVER", "b")
	t.Setenv("BENCHRUN_ATTEMPTS", "3")
	t.Setenv("BENCHRUN_FAIL_ON", "h >= 95")
	var s settings
	cmd := newRootCommand()
	cmd.ResetFlags()
	addFlags(cmd.Flags(), &s)
	s.attempts, s.earlier = 2, &campaign.Earlier{}
	if err := s.fill(cmd.Flags()); err != nil {
		t.Fatal(err)
	}
	if len(s.servers) != 0 || s.attempts != 2 || !slices.Equal(s.gate.Rules, []string{"h >= 95"}) {
		t.Errorf("servers %q, attempts %d, rules %q", s.servers, s.attempts, s.gate.Rules)
	}
}

// An error in benchrun.yaml names the line, even if only the selection shows the error.
func TestProjectFileErrorsNameTheLine(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, project.FileName)
	for text, want := range map[string]string{
		"servers: [gunicorn]\nscenarios:\n  - slow\n  - wege-1pct\n": path + `:5: scenarios: unknown scenario "wege-1pct"; did you mean "wedge-1pct"?`,
		"servers:\n  - wsgiref\n  - gunicron\nscenarios: [slow]\n":   path + `:4: servers: unknown server "gunicron"; did you mean "gunicorn"?`,
		"servers: [wsgiref]\nprofiles: [default,\n  hardned]\n":      path + `:4: profiles: unknown profile "hardned"; did you mean "hardened"?`,
		"servers: [wsgiref]\nscenario: [slow]\n":                     path + `:3: scenario: unknown field; did you mean "scenarios"?`,
		"servers: [wsgiref]\nbaseline: no-run\n":                     path + `:3: baseline: ` + dir + `/no-run: no such file`,
		"servers: [wsgiref]\nwaivers: no.yaml\n":                     path + `:3: waivers: --waivers ` + dir + `/no.yaml: no such file`,
		"servers: [wsgiref]\ngate_files:\n  - no.txt\n":              path + `:4: gate_files: --gate ` + dir + `/no.txt: no such file`,
		"servers: [wsgiref]\nserver_files: [no.yaml]\n":              path + `:3: server_files: server file ` + dir + `/no.yaml: no such file`,
	} {
		if err := os.WriteFile(path, []byte("schema: benchrun.config/v1\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := ends(t, bench.ExitUsage, "--config", path, "--dry-run"); !strings.Contains(got, want) {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// An unknown flag may be a typing error. The hint names the flag, or the command whose help lists
// the flags.
func TestUnknownFlags(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--sevrer", "x"}, "unknown flag: --sevrer; did you mean --server?"},
		{[]string{"--dryrun"}, "did you mean --dry-run?"},
		{[]string{"duel", "a", "b", "--pair", "3"}, "did you mean --pairs?"},
		{[]string{"duel", "a", "b", "--zzzzzz"}, "unknown flag: --zzzzzz; see benchrun duel --help"},
		{[]string{"waivers", "update", "--flie", "x"}, "did you mean --file?"},
		{[]string{"-Z"}, "see benchrun --help"},
		{[]string{"--format", "tabel"}, `unknown --format "tabel"; did you mean "table"?`},
		{[]string{"list", "server"}, `did you mean "servers"?`},
		{[]string{"duel", "wsgiref", "gunicorn", "-p", "nope"}, "wsgiref with --profile nope: unknown profile"},
		{[]string{"duel", "wsgiref", "wsgiref", "--scenario", "slow", "--dry-run"}, report.SameTarget},
	} {
		code := bench.ExitUsage
		if tt.want == report.SameTarget {
			code = bench.ExitOK
		}
		if got := ends(t, code, tt.args...); !strings.Contains(got, tt.want) {
			t.Errorf("%q: %s, want %s", tt.args, got, tt.want)
		}
	}
}
