package targets

import (
	"path/filepath"
	"testing"
)

// A server that needs only Debian packages is complete if they are installed.
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
	t.Setenv("PATH", filepath.Join(d.dir, "none")) // not Debian, so benchrun assumes that they are installed
	opts.Python = "/usr/bin/python3"
	if f, err := Foresee(t.Context(), opts); err != nil || !f.Complete {
		t.Errorf("no Debian: %+v, %v", f, err)
	}
}
