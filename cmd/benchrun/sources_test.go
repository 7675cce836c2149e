package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"benchrun/internal/gate"
	"benchrun/internal/project"
)

// Every field of benchrun.yaml has a flag and a variable, and every flag and
// field of the table exists.
func TestSourcedSettingsAreWhole(t *testing.T) {
	flags := newRootCommand().Flags()
	var names []string
	for _, set := range sourcedSettings() {
		names = append(names, set.field)
		for _, name := range append([]string{set.flag}, set.also...) {
			if flags.Lookup(name) == nil {
				t.Errorf("%s: no flag --%s", set.field, name)
			}
		}
		if f := flags.Lookup(set.flag); f != nil && (f.Value.Type() == "stringArray") != set.list {
			t.Errorf("%s: list %v, but --%s is a %s", set.field, set.list, set.flag, f.Value.Type())
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

// What came from elsewhere stands in run.json as flags, which say the same again.
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
	want := []string{"--scenario=wedge,slow", "--scenario=segfault", "--fail-on=h >= 95", "--full"}
	if !slices.Equal(s.added, want) || !s.full || !slices.Equal(s.gate.places, []string{"BENCHRUN_FAIL_ON"}) {
		t.Errorf("%q, %+v", s.added, s)
	}
	var again settings
	cmd.ResetFlags()
	addFlags(cmd.Flags(), &again)
	if err := cmd.ParseFlags(append([]string{"--server", "a"}, s.added...)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.scenarios, s.scenarios) || !slices.Equal(again.gate.failOn, s.gate.failOn) || again.mode() != s.mode() {
		t.Errorf("%+v", again)
	}
}

// The contract's example is read, has every field, and its table is the code's.
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
	for _, set := range sourcedSettings() {
		if len(got[set.field].Items) == 0 {
			t.Errorf("the example has no %s", set.field)
		}
		row := regexp.MustCompile("(?m)^\\| `" + set.field + "` \\| .*`--" + set.flag + "`.* \\| `" + set.variable + "` \\|$")
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

// A run that is resumed is what it was, whatever the project now asks for;
// rules are about what comes out, and are the project's.
func TestResumedRunsAreTheirOwn(t *testing.T) {
	t.Setenv("BENCHRUN_SERVER", "b")
	t.Setenv("BENCHRUN_ATTEMPTS", "3")
	t.Setenv("BENCHRUN_FAIL_ON", "h >= 95")
	var s settings
	cmd := newRootCommand()
	cmd.ResetFlags()
	addFlags(cmd.Flags(), &s)
	s.attempts, s.earlier = 2, &earlier{}
	if err := s.fill(cmd.Flags()); err != nil {
		t.Fatal(err)
	}
	if len(s.servers) != 0 || s.attempts != 2 || !slices.Equal(s.gate.failOn, []string{"h >= 95"}) {
		t.Errorf("servers %q, attempts %d, rules %q", s.servers, s.attempts, s.gate.failOn)
	}
}
