package main

import (
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/results"
	"benchrun/targets"
)

// A front is found wherever a user looks for it.
func TestFrontsAreShown(t *testing.T) {
	quietHome(t)
	if out := told(t, "list", "fronts"); strings.Count(out, "\n") != len(targets.FrontNames()) || !strings.Contains(out, "\nnginx ") {
		t.Errorf("list:\n%s", out)
	}
	if out := told(t, "show", "nginx"); !strings.HasPrefix(out, "# Where this is from: built-in fronts/nginx.yaml\nschema: "+targets.FrontSchema+"\n") {
		t.Errorf("show:\n%s", out)
	}
	if out := told(t, "__complete", "--front", ""); !strings.HasPrefix(out, strings.Join(targets.FrontNames(), "\n")+"\n") {
		t.Errorf("completion:\n%s", out)
	}
	for _, args := range [][]string{
		{"--server", "gunicorn", "--front", "nginx"}, {"--server", "gunicorn+nginx"},
		{"ladder", "gunicorn", "--front=nginx"}, {"ladder", "gunicorn+nginx/default"},
		{"duel", "gunicorn", "waitress", "--front=nginx"}, {"duel", "gunicorn", "gunicorn+nginx", "-p", "default"},
	} {
		out := told(t, append(args, "-c", "slow-upload", "--dry-run")...)
		if !strings.Contains(out, "gunicorn+nginx/") || !strings.Contains(out, "\n  front    /usr/sbin/nginx -p '$WORK/front/'") && !strings.Contains(out, "\n  front    /usr/sbin/nginx -p $WORK/front/") {
			t.Errorf("%q:\n%s", args, out)
		}
	}
	if out := told(t, "check-server", "gunicorn/default", "--front", "haproxy", "--dry-run"); !strings.Contains(out, "gunicorn+haproxy/default") {
		t.Errorf("check-server:\n%s", out)
	}
}

func TestErrorsOfFronts(t *testing.T) {
	quietHome(t)
	for want, args := range map[string][]string{
		`unknown front "ngnix"; did you mean "nginx"?`:                       {"--server", "gunicorn", "--front", "ngnix", "-c", "wedge"},
		"--front nginx: gunicorn+haproxy has a front already":                {"--server", "gunicorn+haproxy", "--front", "nginx", "-c", "wedge"},
		"show gunicorn+nginx: these are two files; benchrun show gunicorn; ": {"show", "gunicorn+nginx"},
		`unknown server "nginx": it is a front`:                              {"--server", "nginx", "-c", "wedge"},
		`unknown front "x"`:                                                  {"check-server", "gunicorn", "--front", "x", "--dry-run"},
		"--resume and --front cannot be combined":                            {"--resume", "x", "--front", "nginx"},
	} {
		if got := refused(t, args...); !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", args, got, want)
		}
	}
}

// Rules, merged runs and JUnit know a pair from the server alone, and from another pair.
func TestFrontsAreToldApart(t *testing.T) {
	quietHome(t)
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cells, err := plan.Cells(reg, plan.Selection{Servers: []string{"gunicorn", "gunicorn+*[xey]"}, Profiles: []string{"default"}, Scenarios: []string{"wedge"}})
	if err != nil {
		t.Fatal(err)
	}
	run := bench.Run{ID: "a", Environment: bench.Environment{Testbed: "t"}}
	var names []string
	for _, c := range cells {
		run.Cells = append(run.Cells, bench.Cell{Server: c.Server.Name, Version: "1", Profile: c.Profile, Front: c.Server.FrontName(), Scenario: c.Scenario.Name(), Verdict: bench.Held})
		names = append(names, results.CellID(run.Cells[len(names)]))
	}
	if want := []string{"gunicorn@1", "gunicorn+apache@1", "gunicorn+haproxy@1", "gunicorn+nginx@1"}; len(names) != len(want) || !slices.EqualFunc(names, want, strings.HasPrefix) {
		t.Errorf("%q, want %q", names, want)
	}
	other := run
	other.ID = "b"
	other.Cells = run.Cells[:1]
	run.Cells = run.Cells[1:]
	merged, err := results.Merge(false, run, other)
	if err != nil || len(merged.Cells) != len(cells) {
		t.Errorf("%d cells of %d, %v", len(merged.Cells), len(cells), err)
	}
	var junit strings.Builder
	if err := report.JUnit(&junit, merged, nil); err != nil || !strings.Contains(junit.String(), `classname="gunicorn+nginx.default" name="wedge-1pct"`) || !strings.Contains(junit.String(), `classname="gunicorn.default"`) {
		t.Errorf("%s, %v", junit.String(), err)
	}
}
