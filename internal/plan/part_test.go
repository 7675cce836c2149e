package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A server has a front or a supervisor. Both at once are an error, however the user asks for
// them.
func TestFrontAndSupervisor(t *testing.T) {
	reg := registry(t)
	for _, tt := range []struct {
		server string
		part   Part
		want   string
	}{
		{"gunicorn", Part{Front: "nginx", Supervisor: "runit"}, "--front nginx and --supervisor runit: a server has one front or one supervisor, and not two of these; leave out one of them"},
		{"gunicorn+nginx", Part{Supervisor: "runit"}, "--supervisor runit: gunicorn+nginx has a front already; a server has one front or one supervisor: leave out --supervisor"},
		{"gunicorn+runit", Part{Front: "nginx"}, "--front nginx: gunicorn+runit has a supervisor already; a server has one front or one supervisor: leave out --front"},
		{"gunicorn+nginx+runit", Part{}, "gunicorn+nginx+runit: a server has one front or one supervisor, and not two of these; for example: gunicorn+nginx"},
		{"gunicorn+runit+nginx/default", Part{}, "gunicorn+runit+nginx: a server has one front or one supervisor"},
	} {
		if _, err := Cells(reg, Selection{Servers: []string{"gunicorn+*+*"}}); !errors.Is(err, bench.ErrNothingSelected) || !strings.Contains(err.Error(), "--server *+* matches nothing; known: apache, daemontools") {
			t.Errorf("two globs: %v", err)
		}
		cells, err := Cells(reg, Selection{Servers: []string{tt.server}, Scenarios: []string{"wedge"}})
		if err == nil {
			_, err = tt.part.With(reg, cells)
		}
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s with %+v: %v, want %s", tt.server, tt.part, err, tt.want)
		}
	}
	if _, err := Cells(reg, Selection{Servers: []string{"gunicorn+*+*"}}); !errors.Is(err, bench.ErrNothingSelected) || !strings.Contains(err.Error(), "--server *+* matches nothing; known: apache, daemontools") {
		t.Errorf("two globs: %v", err)
	}
	cells, err := Cells(reg, Selection{Servers: []string{"gunicorn+nginx", "gunicorn+runit"}, Profiles: []string{"default"}, Scenarios: []string{"wedge", "kill-master"}})
	want := []string{"gunicorn+nginx/default/wedge-1pct", "gunicorn+nginx/default/kill-master", "gunicorn+runit/default/wedge-1pct", "gunicorn+runit/default/kill-master"}
	if err != nil || !slices.Equal(names(cells), want) || cells[0].SameTarget(cells[2]) || !cells[0].SameTarget(cells[1]) {
		t.Errorf("both in one run: %q, %v; want %q", names(cells), err, want)
	}
}
