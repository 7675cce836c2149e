package results

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestRunComesBackAsItWas(t *testing.T) {
	f := newFolder(t)
	want := goldenRun()
	for _, write := range []func(bench.Run) error{f.WriteRun, f.WriteRun, f.KeepRun} { // each replaces the file
		if err := write(want); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{f.Path(), f.Join(RunFile)} {
			got, err := ReadRun(t.Context(), path)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%v\n got %+v\nwant %+v", err, got, want)
			}
		}
	}
}

func TestRunHasListsNotNull(t *testing.T) {
	f := newFolder(t)
	run := bench.Run{Cells: []bench.Cell{{Server: "a", Profile: "b", Scenario: "c"}}}
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.Join(RunFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"args": []`, `"reasons": []`, `"flags": []`, `"attempts": []`, `"measures": {}`, `"schema": "benchrun.run/v1"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("run.json has no %s", want)
		}
	}
	if run.Schema != "" || run.Cells[0].Reasons != nil {
		t.Error("writing a run changed it")
	}
}

func TestReadRunNamesThePlace(t *testing.T) {
	const head = "{\n  \"schema\": \"benchrun.run/v1\",\n  \"cells\": [\n"
	cell := func(more string) string {
		return head + `    {"server": "s", "profile": "p", "scenario": "c", "verdict": "held"},` + "\n" +
			`    {"server": "s", "profile": "q", "scenario": "c"` + more + "}\n  ]\n}\n"
	}
	for text, want := range map[string]string{
		"":                                     ":1:1: unexpected end",
		"{\n  \"a\": 1,\n  oops\n}":            ":3:3: invalid character 'o'",
		"[]":                                   ":1:1: cannot unmarshal array",
		"{}":                                   `:1:1: no "schema": this is not a run.json`,
		"{\n \"schema\": \"benchrun.run/v2\"}": `:2:2: schema "benchrun.run/v2" is not "benchrun.run/v1"; read it with`,
		"{\"schema\": \"benchrun.run/v1\"} x":  ":1:31: invalid character 'x' after",
		cell(`, "verdict": "good"`):            `:5:5: cell 2 (s/q/c): verdict "good" is not one of`,
		cell(``):                               ":5:5: cell 2 (s/q/c): verdict is missing",
		cell(`, "verdict": null`):              `:5:5: cell 2 (s/q/c): verdict "" is not one of`,
		cell(`, "verdict": "held", "attempts": [{"attempt": 1}]`):         ":5:5: cell 2 (s/q/c): attempt 1: verdict is missing",
		cell(`, "verdict": "held", "measures": {"h": {"censored": "<"}}`): `:5:5: cell 2 (s/q/c): measure h: censored "<"`,
		cell(`, "verdict": "held", "ratio": "one"`):                       ":5:86: cell 2 (s/q/c): cannot unmarshal string",
		head + `    {"verdict": "held"}` + "\n  ]\n}":                     ":4:5: cell 1 (//): server, profile or scenario is missing",
		head + "    null\n  ]\n}":                                         ":4:5: cell 1 (//): server",
		"{\n  \"schema\": \"benchrun.run/v1\",\n  \"seed\": -1\n}":        ":3:",
		strings.Replace(goldenText(t), `"broken"`, `"borken"`, 1):         `verdict "borken" is not one of`,
	} {
		path := filepath.Join(t.TempDir(), "run.json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var usage *bench.UsageError
		if _, err := ReadRun(t.Context(), path); !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), path+":") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q gave %v; want a usage error with %q", text, err, want)
		}
	}
}

func TestReadRunFromALaterVersion(t *testing.T) {
	text := strings.Replace(goldenText(t), `"mode": `, `"weather": {"sun": true}, "mode": `, 1)
	text = strings.Replace(text, `"ratio": `, `"moon": 1, "ratio": `, 1)
	got, err := decodeRun([]byte(text))
	if err != nil || !reflect.DeepEqual(got, goldenRun()) {
		t.Errorf("with fields that this version does not know: %v\n%+v", err, got)
	}
}

// A text that would decode to very many empty values is refused before it is decoded.
func TestRunsOfTooManyValuesAreRefused(t *testing.T) {
	f := newFolder(t)
	for values, name := range map[string]string{"{},": "objects", "null,": "objects", "0,": "commas"} {
		text := `{"schema":"` + bench.RunSchema + `","cells":[],"more":[` + strings.Repeat(values, mostCommas+1) + `0]}`
		for _, file := range []string{RunFile, CellsFile} {
			if err := os.WriteFile(f.Join(file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, runErr := f.Run(t.Context())
		_, _, _, cellsErr := f.ReadAttempts(t.Context())
		for _, err := range []error{runErr, cellsErr} {
			if err == nil || !strings.Contains(err.Error(), name+" are more than the ") {
				t.Errorf("%q: %v", values, err)
			}
		}
	}
}

// An older benchrun did not write down which cells are of its own server: its name
// told.
func TestOwnCellsOfAnOldRun(t *testing.T) {
	f := newFolder(t)
	run := bench.Run{Cells: []bench.Cell{{Server: bench.ReferenceServer, Profile: "b", Scenario: "c"}, {Server: "a", Profile: "b", Scenario: "c"}, {Server: "later", Profile: "b", Scenario: "c", Own: true}}}
	if err := f.WriteRun(run); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRun(t.Context(), f.Path())
	if err != nil || !got.Cells[0].Own || got.Cells[1].Own || !got.Cells[2].Own {
		t.Errorf("%+v, %v", got.Cells, err)
	}
}
