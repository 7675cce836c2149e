package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// --front and the name of a pair select the same cells, which are those of another target.
func TestFront(t *testing.T) {
	reg := registry(t)
	alone, err := Cells(reg, Selection{Servers: []string{"gunicorn@23.0.0"}, Profiles: []string{"default"}, Scenarios: []string{"wedge", "slow-upload"}})
	if err != nil {
		t.Fatal(err)
	}
	with, err := Part{Front: "nginx"}.With(reg, alone)
	if err != nil {
		t.Fatal(err)
	}
	named, err := Cells(reg, Selection{Servers: []string{"gunicorn+nginx@23.0.0"}, Profiles: []string{"default"}, Scenarios: []string{"wedge", "slow-upload"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"gunicorn+nginx/default/wedge-1pct", "gunicorn+nginx/default/slow-upload-1pct"}
	if !slices.Equal(names(with), want) || !slices.Equal(names(named), want) || with[0].Launch() != named[0].Launch() {
		t.Errorf("%q and %q, want %q", names(with), names(named), want)
	}
	if with[0].SameTarget(alone[0]) || with[0].Target() == alone[0].Target() || alone[0].Server.Front != nil || named[0].TargetWords() != "gunicorn+nginx/default@23.0.0" {
		t.Errorf("%s and %s", with[0].Target(), alone[0].Target())
	}
	if same, err := (Part{}).With(reg, alone); err != nil || !slices.Equal(names(same), names(alone)) {
		t.Errorf("no front: %q, %v", names(same), err)
	}
}

// A glob means servers without a front, unless it names fronts.
func TestFrontGlobs(t *testing.T) {
	reg := registry(t)
	for _, tt := range []struct {
		servers []string
		want    []string
	}{
		{[]string{"waitress*"}, []string{"waitress"}},
		{[]string{"waitress+*"}, []string{"waitress+apache", "waitress+daemontools", "waitress+haproxy", "waitress+nginx", "waitress+runit", "waitress+s6", "waitress+supervisord"}},
		{[]string{"waitress+*[xey]"}, []string{"waitress+apache", "waitress+haproxy", "waitress+nginx"}},
		{[]string{"waitress,waitress+nginx", "waitress+nginx"}, []string{"waitress", "waitress+nginx"}},
	} {
		cells, err := Cells(reg, Selection{Servers: tt.servers, Profiles: []string{"default"}, Scenarios: []string{"wedge"}})
		var got []string
		for _, c := range cells {
			got = append(got, c.Server.Name)
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q selects %q, %v; want %q", tt.servers, got, err, tt.want)
		}
	}
	all, err := Cells(reg, Selection{Servers: []string{"*"}, Scenarios: []string{"wedge"}})
	if err != nil || slices.ContainsFunc(all, func(c Cell) bool { return c.Server.PartKind() != "" }) {
		t.Errorf("* selects a front or supervisor; %v", err)
	}
}

func TestFrontThatCannotBe(t *testing.T) {
	reg := registry(t)
	var usage *bench.UsageError
	for _, tt := range []struct{ server, front, want string }{
		{"gunicorn", "ngnix", `unknown front "ngnix"; did you mean "nginx"?`},
		{"gunicorn+ngnix", "", `unknown front or supervisor "ngnix"; did you mean "nginx"?`},
		{"nginx", "", `unknown server "nginx": it is a front, which goes before a server; for example: --server gunicorn+nginx`},
		{"gunicron+nginx", "", `unknown server "gunicron"; did you mean "gunicorn"?`},
		{"gunicorn+haproxy", "nginx", "--front nginx: gunicorn+haproxy has a front already"},
		{"gunicorn+haproxy", "haproxy", "--front haproxy: gunicorn+haproxy has a front already"},
	} {
		cells, err := Cells(reg, Selection{Servers: []string{tt.server}, Scenarios: []string{"wedge"}})
		if err == nil {
			_, err = Part{Front: tt.front}.With(reg, cells)
		}
		if !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s with %q: %v, want %s", tt.server, tt.front, err, tt.want)
		}
	}
}

// How the server itself ends is not to be seen through a front, nor its idle timeout if that of
// the front is long. All else is asked of the pair.
func TestFrontNeeds(t *testing.T) {
	cells, err := Cells(registry(t), Selection{Servers: []string{"gunicorn", "gunicorn+nginx", "gunicorn+apache"}, Profiles: []string{"hardened"}})
	if err != nil {
		t.Fatal(err)
	}
	n := len(cells) / 3
	for i, c := range cells[n:] {
		traits, want, alone := c.Scenario.Family.Traits, "", cells[i%n].Unsupported
		switch {
		case traits.Expects == bench.ExpectsEnd:
			want = c.Server.Name + ": clients have their connections with " + c.Server.Front.Title
		case traits.Reuses != "" && c.Server.FrontName() == "nginx": // Apache closes idle connections soon
			want = "gunicorn+nginx: nginx closes an idle connection only after 75 s"
		}
		if !strings.HasPrefix(c.Unsupported, want) || want == "" && (c.Unsupported == "") != (alone == "") {
			t.Errorf("%s: %q, want %q; without a front %q", c.Name(), c.Unsupported, want, alone)
		}
	}
}

// A run that is resumed finds the front again, also before the user's own command and with
// the user's own arguments.
func TestFrontIsAskedAgain(t *testing.T) {
	reg := registryWith(t, targets.Command{Words: []string{"/bin/toy", "{port}", "{args}"}, App: targets.AppBuiltin})
	cells, err := Choose(reg, Selection{Scenarios: []string{"wedge", "graceful-stop"}}, nil)
	if err == nil {
		cells, err = Part{Front: "haproxy"}.With(reg, cells)
	}
	if err == nil {
		cells, err = WithArgs(cells, []string{"--x"})
	}
	if err != nil {
		t.Fatal(err)
	}
	asked, err := Asked(cells, 2, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := FromAsked(registryWith(t, targets.Command{Words: asked.ServerCmd, App: targets.AppKind(asked.AppKind)}), *asked)
	if err != nil || !slices.Equal(names(again), names(cells)) || again[0].Server.FrontName() != "haproxy" || again[0].Launch() != cells[0].Launch() || again[1].Unsupported != cells[1].Unsupported {
		t.Errorf("%q, %v; want %q", names(again), err, names(cells))
	}
	if again[1].Unsupported == "" {
		t.Errorf("%s is supported", again[1].Name())
	}
}
