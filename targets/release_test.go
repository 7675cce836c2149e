package targets

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A range is the newest release in it, in the same environment as that release itself.
func TestInstallARange(t *testing.T) {
	installers(t, func(t *testing.T) {
		usesIndex(t, packageIndex(t, "0.9.0", "1.0.0", "1.0.5", "1.1.0", "2.0.0", "2.1.0rc1"))
		one, err := Install(t.Context(), toyRelease("1.0.5"))
		if err != nil {
			t.Fatal(err)
		}
		in, err := Install(t.Context(), toyRelease(">=1,<1.1"))
		if err != nil {
			t.Fatal(err)
		}
		if in.Version != "1.0.5" || in.Env != one.Env || in.Release != (Release{Asked: ">=1,<1.1", Version: "1.0.5"}) {
			t.Errorf("a range is %+v, 1.0.5 has %s", in, one.Env)
		}
		for asked, want := range map[string]string{"~=1.0.0": "1.0.5", VersionPrevious: "1.0.5", "latest": "2.0.0", ">=2.1rc1": "2.1.0rc1"} {
			f, err := Foresee(t.Context(), toyRelease(asked))
			if err != nil || f.Release.Version != want || f.Needs.Python[0] != "toy=="+want || f.Complete != (want == "1.0.5") {
				t.Errorf("%s is %+v, %v; want %s", asked, f, err, want)
			}
		}
		for asked, near := range map[string]string{">=3": "the newest is 2.", "<0.1": "the newest is 2."} {
			_, err := Foresee(t.Context(), toyRelease(asked))
			wantUsage(t, err, "the package index has no toy"+asked+" for this Python; "+near)
		}
	})
}

// Without an index, what is installed is used: an exact version without a word, a range with
// one. Nothing else can be installed, and the error names what can be used.
func TestInstallWithoutAnIndex(t *testing.T) {
	installers(t, func(t *testing.T) {
		usesIndex(t, packageIndex(t, "1.0.0", "1.0.5", "1.1.0", "2.0.0"))
		for _, version := range []string{"1.0.0", "1.0.5"} {
			if _, err := Install(t.Context(), toyRelease(version)); err != nil {
				t.Fatal(err)
			}
		}
		away := closedPort(t)
		t.Setenv("PIP_INDEX_URL", away)
		t.Setenv("UV_DEFAULT_INDEX", away)
		var said []string
		install := func(version string) (*Installation, error) {
			opts := toyRelease(version)
			said, opts.Progress = nil, func(s string) { said = append(said, s) }
			return Install(t.Context(), opts)
		}
		if in, err := install("1.0.0"); err != nil || in.Version != "1.0.0" || len(said) > 0 {
			t.Errorf("installed already: %+v, %v, said %q", in, err, said)
		}
		in, err := install(">=1,<3")
		if err != nil || in.Version != "1.0.5" || in.Release.Unasked != "the package index cannot be reached" {
			t.Errorf("a range: %+v, %v", in, err)
		}
		if len(said) != 1 || said[0] != "toy is 1.0.5, the newest of >=1,<3 that is installed: the package index cannot be reached" {
			t.Errorf("said %q", said)
		}
		_, err = install(">=2")
		wantEnvironment(t, err, "which toy is the newest of >=2 is not known: the package index cannot be reached; check the network")
		if !strings.HasSuffix(err.Error(), "there is what is installed: toy@1.0.5, toy@1.0.0") {
			t.Errorf("%v", err)
		}
		_, err = install("2.0.0")
		wantEnvironment(t, err, "installing toy: the package index cannot be reached")
		if !strings.Contains(err.Error(), "toy@1.0.5, toy@1.0.0") {
			t.Errorf("%v", err)
		}

		f, err := Foresee(t.Context(), toyRelease("<2"))
		if err != nil || !f.Complete || f.Release.Version != "1.0.5" {
			t.Errorf("foreseen: %+v, %v", f, err)
		}
		f, err = Foresee(t.Context(), toyRelease(">=2"))
		if err != nil || f.Complete || exists(f.Env) || !strings.HasPrefix(f.Release.Words(), "not known which is the newest of >=2: the package index") {
			t.Errorf("foreseen: %+v, %v", f, err)
		}
	})
}

// All targets of a run have the same release, whatever the index says meanwhile.
func TestReleasesAreAskedForOnce(t *testing.T) {
	t.Setenv("PATH", "/usr/bin:/bin")
	usesIndex(t, packageIndex(t, "1.0.0"))
	var known Releases
	opts := toyRelease("<1.1")
	opts.Releases = &known
	for range 2 {
		f, err := opts.resolve(t.Context(), opts.Server.Profiles["default"], "<1.1", interpreter{path: "/usr/bin/python3"}, "")
		if err != nil || f.Version != "1.0.0" || f.Unasked != "" {
			t.Errorf("%+v, %v", f, err)
		}
		t.Setenv("PIP_INDEX_URL", closedPort(t))
	}
}

