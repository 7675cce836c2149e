package doctor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/targets"
)

func wanted(t *testing.T, servers ...string) Wanted {
	t.Helper()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w := Wanted{Out: t.TempDir(), Version: "test"}
	for _, name := range servers {
		s, err := reg.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Targets = append(w.Targets, Target{Server: s, Profile: targets.ProfileDefault})
	}
	return w
}

func find(t *testing.T, checks []Check, name string) Check {
	t.Helper()
	i := slices.IndexFunc(checks, func(c Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no check %s in %v", name, checks)
	}
	return checks[i]
}

// On any machine, every part is examined, each check is
// whole, and what is not ok comes with what to do. The machine that runs the
// tests can run the reference server.
func TestThisMachine(t *testing.T) {
	checks, err := Examine(t.Context(), wanted(t, "reference", "wsgiref"))
	if err != nil {
		t.Fatal(err)
	}
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	for _, c := range checks {
		if !kebab.MatchString(c.Name) || seen[c.Name] {
			t.Errorf("name %q is not kebab-case or is there twice", c.Name)
		}
		seen[c.Name] = true
		if c.Text == "" || strings.ContainsRune(c.Text, '\n') {
			t.Errorf("%s: text %q", c.Name, c.Text)
		}
		if c.State != OK && c.Fix == "" {
			t.Errorf("%s is %s, and nothing is said about it", c.Name, c.State)
		}
	}
	for _, name := range []string{"supervision", "limits", "user", "scratch-folder", "leftovers", "python", "packages", "database",
		"cache-folder", "memory", "disk-results", "disk-scratch", "cpus", "load", "stalls", "open-files", "ports"} {
		if !seen[name] {
			t.Errorf("%s was not looked at", name)
		}
	}
	if err := Verdict(checks); err != nil {
		t.Error(err)
	}
	if c := find(t, checks, "python"); !strings.Contains(c.Text, "wsgiref") || strings.Contains(c.Text, "reference") {
		t.Errorf("whom Python is for: %s", c.Text)
	}
	var out bytes.Buffer
	if err := Write(&out, checks); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n < len(checks) {
		t.Errorf("%d lines for %d checks", n, len(checks))
	}
}

// What is broken on purpose is found, and is bad.
func TestBrokenMachine(t *testing.T) {
	w := wanted(t, "wsgiref")
	w.Python = "/nowhere/python3"
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(targets.CacheVariable, file)
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "absent"))
	checks, err := Examine(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"python", "cache-folder", "scratch-folder", "supervision"} {
		if c := find(t, checks, name); c.State != Bad || c.Fix == "" {
			t.Errorf("%s is %s: %s; fix %q", name, c.State, c.Text, c.Fix)
		}
	}
	var env *bench.EnvironmentError
	if err := Verdict(checks); !errors.As(err, &env) || !strings.Contains(err.Error(), "python") {
		t.Errorf("the verdict is %v", err)
	}
}

// A cache that the servers' user cannot enter is of no use.
func TestClosedCache(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs servers as somebody else")
	}
	shut := filepath.Join(t.TempDir(), "shut")
	if err := os.Mkdir(shut, 0o700); err != nil {
		t.Fatal(err)
	}
	programs := place.BareHost(&launch.User{Name: "nobody", UID: 65534, GID: 65534})
	c := lookCache(t.Context(), &patient{cache: shut, run: programs.RunProgram, runAs: &targets.RunAs{Name: "nobody", UID: 65534, GID: 65534}})
	if c[0].State != Bad || !strings.Contains(c[0].Fix, targets.CacheVariable) {
		t.Errorf("%+v", c)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if checks, err := Examine(ctx, wanted(t, "reference")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", checks, err)
	}
}

// A target is examined once, however many of its cells are selected, and not at all if
// none of them can be measured.
func TestTargetsOf(t *testing.T) {
	a, b := &targets.Server{Name: "a"}, &targets.Server{Name: "b"}
	got := TargetsOf([]plan.Cell{
		{Server: a, Profile: "p", Unsupported: "no workers"}, {Server: a, Profile: "p"}, {Server: a, Profile: "p"}, {Server: a, Profile: "p", Version: "1"},
		{Server: b, Profile: "p", Unsupported: "no workers"},
	})
	if want := []Target{{a, "p", ""}, {a, "p", "1"}}; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
