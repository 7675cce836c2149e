package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// --supervisor and the name of a pair select the same cells, which are those of another
// target.
func TestSupervisor(t *testing.T) {
	reg := registry(t)
	sel := Selection{Servers: []string{"gunicorn@23.0.0"}, Profiles: []string{"default"}, Scenarios: []string{"kill-master", "boot-crash"}}
	alone, err := Cells(reg, sel)
	if err != nil {
		t.Fatal(err)
	}
	with, err := Part{Supervisor: "runit"}.With(reg, alone)
	if err != nil {
		t.Fatal(err)
	}
	sel.Servers = []string{"gunicorn+runit@23.0.0"}
	named, err := Cells(reg, sel)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"gunicorn+runit/default/kill-master", "gunicorn+runit/default/boot-crash"}
	if !slices.Equal(names(with), want) || !slices.Equal(names(named), want) || with[0].Launch() != named[0].Launch() {
		t.Errorf("%q and %q, want %q", names(with), names(named), want)
	}
	if with[0].SameTarget(alone[0]) || with[0].Target() == alone[0].Target() || alone[0].Server.Supervisor != nil || named[0].TargetWords() != "gunicorn+runit/default@23.0.0" {
		t.Errorf("%s and %s", with[0].Target(), alone[0].Target())
	}
}

// A glob means servers without a supervisor, unless it names supervisors.
func TestSupervisorGlobs(t *testing.T) {
	reg := registry(t)
	for _, tt := range []struct {
		servers []string
		want    []string
	}{
		{[]string{"waitress*"}, []string{"waitress"}},
		{[]string{"waitress+s*"}, []string{"waitress+s6", "waitress+supervisord"}},
		{[]string{"waitress,waitress+runit", "waitress+runit"}, []string{"waitress", "waitress+runit"}},
	} {
		cells, err := Cells(reg, Selection{Servers: tt.servers, Profiles: []string{"default"}, Scenarios: []string{"kill-master"}})
		var got []string
		for _, c := range cells {
			got = append(got, c.Server.Name)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q selects %q, %v; want %q", tt.servers, got, err, tt.want)
		}
	}
}

func TestSupervisorThatCannotBe(t *testing.T) {
	reg := registry(t)
	var usage *bench.UsageError
	for _, tt := range []struct{ server, supervisor, want string }{
		{"gunicorn", "runt", `unknown supervisor "runt"; did you mean "runit"?`},
		{"gunicorn+supervisor", "", `unknown front or supervisor "supervisor"; did you mean "supervisord"?`},
		{"runit", "", `unknown server "runit": it is a supervisor, which starts a server; for example: --server gunicorn+runit`},
		{"gunicron+runit", "", `unknown server "gunicron"; did you mean "gunicorn"?`},
		{"gunicorn+s6", "runit", "--supervisor runit: gunicorn+s6 has a supervisor already"},
	} {
		cells, err := Cells(reg, Selection{Servers: []string{tt.server}, Scenarios: []string{"kill-master"}})
		if err == nil {
			_, err = Part{Supervisor: tt.supervisor}.With(reg, cells)
		}
		if !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s with %q: %v, want %s", tt.server, tt.supervisor, err, tt.want)
		}
	}
}

// A supervisor that cannot send a server its reload signal cannot be asked for a reload; all
// else is asked of it.
func TestSupervisorNeeds(t *testing.T) {
	cells, err := Cells(registry(t), Selection{Servers: []string{"gunicorn+daemontools", "mod_wsgi+daemontools", "mod_wsgi+runit"}, Profiles: []string{"default"}, Scenarios: []string{"reload", "kill-master"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		want := ""
		if c.Name() == "mod_wsgi+daemontools/default/reload" {
			want = "mod_wsgi+daemontools: daemontools has no command that sends a server SIGUSR1"
		}
		if c.Unsupported != want {
			t.Errorf("%s: %q, want %q", c.Name(), c.Unsupported, want)
		}
	}
}

// A run that is resumed finds the supervisor again, also that of the user's own command with
// the user's own arguments.
func TestSupervisorIsAskedAgain(t *testing.T) {
	reg := registryWith(t, targets.Command{Words: []string{"/bin/toy", "{port}", "{args}"}, App: targets.AppBuiltin})
	cells, err := Choose(reg, Selection{Scenarios: []string{"wedge", "kill-master"}}, nil)
	if err == nil {
		cells, err = WithArgs(cells, []string{"--x"})
	}
	if err == nil {
		cells, err = Part{Supervisor: "supervisord"}.With(reg, cells)
	}
	if err != nil {
		t.Fatal(err)
	}
	asked, err := Asked(cells, 2, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := FromAsked(reg, *asked)
	if err != nil || !slices.Equal(names(again), names(cells)) || again[0].Server.SupervisorName() != "supervisord" || !slices.Equal(again[0].Server.OwnArgs, []string{"--x"}) {
		t.Errorf("%q, %v; want %q", names(again), err, names(cells))
	}
}
