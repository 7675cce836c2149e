package targets

import (
	"path/filepath"
	"testing"
)

// A server that needs nothing but Debian packages is there when they are.
func TestForeseeLooksAtDebianPackages(t *testing.T) {
	d := newFakeDebian(t, installAll, "exit 1")
	s := toyServer("/nowhere/toy.whl")
	s.Install = Requirements{Apt: []string{"toy-server"}}
	opts := InstallOptions{Server: s, Profile: "default", Run: supervised}
	if f, err := Foresee(t.Context(), opts); err != nil || f.Complete {
		t.Errorf("complete without its package: %+v, %v", f, err)
	}
	write(t, d.dir, "toy-server.deb", "")
	if f, err := Foresee(t.Context(), opts); err != nil || !f.Complete {
		t.Errorf("not complete with it: %+v, %v", f, err)
	}
	t.Setenv("PATH", filepath.Join(d.dir, "none")) // no Debian: taken to be there
	opts.Python = "/usr/bin/python3"
	if f, err := Foresee(t.Context(), opts); err != nil || !f.Complete {
		t.Errorf("no Debian: %+v, %v", f, err)
	}
}
