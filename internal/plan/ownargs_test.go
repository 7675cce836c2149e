package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func registryWith(t *testing.T, c targets.Command) *targets.Registry {
	t.Helper()
	reg, err := targets.Load(targets.LoadOptions{Command: c})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// A run that is resumed finds its cells again, with the user's command and arguments; with
// other arguments they would be other cells.
func TestOwnCommandAndArgsAreAskedAgain(t *testing.T) {
	command := targets.Command{Words: []string{"/bin/toy", "{port}", "{args}"}, App: targets.AppBuiltin}
	reg := registryWith(t, command)
	cells, err := Choose(reg, Selection{Scenarios: []string{"wedge"}}, nil)
	if err != nil || len(cells) != 1 || cells[0].Server.Name != targets.CommandServer {
		t.Fatalf("%+v, %v", cells, err)
	}
	cells, err = WithArgs(cells, []string{"--x", "a b"})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := Asked(cells, 2, "", nil)
	if err != nil || !slices.Equal(asked.ServerCmd, command.Words) || asked.AppKind != "builtin" || !slices.Equal(asked.Args, []string{"--x", "a b"}) {
		t.Fatalf("%+v, %v", asked, err)
	}
	again, err := FromAsked(registryWith(t, targets.Command{Words: asked.ServerCmd, App: targets.AppKind(asked.AppKind)}), *asked)
	if err != nil || len(again) != 1 || again[0].Name() != cells[0].Name() || again[0].Launch() != cells[0].Launch() || again[0].Unsupported != "" {
		t.Errorf("%+v, %v", again, err)
	}
	source := again[0].Source("")
	if !slices.Equal(source.ServerCmd, command.Words) || source.AppKind != "builtin" || !slices.Equal(source.Args, []string{"--x", "a b"}) || source.ServerFile != "" {
		t.Errorf("%+v", source)
	}
	asked.Args = []string{"--y"}
	if _, err := FromAsked(reg, *asked); err == nil {
		t.Error("other arguments went unseen")
	}
}

// Cells with arguments are of another target, so they share no probe with those without.
func TestArgsMakeAnotherTarget(t *testing.T) {
	reg := registryWith(t, targets.Command{})
	cells, err := Cells(reg, Selection{Servers: []string{"gunicorn/equal8"}, Scenarios: []string{"wedge"}})
	if err != nil || len(cells) != 1 {
		t.Fatalf("%+v, %v", cells, err)
	}
	with, err := WithArgs(cells, []string{"--workers=3"})
	if err != nil || with[0].Target() == cells[0].Target() || with[0].Launch() == cells[0].Launch() || with[0].SameTarget(cells[0]) || cells[0].Profile != "equal8" {
		t.Errorf("%+v, %v", with, err)
	}
	two, err := Cells(reg, Selection{Servers: []string{"gunicorn/equal8", "waitress/equal8"}, Scenarios: []string{"wedge"}})
	if err != nil {
		t.Fatal(err)
	}
	var usage *bench.UsageError
	if _, err := WithArgs(two, []string{"-x"}); !errors.As(err, &usage) || !strings.Contains(err.Error(), "these are 2: gunicorn, waitress") {
		t.Error(err)
	}
}
