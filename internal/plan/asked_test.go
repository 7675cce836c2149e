package plan

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// What was asked for is found again: the same cells in the same order, those
// that a server cannot run among them.
func TestAskedIsFoundAgain(t *testing.T) {
	reg := registry(t)
	demo, err := DemoCells(reg)
	if err != nil {
		t.Fatal(err)
	}
	some, err := Cells(reg, Selection{
		Servers: []string{"gunicorn@23.0.0", "gunicorn", "waitress"}, Profiles: []string{"gthread", "hardened"}, Scenarios: []string{"wedge-5pct", "leak"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range [][]Cell{demo, some} {
		asked, err := Asked(cells, 3, "pypy3", []string{"own.yaml", "/abs.yaml"})
		if err != nil {
			t.Fatal(err)
		}
		own, err := filepath.Abs("own.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if asked.Attempts != 3 || asked.Python != "pypy3" || !slices.Equal(asked.ServerFiles, []string{own, "/abs.yaml"}) {
			t.Errorf("asked for %+v", asked)
		}
		again, err := FromAsked(reg, *asked)
		if err != nil {
			t.Fatal(err)
		}
		same := slices.EqualFunc(cells, again, func(a, b Cell) bool {
			return a.Name() == b.Name() && a.Target() == b.Target() && a.Unsupported == b.Unsupported
		})
		if !same {
			t.Errorf("asked for %v, found %v", names(cells), names(again))
		}
	}
}

func TestAskedOfOtherServers(t *testing.T) {
	cell := bench.AskedCell{Server: "wsgiref", Profile: "default", Scenario: "wedge-1pct"}
	for name, tt := range map[string]struct {
		asked bench.Asked
		say   string
	}{
		"changed file":     {bench.Asked{Servers: map[string]string{"wsgiref": "0123456789abcdef"}, Cells: []bench.AskedCell{cell}}, "wsgiref.yaml has changed"},
		"unknown server":   {bench.Asked{Servers: map[string]string{"gone": "0123456789abcdef"}}, "gone"},
		"unknown scenario": {bench.Asked{Cells: []bench.AskedCell{{Server: "wsgiref", Profile: "default", Scenario: "hiccup-1pct"}}}, "hiccup-1pct"},
	} {
		_, err := FromAsked(registry(t), tt.asked)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("%s: %v, want a usage error with %q", name, err, tt.say)
		}
	}
}
