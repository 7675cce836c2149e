package targets

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"benchrun/internal/bench"
)

func TestNeeds(t *testing.T) {
	reg, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		server, profile, version string
		python                   bool
		pip                      string
	}{
		{"reference", "default", "", false, ""},
		{"wsgiref", "default", "", true, ""},
		{"waitress", "default", "3.0.1", true, "waitress==3.0.1"},
	} {
		s, err := reg.Lookup(tt.server)
		if err != nil {
			t.Fatal(err)
		}
		needs, python, err := s.Needs(tt.profile, tt.version)
		if err != nil || python != tt.python || tt.pip != "" && !slices.Contains(needs.Python, tt.pip) || tt.pip == "" && len(needs.Python) > 0 {
			t.Errorf("%s/%s: %v, python %v, %v", tt.server, tt.profile, needs, python, err)
		}
	}
	s, _ := reg.Lookup("wsgiref")
	var usage *bench.UsageError
	if _, _, err := s.Needs("default", "3.0"); !errors.As(err, &usage) {
		t.Errorf("a version that cannot be chosen: %v", err)
	}
	if _, _, err := s.Needs("no-such-profile", ""); !errors.As(err, &usage) {
		t.Errorf("an unknown profile: %v", err)
	}
}

func TestMissingPackages(t *testing.T) {
	missing, command, debian := MissingPackages(t.Context(), []string{"base-files", "no-such-package-at-all"})
	if !debian {
		t.Skip("no Debian: dpkg-query is not there")
	}
	if !slices.Equal(missing, []string{"no-such-package-at-all"}) || command == "" {
		t.Errorf("missing %v, command %q", missing, command)
	}
}

func TestFindPythonAndItsEnvironments(t *testing.T) {
	path, version, err := FindPython(t.Context(), supervised, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(path) || version == "" {
		t.Errorf("path %q, version %q", path, version)
	}
	if _, _, err := FindPython(t.Context(), supervised, "/nowhere/python3", nil); err == nil {
		t.Error("an interpreter that is not there was found")
	}
	t.Setenv("PATH", t.TempDir()) // no uv
	if maker, err := EnvironmentMaker(t.Context(), supervised, "/bin/false"); err == nil {
		t.Errorf("/bin/false makes environments by %q", maker)
	}
}

func TestReaches(t *testing.T) {
	open := t.TempDir()
	if err := Reaches(t.Context(), supervised, nil, open); err != nil {
		t.Error(err)
	}
	if err := Reaches(t.Context(), supervised, nil, filepath.Join(open, "absent")); err == nil {
		t.Error("a folder that is not there can be entered")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can ask for somebody else")
	}
	shut := filepath.Join(open, "shut")
	if err := os.Mkdir(shut, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Reaches(t.Context(), supervised, &RunAs{Name: "nobody", UID: 65534, GID: 65534}, shut); err == nil {
		t.Error("nobody can enter a folder of root's that is closed to others")
	}
}
