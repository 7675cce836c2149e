package main

import (
	"strings"
	"testing"

	"benchrun/targets"
)

// A supervisor is found wherever a user looks for it.
func TestSupervisorsAreShown(t *testing.T) {
	quietHome(t)
	if out := told(t, "list", "supervisors"); strings.Count(out, "\n") != len(targets.SupervisorNames()) || !strings.Contains(out, "\nrunit ") {
		t.Errorf("list:\n%s", out)
	}
	if out := told(t, "show", "runit"); !strings.HasPrefix(out, "# Where this is from: built-in supervisors/runit.yaml\nschema: "+targets.SupervisorSchema+"\n") {
		t.Errorf("show:\n%s", out)
	}
	if out := told(t, "__complete", "--supervisor", ""); !strings.HasPrefix(out, strings.Join(targets.SupervisorNames(), "\n")+"\n") {
		t.Errorf("completion:\n%s", out)
	}
	if out := told(t, "__complete", "show", ""); !strings.Contains(out, "\ngunicorn\n") || !strings.Contains(out, "\nnginx\n") || !strings.Contains(out, "\nrunit\n") {
		t.Errorf("completion of show:\n%s", out)
	}
	for _, args := range [][]string{
		{"--server", "gunicorn", "--supervisor", "runit"}, {"--server", "gunicorn+runit"},
		{"ladder", "gunicorn", "--supervisor=runit"}, {"ladder", "gunicorn+runit/default"},
		{"duel", "gunicorn", "waitress", "--supervisor=runit"}, {"duel", "gunicorn+nginx", "gunicorn+runit", "-p", "default"},
	} {
		out := told(t, append(args, "-c", "slow-upload", "--dry-run")...)
		if !strings.Contains(out, "gunicorn+runit/") || !strings.Contains(out, "\n  under    /usr/bin/runsv $WORK/supervisor/service (built-in supervisors/runit.yaml)\n") {
			t.Errorf("%q:\n%s", args, out)
		}
	}
	if out := told(t, "check-server", "gunicorn/default", "--supervisor", "s6", "--dry-run"); !strings.Contains(out, "gunicorn+s6/default") {
		t.Errorf("check-server:\n%s", out)
	}
}

func TestErrorsOfSupervisors(t *testing.T) {
	quietHome(t)
	one := "a server has one front or one supervisor"
	for _, tt := range []struct {
		want string
		args []string
	}{
		{`unknown supervisor "runt"; did you mean "runit"?`, []string{"--server", "gunicorn", "--supervisor", "runt", "-c", "wedge"}},
		{"show gunicorn+runit: these are two files; benchrun show gunicorn; benchrun show runit", []string{"show", "gunicorn+runit"}},
		{`unknown server "runit": it is a supervisor`, []string{"--server", "runit", "-c", "wedge"}},
		{"--resume and --supervisor cannot be combined", []string{"--resume", "x", "--supervisor", "runit"}},
		{one, []string{"--server", "gunicorn", "--front", "nginx", "--supervisor", "runit", "-c", "wedge"}},
		{one, []string{"--server", "gunicorn+nginx", "--supervisor", "runit", "-c", "wedge"}},
		{one, []string{"--server", "gunicorn+runit", "--front", "nginx", "-c", "wedge"}},
		{one, []string{"--server", "gunicorn+nginx+runit", "-c", "wedge"}},
		{one, []string{"duel", "gunicorn", "gunicorn+nginx+runit", "-c", "wedge"}},
		{one, []string{"duel", "gunicorn", "waitress", "--front=nginx", "--supervisor=runit", "-c", "wedge"}},
		{one, []string{"ladder", "gunicorn", "--front=nginx", "--supervisor=runit", "-c", "wedge"}},
		{one, []string{"check-server", "gunicorn", "--front=nginx", "--supervisor=runit"}},
	} {
		if got := refused(t, tt.args...); !strings.Contains(got, tt.want) {
			t.Errorf("%q: %s, want %s", tt.args, got, tt.want)
		}
	}
}
