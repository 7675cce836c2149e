package targets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeDebian puts dpkg-query, apt-get and sudo on PATH: a Debian in a folder, where each
// installed package is a file. Each call of apt-get and sudo adds a line to calls.
type fakeDebian struct {
	dir string
}

func newFakeDebian(t *testing.T, aptGet, sudo string) fakeDebian {
	t.Helper()
	d := fakeDebian{t.TempDir()}
	t.Setenv("PATH", d.dir+":/usr/bin:/bin")
	for name, script := range map[string]string{
		"dpkg-query": `for p; do ! test -e "$FAKE/$p.deb" || echo "$p installed"; done; exit 1`,
		"apt-get":    `echo "apt-get $*" >>"$FAKE/calls"; ` + aptGet,
		"sudo":       `echo "sudo $*" >>"$FAKE/calls"; ` + sudo,
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte("#!/bin/sh\nFAKE="+d.dir+"\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// installAll is an apt-get that works: it installs the packages of its command line.
const installAll = `for p; do case $p in *-*-*|-*|install) ;; *) : >"$FAKE/$p.deb" ;; esac; done; : >"$FAKE/lib-a.deb"`

func (d fakeDebian) calls(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, "calls"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	usual := append([]string{"-o", "DPkg::Lock::Timeout=120"}, withoutServices(policyFile)...)
	for i := 0; i < len(usual); i += 2 {
		// echo of sh may print a backslash and an n as the end of a line
		text = []byte(strings.NewReplacer(" -o "+usual[i+1], "", " -o "+strings.ReplaceAll(usual[i+1], `\n`, "\n"), "").Replace(string(text)))
	}
	return string(text)
}

func (d fakeDebian) need(t *testing.T, root bool, packages ...string) (progress []string, err error) {
	t.Helper()
	a := apt{root: root, cache: d.dir, progress: func(s string) { progress = append(progress, s) }}
	err = a.need(t.Context(), "toy", packages)
	return progress, err
}

const installCall = "apt-get install -y --no-install-recommends "

func TestAptInstallsOnlyWhatIsMissing(t *testing.T) {
	d := newFakeDebian(t, installAll, "exit 1")
	write(t, d.dir, "there.deb", "")
	for range 2 { // the second time there is nothing to do
		if _, err := d.need(t, true, "there", "absent", "lib-a"); err != nil {
			t.Fatal(err)
		}
	}
	calls := d.calls(t)
	if !strings.HasSuffix(calls, installCall+"absent lib-a\n") || strings.Count(calls, "install -y") != 1 {
		t.Errorf("calls:\n%s", calls)
	}
}

func TestAptUpdatesWhenInstallFails(t *testing.T) {
	d := newFakeDebian(t, `case "$*" in *update*) : >"$FAKE/fresh"; exit 0;; esac; test -e "$FAKE/fresh" || { echo "E: Unable to locate package absent"; exit 100; }; `+installAll, "exit 1")
	if _, err := d.need(t, true, "absent"); err != nil {
		t.Fatal(err)
	}
	if calls := d.calls(t); !strings.HasSuffix(calls, "apt-get update\n"+installCall+"absent\n") {
		t.Errorf("calls:\n%s", calls)
	}
}

func TestAptFailure(t *testing.T) {
	d := newFakeDebian(t, `case "$*" in *update*) exit 0;; esac; echo "E: Unable to locate package absent"; exit 100`, "exit 1")
	_, err := d.need(t, true, "absent")
	wantEnvironment(t, err, "installing the Debian packages of toy failed: E: Unable to locate package absent (exit status 100); the log is "+d.dir)
	if !strings.HasSuffix(err.Error(), "by hand: sudo "+installCall+"absent") {
		t.Errorf("%q does not end with the command to run", err)
	}
}

func TestAptAsAnOrdinaryUser(t *testing.T) {
	d := newFakeDebian(t, installAll, `echo "sudo: a password is required" >&2; exit 1`)
	_, err := d.need(t, false, "absent", "more")
	wantEnvironment(t, err, "toy needs Debian packages that are not installed; run: sudo "+installCall+"absent more")
	if calls := d.calls(t); calls != "sudo -n true\n" {
		t.Errorf("calls:\n%s", calls)
	}

	d = newFakeDebian(t, installAll, `shift; exec "$@"`)
	if _, err := d.need(t, false, "absent"); err != nil {
		t.Fatal(err)
	}
	if calls := d.calls(t); !strings.Contains(calls, "sudo -n env DEBIAN_FRONTEND=noninteractive "+installCall+"absent\n") {
		t.Errorf("calls:\n%s", calls)
	}
}

func TestAptOnAnotherSystem(t *testing.T) {
	d := newFakeDebian(t, "exit 1", "exit 1")
	if err := os.Remove(filepath.Join(d.dir, "dpkg-query")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", d.dir)
	progress, err := d.need(t, true, "absent")
	if err != nil || len(progress) != 1 || !strings.Contains(progress[0], "toy needs absent") {
		t.Errorf("progress %q, error %v", progress, err)
	}
	if calls := d.calls(t); calls != "" {
		t.Errorf("calls:\n%s", calls)
	}
}