// The index that this machine is set up to use knows gunicorn.
func TestRangeOfTheRealIndex(t *testing.T) {
	if testing.Short() {
		t.Skip("asks the package index")
	}
	r, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Lookup("gunicorn")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(CacheVariable, t.TempDir())
	opts := InstallOptions{Server: s, Profile: "default", Version: ">=22,<24", Run: supervised}
	f, err := Foresee(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if f.Release.Unasked != "" {
		t.Skip(f.Release.Unasked)
	}
	if f.Release.Version != "23.0.0" || f.Needs.Python[0] != "gunicorn==23.0.0" { // there will be no other 23
		t.Errorf("%+v", f)
	}
	opts.Version = "22.0.99"
	_, err = new(Outlook).CheckRelease(t.Context(), opts)
	wantUsage(t, err, "the package index has no gunicorn==22.0.99 for this Python; the newest is ")
	if !strings.Contains(err.Error(), "23.0.0, 22.0.0") { // the next two
		t.Errorf("%v", err)
	}
}

// An npm and a go that know a tool in three versions, and install nothing.
const (
	fakeNpm = `case "$*" in
*nowhere*) echo "npm error code ECONNREFUSED"; echo "npm error FetchError: request failed"; exit 1 ;;
*"view @a/tool versions"*) echo '["1.0.0","1.2.0","2.0.0"]' ;;
*@a/tool@9*) echo "npm error code ETARGET"; echo "npm error notarget No matching version found for @a/tool@9.0.0."; exit 1 ;;
esac`
	fakeGo = `case "$*" in
*nowhere*) echo "go: module example.net/nowhere: dial tcp: connect: connection refused"; exit 1 ;;
"list -m -versions example.org/mod") echo "example.org/mod v1.0.0 v1.2.0 v2.0.0-rc.1" ;;
"list -m"*) echo "go: unrecognized import path"; exit 1 ;;
*@v9*) echo "go: example.org/mod/cmd/tool@v9.0.0: unknown revision v9.0.0"; exit 1 ;;
esac`
)

// Packages of npm and programs in Go have versions and ranges too.
func TestVersionsOfNpmAndGo(t *testing.T) {
	for _, tt := range []struct {
		program, script string
		needs, away     Requirements
		index           string
		versions        map[string]string // asked for -> what is installed
		none            string            // the error of version 9.0.0
	}{
		{
			"npm", fakeNpm, Requirements{Npm: []string{"@a/tool@{version}", "other@1.0.0"}}, Requirements{Npm: []string{"nowhere@{version}"}}, "the npm registry",
			map[string]string{"1.0.0": "@a/tool@1.0.0", "^1": "@a/tool@1.2.0", "previous": "@a/tool@1.0.0", "latest": "@a/tool@2.0.0", "1.x": "@a/tool@1.2.0"},
			"the npm registry has no @a/tool@9.0.0; the newest is 2.0.0",
		},
		{
			"go", fakeGo, Requirements{Go: []string{"example.org/mod/cmd/tool@v{version}"}}, Requirements{Go: []string{"example.net/nowhere@v{version}"}}, "the Go module proxy",
			map[string]string{"1.0.0": "example.org/mod/cmd/tool@v1.0.0", "v1.0.0": "example.org/mod/cmd/tool@v1.0.0", ">=1,<2": "example.org/mod/cmd/tool@v1.2.0", "previous": "example.org/mod/cmd/tool@v1.0.0"},
			"the Go module proxy has no example.org/mod/cmd/tool@v9.0.0; the newest is v2.0.0-rc.1",
		},
	} {
		t.Run(tt.program, func(t *testing.T) {
			toolEnvironment(t, tt.program, tt.script)
			s := toyServer("")
			s.Install, s.Version, s.VersionCommand = tt.needs, "1.2.0", nil
			install := func(version string) (*Installation, error) {
				return Install(t.Context(), InstallOptions{Server: s, Profile: "default", Version: version, Run: supervised})
			}
			for asked, want := range tt.versions {
				in, err := install(asked)
				if err != nil {
					t.Errorf("%s: %v", asked, err)
					continue
				}
				if made := read(t, filepath.Join(in.Env, completeMarker)); !strings.Contains(made, fmt.Sprintf("%q", want)) {
					t.Errorf("%s: made of %s, want %s", asked, made, want)
				}
			}
			_, err := install("9.0.0")
			wantUsage(t, err, tt.none)
			_, err = install(">=9")
			wantUsage(t, err, tt.index+" has no ")

			s.Install = tt.away
			_, err = install("1.0.0")
			wantEnvironment(t, err, "installing toy: "+tt.index+" cannot be reached")
			_, err = install(">=1")
			wantEnvironment(t, err, "which ")
			if !strings.Contains(err.Error(), tt.index+" cannot be reached; check the network") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A server with one version says which.
func TestOneVersion(t *testing.T) {
	d := newFakeDebian(t, "exit 1", "exit 1")
	policy := "#!/bin/sh\nprintf 'toy-server:\\n  Installiert:           (keine)\\n  Installationskandidat: 2:1.2-3\\n  Versionstabelle:\\n     2:1.2-3 500\\nlib-a:\\n  Installiert:           4.5\\n  Installationskandidat: 4.6\\n  Versionstabelle:\\n'\n"
	if err := os.WriteFile(filepath.Join(d.dir, "apt-cache"), []byte(policy), 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := Load(LoadOptions{Command: Command{Words: []string{"/bin/true", "{port}"}}})
	if err != nil {
		t.Fatal(err)
	}
	debian := &Server{Name: "toy", Install: Requirements{Apt: []string{"toy-server", "lib-a"}}}
	of := func(name string) *Server {
		s, err := r.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, tt := range []struct {
		server *Server
		want   string
	}{
		{debian, "toy has no versions to choose from: there is one, Debian's (toy-server 2:1.2-3, lib-a 4.5); leave out @1.0"},
		{of("wsgiref"), "wsgiref has no versions to choose from: there is one, that of the Python that runs it; leave out @1.0; --python chooses the Python"},
		{of("reference"), "reference has no versions to choose from: there is one, benchrun's own; leave out @1.0"},
		{of(CommandServer), "custom has no versions to choose from: there is one, what its command starts; leave out @1.0"},
	} {
		err := tt.server.CheckVersion("1.0")
		var usage *bench.UsageError
		if !errors.As(err, &usage) || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}
