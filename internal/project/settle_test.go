package project

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// The command line comes before the environment, and that before the file. The first that
// says anything says all of it.
func TestSettle(t *testing.T) {
	t.Setenv("B_SERVER", "env")
	t.Setenv("B_RULES", " h >= 95 \n\nsurvivors == 0")
	t.Setenv("B_OUT", "a\nb")
	t.Setenv("B_SEED", "  ")
	file := map[string]Value{
		"servers": {[]string{"x", "y"}, []string{"f:1", "f:2"}}, "rules": {[]string{"z"}, []string{"f:3"}}, "seed": {[]string{"7"}, []string{"f:4"}},
	}
	servers := Setting{Field: "servers", Flag: "--server", Variable: "B_SERVER", List: true}
	rules, out := Setting{Field: "rules", Variable: "B_RULES", List: true}, Setting{Field: "out", Variable: "B_OUT"}
	seed, python := Setting{Field: "seed", Variable: "B_SEED"}, Setting{Field: "python", Variable: "B_PYTHON"}
	got := Settle([]Setting{servers, rules, out, seed, python}, file)
	want := Origins{
		{servers, nil, []string{"--server"}},
		{rules, []string{"h >= 95", "survivors == 0"}, []string{"B_RULES", "B_RULES"}},
		{out, []string{"a\nb"}, []string{"B_OUT"}},
		{seed, []string{"7"}, []string{"f:4"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if words := got.Words(); !strings.HasPrefix(words, "servers      from --server\nrules        from B_RULES: h >= 95, survivors == 0\n") || !strings.HasSuffix(words, "\nall else by default\n") {
		t.Error(words)
	}
	if words := got[:1].Words(); words != "" {
		t.Errorf("all is from the command line: %s", words)
	}
}

// What the environment says is checked as the file is.
func TestOriginCheck(t *testing.T) {
	for _, tt := range []struct{ field, value, say string }{
		{"mode", "full", ""},
		{"mode", "quickly", `V: "quickly" is not quick or full`},
		{"attempts", "9", ""},
		{"attempts", "10", `V: attempts "10" is not between 1 and 9`},
		{"attempts", "many", `V: attempts "many" is not between 1 and 9`},
		{"seed", "many", ""}, // its flag says so
	} {
		err := Origin{Setting{Field: tt.field}, []string{tt.value}, []string{"V"}}.Check()
		var usage *bench.UsageError
		if tt.say == "" && err != nil || tt.say != "" && (!errors.As(err, &usage) || err.Error() != tt.say) {
			t.Errorf("%s %s: %v", tt.field, tt.value, err)
		}
	}
}

// An error names the line that it is about, or, if it names no word, where the selection
// is from. It stays as it is if all is from the command line.
func TestOriginsOfErrors(t *testing.T) {
	all := Origins{
		{Setting{Field: "servers", Selects: true}, []string{"a", "b"}, []string{"f:2", "f:3"}},
		{Setting{Field: "baseline", Names: true}, []string{"old"}, []string{"BASE"}},
		{Setting{Field: "scenarios", Selects: true}, nil, []string{"--scenario"}},
	}
	unknown := errors.New(`unknown server "b"`)
	for _, tt := range []struct {
		got  error
		want string
	}{
		{all.OfSelection(unknown), `f:3: servers: unknown server "b"`},
		{all.OfSelection(bench.ErrNothingSelected), "nothing selected (servers from f:2)"},
		{all[1:].OfSelection(unknown), unknown.Error()},
		{all.OfName(errors.New("old: no such file")), "BASE: baseline: old: no such file"},
		{all.OfName(errors.New("--baseline old: no such file")), "BASE: baseline: --baseline old: no such file"},
		{all.OfName(errors.New("bold: no such file")), "bold: no such file"},
		{all.OfName(errors.New("b: no such file")), "b: no such file"},
	} {
		if tt.got.Error() != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
	if !errors.Is(all.OfSelection(bench.ErrNothingSelected), bench.ErrNothingSelected) || all.OfSelection(nil) != nil || all.OfName(nil) != nil {
		t.Error("an error is not what it was")
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv(ConfigVariable, "")
	seed := func(n string) []byte { return []byte("schema: " + Schema + "\nseed: " + n + "\n") }
	found := func(name string, named bool, want string) {
		t.Helper()
		got, err := Find(name, named)
		if err != nil || want == "" != (got == nil) || want != "" && got["seed"].Items[0] != want {
			t.Errorf("Find(%q, %v): %v, %v, want seed %q", name, named, got, err, want)
		}
	}
	found("", false, "")
	for name, n := range map[string]string{FileName: "1", "other.yaml": "2", "third.yaml": "3"} {
		if err := os.WriteFile(filepath.Join(dir, name), seed(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found("", false, "1")
	t.Setenv(ConfigVariable, "other.yaml")
	found("", false, "2")
	found("third.yaml", true, "3")
	found("", true, "")
	if _, err := Find("none.yaml", true); err == nil {
		t.Error("a file that is named must exist")
	}
}

// What several settings say together, the first source that says anything of it says.
func TestSettleTogether(t *testing.T) {
	file := map[string]Value{"scenarios": {[]string{"a"}, []string{"f:1"}}, "mixes": {[]string{"b"}, []string{"f:2"}}, "seed": {[]string{"7"}, []string{"f:3"}}}
	fields := func(flag string) (out []string) {
		for _, o := range Settle([]Setting{
			{Field: "scenarios", Flag: flag, Variable: "B_SCENARIO", Together: "faults"},
			{Field: "mixes", Variable: "B_MIX", List: true, Together: "faults"},
			{Field: "seed", Variable: "B_SEED"},
		}, file) {
			out = append(out, o.Field+" "+o.Places[0])
		}
		return out
	}
	for name, tt := range map[string]struct {
		flag, scenario, mix string
		want                []string
	}{
		"the file":                     {"", "", "", []string{"scenarios f:1", "mixes f:2", "seed f:3"}},
		"a flag for one of them":       {"--scenario", "", "", []string{"scenarios --scenario", "seed f:3"}},
		"a variable for the other":     {"", "", "x=1%,y=1%", []string{"mixes B_MIX", "seed f:3"}},
		"a flag, and a variable":       {"--scenario", "", "x=1%,y=1%", []string{"scenarios --scenario", "seed f:3"}},
		"variables for both, together": {"", "c", "x=1%,y=1%", []string{"scenarios B_SCENARIO", "mixes B_MIX", "seed f:3"}},
	} {
		t.Setenv("B_SCENARIO", tt.scenario)
		t.Setenv("B_MIX", tt.mix)
		if got := fields(tt.flag); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
