package targets

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// cachedToy installs toy with a fake installer.
func cachedToy(t *testing.T) (in *Installation, count string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	count = fakeUV(t, unpackWheel)
	in, err := Install(t.Context(), InstallOptions{Server: toyServer(toyWheel(t, dir, "1.2.3")), Profile: "default", Run: supervised})
	if err != nil {
		t.Fatal(err)
	}
	return in, count
}

func cached(t *testing.T) []CachedEnvironment {
	t.Helper()
	all, _, err := Cached(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// An environment is listed with what the server said, and is not removed while somebody
// uses it.
func TestCachedEnvironments(t *testing.T) {
	in, _ := cachedToy(t)
	all := cached(t)
	if len(all) != 1 {
		t.Fatalf("cached: %+v", all)
	}
	e := all[0]
	if e.Name() != "toy@1.2.3" || e.Python != in.PythonVersion || e.Path != in.Env || !e.Complete || !e.InUse || e.Bytes < 1000 || time.Since(e.Used) > time.Minute {
		t.Errorf("cached: %+v", e)
	}
	if removed, err := e.Remove(); removed || err != nil || !exists(filepath.Join(in.Env, completeMarker)) {
		t.Errorf("removed while it is in use: %v, %v", removed, err)
	}
	if err := in.using.Close(); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-72 * time.Hour)
	if err := os.Chtimes(in.Env+useSuffix, long, long); err != nil {
		t.Fatal(err)
	}
	if e = cached(t)[0]; e.InUse || time.Since(e.Used) < 71*time.Hour {
		t.Errorf("after it was used: %+v", e)
	}
	again, err := Install(t.Context(), InstallOptions{Server: toyServer(in.Server.Install.Python[0]), Profile: "default", Run: supervised})
	if err != nil || time.Since(cached(t)[0].Used) > time.Minute {
		t.Errorf("used again: %+v, %v", cached(t), err)
	}
	if err := again.using.Close(); err != nil {
		t.Fatal(err)
	}
	if removed, err := e.Remove(); !removed || err != nil || exists(in.Env) || len(cached(t)) > 0 {
		t.Errorf("not removed: %v, %v", removed, err)
	}
	for word, is := range map[string]bool{"toy": true, "to*": true, "toy@1.2.3": true, "toy@1*": true, filepath.Base(e.Path): true, "to": false, "toy@1.2": false, "[": false} {
		if e.Is(word) != is {
			t.Errorf("%q means %s: %v", word, e.Name(), !is)
		}
	}
}

func TestCachedDownloads(t *testing.T) {
	in, _ := cachedToy(t)
	root := filepath.Dir(filepath.Dir(in.Env))
	write(t, filepath.Join(root, "pip", "cp311"), "a.whl", "four")
	write(t, filepath.Join(root, "npm"), "b", "four")
	if err := os.Link(filepath.Join(root, "npm", "b"), filepath.Join(root, "npm", "c")); err != nil { // the same file
		t.Fatal(err)
	}
	_, d, err := Cached(t.Context())
	if err != nil || d.Bytes != 8 || len(d.Paths) != 2 {
		t.Fatalf("%+v, %v", d, err)
	}
	building, err := use(t.Context(), downloadsLock(root), nil)
	if err != nil {
		t.Fatal(err)
	}
	if removed, err := d.Remove(); removed || err != nil {
		t.Errorf("removed during a build: %v, %v", removed, err)
	}
	if err := building.Close(); err != nil {
		t.Fatal(err)
	}
	if removed, err := d.Remove(); !removed || err != nil || exists(filepath.Join(root, "pip")) {
		t.Errorf("not removed: %v, %v", removed, err)
	}
}

// installerVariable has the wheel that TestInstallAndHang installs in a process of its own.
const installerVariable = "BENCHRUN_TEST_WHEEL"

func TestInstallAndHang(t *testing.T) {
	wheel := os.Getenv(installerVariable)
	if wheel == "" {
		t.Skip("it is run by TestKilledBuildIsBuiltAgain")
	}
	_, err := Install(t.Context(), InstallOptions{Server: toyServer(wheel), Profile: "default", Run: supervised})
	t.Fatal(err)
}

// A build that is killed with SIGKILL leaves an environment that is listed as such, and that
// nobody uses: the next installation builds it again.
func TestKilledBuildIsBuiltAgain(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
	half := filepath.Join(dir, "half")
	count := fakeUV(t, unpackWheel+fmt.Sprintf(`; if [ -n "$%s" ]; then echo >%q; sleep 1000; fi`, installerVariable, half))
	wheel := toyWheel(t, dir, "1.2.3")
	child := exec.Command(os.Args[0], "-test.run=^TestInstallAndHang$")
	child.Env = append(os.Environ(), installerVariable+"="+wheel)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "half an environment", func() bool { return exists(half) })
	if all := cached(t); len(all) != 1 || all[0].Complete || !all[0].InUse {
		t.Errorf("during the build: %+v", all)
	} else if removed, err := all[0].Remove(); removed || err != nil {
		t.Errorf("removed during the build: %v, %v", removed, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	waitFor(t, "the end of all that it has started", func() bool { return !cached(t)[0].InUse })
	all := cached(t)
	if len(all) != 1 || all[0].Complete || !exists(filepath.Join(all[0].Path, "bin", "python")) {
		t.Fatalf("after the build was killed: %+v", all)
	}
	write(t, all[0].Path, "junk", "of the killed build")
	in, err := Install(t.Context(), InstallOptions{Server: toyServer(wheel), Profile: "default", Run: supervised})
	if err != nil || in.Env != all[0].Path || in.Version != "1.2.3" || exists(filepath.Join(in.Env, "junk")) || lines(t, count) != 2 {
		t.Errorf("installed again: %+v, %v, built %d times", in, err, lines(t, count))
	}
}

// A build that fails because it lacks a Debian package installs it and is done again, if benchrun
// may. Otherwise the error names the package and the command, and has the end of the log.
func TestBuildWithoutAHeader(t *testing.T) {
	fail := func(lib string) string {
		return fmt.Sprintf(`[ -e "$DEBIAN/%s.deb" ] || { echo "building toy"; echo "toy.c:1:10: fatal error: %s: No such file or directory"; echo "note: not a problem with pip"; exit 1; }`,
			map[string]string{"openssl/ssl.h": "libssl-dev", "ev.h": "libev-dev", "odd.h": "none"}[lib], lib)
	}
	nobodyInstalls := func(fakeDebian) {}
	install := func(t *testing.T, script, sudo string) (*Installation, fakeDebian, []string, error) {
		t.Helper()
		dir := t.TempDir()
		t.Setenv(CacheVariable, filepath.Join(dir, "cache"))
		d := newFakeDebian(t, installAll, sudo)
		t.Setenv("DEBIAN", d.dir)
		nobodyInstalls(d)
		fakeUV(t, script+"; "+unpackWheel)
		var said []string
		in, err := Install(t.Context(), InstallOptions{
			Server: toyServer(toyWheel(t, dir, "1.0.0")), Profile: "default", Run: supervised, Progress: func(s string) { said = append(said, s) },
		})
		return in, d, said, err
	}
	t.Run("installed", func(t *testing.T) {
		in, d, said, err := install(t, fail("openssl/ssl.h")+"; "+fail("ev.h"), `shift; exec "$@"`)
		if err != nil || in.Version != "1.0.0" {
			t.Fatalf("%+v, %v", in, err)
		}
		if calls := d.calls(t); !strings.Contains(calls, installCall+"libssl-dev\n") || !strings.Contains(calls, installCall+"libev-dev\n") {
			t.Errorf("calls:\n%s", calls)
		}
		if text := strings.Join(said, "\n"); !strings.Contains(text, "installing toy failed; it probably lacks libssl-dev") {
			t.Errorf("said:\n%s", text)
		}
	})
	t.Run("other", func(t *testing.T) {
		_, d, _, err := install(t, fail("odd.h"), "exit 1")
		wantEnvironment(t, err, "installing toy failed: toy.c:1:10: fatal error: odd.h: No such file or directory (exit status 1); the whole log is ")
		if strings.Contains(d.calls(t), "install -y") {
			t.Errorf("calls:\n%s", d.calls(t))
		}
	})
	t.Run("by hand", func(t *testing.T) {
		tools := t.TempDir()
		nobodyInstalls = func(d fakeDebian) { // no apt-get
			if err := errors.Join(os.Remove(filepath.Join(d.dir, "apt-get")), os.Symlink("/usr/bin/dirname", filepath.Join(tools, "dirname"))); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", d.dir+":"+tools)
		}
		_, _, _, err := install(t, fail("ev.h"), "exit 1")
		wantEnvironment(t, err, "installing toy failed: toy.c:1:10: fatal error: ev.h: No such file or directory (exit status 1); it probably lacks libev-dev: run: sudo apt-get install")
		if got := strings.Join(bench.Tail(err), "\n"); got != "| building toy\n| toy.c:1:10: fatal error: ev.h: No such file or directory\n| note: not a problem with pip" {
			t.Errorf("the end of the log: %q", got)
		}
	})
}
