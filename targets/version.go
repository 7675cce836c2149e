package targets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// What the user may write after the @ of a server instead of a version.
const (
	// VersionPrevious is the release before the server file's own.
	VersionPrevious = "previous"
	// versionPath begins the path of a checkout, a wheel or an sdist, which is installed
	// as it is now.
	versionPath = "path:"
)

// A version becomes part of a pip requirement, so it must not be able to form an option or
// a second requirement.
var versionWanted = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+!_-]*$`)

// CheckVersion checks the version that the user wants: "27.0.1", "previous" or "path:DIR".
// "" is the file's own version. It checks the path, but not whether PyPI has the version. Its
// errors are bench.UsageErrors.
func (s *Server) CheckVersion(asked string) error {
	all := s.Install.Python
	for _, p := range s.Profiles {
		all = slices.Concat(all, p.Install.Python)
	}
	_, err := s.wantedVersion(all, asked)
	return err
}

// wantedVersion is the version to install, in one of these three forms, with an absolute
// path.
func (s *Server) wantedVersion(requirements []string, asked string) (string, error) {
	if asked == "" {
		return s.Version, nil
	}
	path, isPath := strings.CutPrefix(asked, versionPath)
	versioned := slices.DeleteFunc(slices.Clone(requirements), func(r string) bool { return !strings.Contains(r, "{version}") })
	pinned := len(versioned) > 0 && !slices.ContainsFunc(versioned, func(r string) bool { return !strings.HasSuffix(r, "=={version}") })
	switch {
	case len(versioned) == 0:
		return "", &bench.UsageError{
			Problem: fmt.Sprintf("%s has no versions to choose from: benchrun uses the one that it finds", s.Name),
			Hint:    "leave out @" + asked,
		}
	case (isPath || asked == VersionPrevious) && !pinned:
		return "", bench.Usagef("%s@%s: %s does not say NAME=={version}, so benchrun cannot install another version", s.Name, asked, s.File)
	case isPath:
		return checkout(s.Name, path)
	case !versionWanted.MatchString(asked):
		return "", &bench.UsageError{
			Problem: fmt.Sprintf("%s@%s: %q is not a version", s.Name, asked, asked),
			Hint:    "write a version, previous, or path:DIR",
		}
	}
	return asked, nil
}

// FixedVersion is a version in a form that is valid in another working folder: its path is
// absolute.
func FixedVersion(asked string) (string, error) {
	path, isPath := strings.CutPrefix(asked, versionPath)
	if !isPath {
		return asked, nil
	}
	abs, err := filepath.Abs(path)
	return versionPath + abs, err
}

// checkout checks the path of something that pip can install.
func checkout(server, path string) (string, error) {
	if path == "" {
		return "", bench.Usagef("%s@path: the folder is missing: write path:DIR", server)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%s@path:%s: %w", server, path, err)
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", bench.Usagef("%s@path:%s: there is no %s", server, path, abs)
	case err != nil:
		return "", bench.Usagef("%s@path:%s: %v", server, path, err)
	case !info.IsDir():
		return versionPath + abs, nil
	}
	for _, name := range []string{"pyproject.toml", "setup.py"} {
		if exists(filepath.Join(abs, name)) {
			return versionPath + abs, nil
		}
	}
	return "", &bench.UsageError{
		Problem: fmt.Sprintf("%s@path:%s: %s has neither pyproject.toml nor setup.py", server, path, abs),
		Hint:    "give the top folder of the server's checkout",
	}
}

// require puts a version into a requirement: "gunicorn[gevent]=={version}" becomes
// "gunicorn[gevent]==27.0.1", "gunicorn[gevent]<27.0.1" for the previous one, or
// "gunicorn[gevent] @ file:///checkout".
func require(requirement, own, version string) string {
	name, pinned := strings.CutSuffix(requirement, "=={version}")
	path, isPath := strings.CutPrefix(version, versionPath)
	switch {
	case pinned && isPath:
		return name + atFile + path
	case pinned && version == VersionPrevious:
		return name + "<" + own
	}
	return strings.ReplaceAll(requirement, "{version}", version)
}

// atFile comes before an absolute path in a requirement.
const atFile = " @ file://"
