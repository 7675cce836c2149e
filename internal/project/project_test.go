package project

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	path := write(t, `schema: benchrun.config/v1
servers: [a, "b@1", "c@path:../c", "d@path:/abs/d", "e@path:"]
rules:
  - h >= 95
  - survivors == 0
gate_files: [g.txt, /abs/g.txt]
strict: false
attempts: 2
seed: 0
out: o
`)
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	for field, want := range map[string]Value{
		"servers":    {[]string{"a", "b@1", "c@path:" + filepath.Join(dir, "../c"), "d@path:/abs/d", "e@path:"}, slices.Repeat([]string{path + ":2"}, 5)},
		"rules":      {[]string{"h >= 95", "survivors == 0"}, []string{path + ":4", path + ":5"}},
		"gate_files": {[]string{dir + "/g.txt", "/abs/g.txt"}, []string{path + ":6", path + ":6"}},
		"strict":     {[]string{"false"}, []string{path + ":7"}},
		"attempts":   {[]string{"2"}, []string{path + ":8"}},
		"seed":       {[]string{"0"}, []string{path + ":9"}},
		"out":        {[]string{dir + "/o"}, []string{path + ":10"}},
	} {
		if !reflect.DeepEqual(got[field], want) {
			t.Errorf("%s: %+v, want %+v", field, got[field], want)
		}
	}
	if len(got) != 7 {
		t.Errorf("what the file does not say has a value: %v", got)
	}
}

func TestReadRefuses(t *testing.T) {
	const head = "schema: benchrun.config/v1\n"
	for _, tt := range []struct{ text, want string }{
		{"", ":1: the file is empty"},
		{"servers: [a]\n", ":1: schema: missing"},
		{"schema: benchrun.config/v2\n", `:1: schema: "benchrun.config/v2" is not known`},
		{head + "servrs: [a]\n", ":2: servrs: unknown field"},
		{head + "servers: a\n", `:2: servers: want a list of texts, found "a"`},
		{head + "servers: []\n", ":2: servers: empty"},
		{head + "servers:\n", ":2: servers: empty"},
		{head + "servers:\n- a\n- ' '\n", ":4: servers[1]: empty"},
		{head + "attempts: many\n", ":2: attempts: want a whole number"},
		{head + "attempts: 0\n", ":2: attempts: 0 is not between 1 and 9"},
		{head + "seed: -1\n", ":2: seed: want a whole number"},
		{head + "strict: perhaps\n", ":2: strict: want true or false"},
		{head + "mode: quickly\n", `:2: mode: "quickly" is not quick or full`},
		{head + "mode: ''\n", ":2: mode: empty"},
		{head + "---\n" + head, ": more than one YAML document"},
		{head + "servers: [a\n", "not YAML, near this line"},
	} {
		path := write(t, tt.text)
		_, err := Read(path)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "none.yaml: no such file") {
		t.Error(err)
	}
}

// The schema says of each field of File what the decoder takes.
func TestJSONSchema(t *testing.T) {
	text, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		AdditionalProperties bool
		Required             []string
		Properties           map[string]struct{ Type, Description string }
	}
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatal(err)
	}
	if schema.AdditionalProperties || !slices.Equal(schema.Required, []string{"schema"}) {
		t.Errorf("%+v", schema)
	}
	types := map[reflect.Kind]string{reflect.Slice: "array", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Uint64: "integer", reflect.String: "string"}
	file := reflect.TypeFor[File]()
	for i := range file.NumField() {
		f := file.Field(i)
		p := schema.Properties[f.Tag.Get("yaml")]
		if p.Type == "" || p.Type != types[f.Type.Kind()] || p.Description == "" {
			t.Errorf("%s: %+v", f.Name, p)
		}
	}
	if len(schema.Properties) != file.NumField() {
		t.Errorf("%d properties of %d fields", len(schema.Properties), file.NumField())
	}
}
