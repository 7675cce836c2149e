package targets

import (
	"os"
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

// An outlook asks an interpreter once for each user, and Debian once for each package. The
// next outlook asks again.
func TestOutlookAsksOnce(t *testing.T) {
	d := newFakeDebian(t, installAll, "exit 1")
	query := write(t, d.dir, "dpkg-query", "#!/bin/sh\nshift 3; echo dpkg-query $* >>"+d.dir+"/calls; for p; do echo $p installed; done\n")
	python := write(t, d.dir, "python", "#!/bin/sh\necho python >>"+d.dir+"/calls; printf '/usr/bin/python3\\n3.11.2\\ncpython-311\\n'\n")
	for _, program := range []string{query, python} {
		if err := os.Chmod(program, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	one, two := toyServer("/nowhere/toy.whl"), toyServer("/nowhere/toy.whl")
	one.Install, two.Install = Requirements{Apt: []string{"lib-a", "lib-b"}}, Requirements{Apt: []string{"lib-b", "lib-c"}}
	for range 2 {
		var ahead Outlook
		for _, s := range []*Server{one, two, one} {
			f, err := ahead.Foresee(t.Context(), InstallOptions{Server: s, Profile: "default", Python: python, Run: supervised})
			if err != nil || !f.Complete || f.Interpreter != Interpreter("3.11.2", "/usr/bin/python3") {
				t.Errorf("%+v, %v", f, err)
			}
		}
	}
	once := "dpkg-query lib-a lib-b\npython\ndpkg-query lib-c\n"
	if calls := d.calls(t); calls != once+once {
		t.Errorf("calls:\n%s", calls)
	}
}
