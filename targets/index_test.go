package targets

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/release"
)

// packageIndex serves wheels of toy in these versions, as PyPI does.
func packageIndex(t *testing.T, versions ...string) (url string) {
	t.Helper()
	dir := t.TempDir()
	page := ""
	for _, v := range versions {
		page += fmt.Sprintf("<a href=\"/%[1]s\">%[1]s</a>\n", filepath.Base(toyWheel(t, dir, v)))
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	mux.HandleFunc("/simple/toy/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, "<!DOCTYPE html><html><body>%s</body></html>", page)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/simple"
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return "http://" + l.Addr().String() + "/simple"
}

// usesIndex points pip and uv at an index and nowhere else.
func usesIndex(t *testing.T, url string) {
	t.Helper()
	t.Setenv(CacheVariable, filepath.Join(t.TempDir(), "cache"))
	for name, value := range map[string]string{
		"PIP_INDEX_URL": url, "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.DevNull, "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1",
		"UV_DEFAULT_INDEX": url, "UV_FIND_LINKS": "", "UV_NO_CONFIG": "1", "UV_HTTP_RETRIES": "0", "UV_CACHE_DIR": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
}

func toyRelease(version string) InstallOptions {
	s := toyServer("toy=={version}")
	s.Version = "1.1.0"
	return InstallOptions{Server: s, Profile: "default", Version: version, Run: supervised}
}

// installers runs a test with each installer: pip, and uv if the machine has it.
func installers(t *testing.T, each func(t *testing.T)) {
	t.Helper()
	t.Run("pip", func(t *testing.T) {
		t.Setenv("PATH", "/usr/bin:/bin")
		if haveUV() {
			t.Skip("uv is in /usr/bin")
		}
		each(t)
	})
	t.Run("uv", func(t *testing.T) {
		if !haveUV() {
			t.Skip("no uv")
		}
		each(t)
	})
}

// A version that the index lacks is the user's mistake, and the error lists the existing
// ones. An index that does not answer is a problem of this machine, and the error says so.
func TestNoSuchReleaseIsToldFromNoNetwork(t *testing.T) {
	installers(t, func(t *testing.T) {
		usesIndex(t, packageIndex(t, "1.0.0", "1.1.0", "2.0.0", "2.1.0rc1"))
		wantNone := func(err error) {
			t.Helper()
			var usage *bench.UsageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), "toy==1.5") || !strings.Contains(err.Error(), "2.0.0") || strings.Contains(err.Error(), "reached") {
				t.Errorf("a version that there is not: %v", err)
			}
		}
		unchecked, err := new(Outlook).CheckRelease(t.Context(), toyRelease("1.5"))
		if wantNone(err); unchecked != "" {
			t.Error(unchecked)
		}
		_, err = Install(t.Context(), toyRelease("1.5"))
		wantNone(err)
		for _, there := range []string{"1.0", "2.1.0-rc1", "", VersionPrevious} {
			if unchecked, err := new(Outlook).CheckRelease(t.Context(), toyRelease(there)); err != nil {
				t.Errorf("%q: %q, %v", there, unchecked, err)
			}
		}

		usesIndex(t, closedPort(t))
		if unchecked, err := new(Outlook).CheckRelease(t.Context(), toyRelease("1.0")); err != nil || !strings.Contains(unchecked, "cannot be reached") {
			t.Errorf("%q, %v", unchecked, err)
		}
		_, err = Install(t.Context(), toyRelease("1.0"))
		wantEnvironment(t, err, "installing toy: the package index cannot be reached")
	})
}

// Real output of pip 23 and uv 0.13.
func TestIndexError(t *testing.T) {
	const refused = "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError('…: [Errno 111] Connection refused')': /simple/gunicorn/\n"
	const none = "ERROR: Could not find a version that satisfies the requirement gunicorn==99.9 (from versions: none)\nERROR: No matching distribution found for gunicorn==99.9\n"
	const some = "ERROR: Could not find a version that satisfies the requirement gunicorn==99.9 (from versions: 23.0.0, 27.0.0, 27.0.1)\nERROR: No matching distribution found for gunicorn==99.9\n"
	for _, tt := range []struct {
		printed, want string
		code          any
	}{
		{refused + none, "cannot be reached", new(*bench.EnvironmentError)},
		{none, "offers no version of gunicorn", new(*bench.EnvironmentError)},
		{some, "the package index has no gunicorn==99.9 for this Python; the newest is 27.0.1, others are 27.0.0", new(*bench.UsageError)},
		{refused + some, "has no gunicorn==99.9 for this Python; the newest is 27.0.1, others are 27.0.0; but the index did not always answer", new(*bench.UsageError)},
		{"error: No solution found\n  cause: Because there is no version of gunicorn==99.9 and you require gunicorn==99.9, we can", "has no gunicorn==99.9", new(*bench.UsageError)},
		{"error: Failed to fetch: http://127.0.0.1:9/simple/gunicorn/\n  cause: Connection refused", "cannot be reached", new(*bench.EnvironmentError)},
		{"  × Because gunicorn was not found in the package registry and you require gunicorn==99.9", "offers no version", new(*bench.EnvironmentError)},
	} {
		err := indexError("gunicorn", tt.printed, []string{"gunicorn==99.9"}, "the log")
		if err == nil || !errors.As(err, tt.code) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v", tt.printed, err)
		}
	}
	for _, other := range []string{"RuntimeError: no apxs", "ERROR: No matching distribution found for greenlet>=9\n"} { // the missing package is one that the wanted one needs
		if err := indexError("gunicorn", other, []string{"gunicorn==99.9"}, "the log"); err != nil {
			t.Errorf("%q: %v", other, err)
		}
	}
}

func TestNearReleases(t *testing.T) {
	known := []string{"9.0", "10.0.1", "10.0", "22.0.0", "23.0.0", "23.1"}
	for asked, want := range map[string]string{
		"99.9": "23.1, 23.0.0", "22.5": "23.1, 23.0.0, 22.0.0, 10.0.1", "1": "23.1, 9.0", "10.0.0": "23.1, 10.0.1, 10.0, 9.0", "latest": "23.1",
	} {
		if got := strings.Join(nearReleases(asked, known), ", "); got != want {
			t.Errorf("%s: %s, want %s", asked, got, want)
		}
	}
	if !slices.Equal(known, []string{"9.0", "10.0.1", "10.0", "22.0.0", "23.0.0", "23.1"}) {
		t.Error("the list was changed")
	}
	for _, same := range [][2]string{{"3.0", "3.0.0"}, {"v3", "3.0"}, {"6.1.1-rc2", "6.1.1rc2"}, {"1.0beta1", "1.0b1"}} {
		if release.Python.Compare(same[0], same[1]) != 0 {
			t.Error(same)
		}
	}
	if release.Python.Compare("3.1", "3.10") == 0 || release.Python.Compare("3.1", "3.1rc1") == 0 {
		t.Error("different versions are the same")
	}
}
