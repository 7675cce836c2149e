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
	"benchrun/internal/release"
)

// What the user may write after the @ of a server besides a version and a range.
const (
	// VersionPrevious is the release before the server file's own.
	VersionPrevious = "previous"
	// VersionLatest is the newest release.
	VersionLatest = release.Latest
	// versionPath begins the path of a checkout, a wheel or an sdist, which is installed
	// as it is now.
	versionPath = "path:"
)

// versionMark stands for the wanted version in a server file.
const versionMark = "{version}"

// A version becomes part of a requirement, so it must not be able to form an option or a
// second requirement.
var versionWanted = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+!_-]*$`)

// versioned are the requirements that take the version that the user wants. All are of one
// kind.
type versioned struct {
	kind   release.Kind
	list   []string // as the file has them; none: the server has no versions to choose from
	pinned bool     // each is NAME=={version}, NAME@{version} or PATH@v{version}
}

func versionedIn(needs Requirements) versioned {
	for _, of := range []struct {
		kind release.Kind
		all  []string
		end  string
	}{{release.Python, needs.Python, "=={version}"}, {release.Npm, needs.Npm, "@{version}"}, {release.Go, needs.Go, "@v{version}"}} {
		list := slices.DeleteFunc(slices.Clone(of.all), func(r string) bool { return !strings.Contains(r, versionMark) })
		if len(list) > 0 {
			return versioned{of.kind, list, !slices.ContainsFunc(list, func(r string) bool { return !strings.HasSuffix(r, of.end) })}
		}
	}
	return versioned{}
}

// name is the package whose releases are those of the server.
func (v versioned) name() string {
	name := v.list[0][:strings.LastIndexAny(v.list[0], "=@")]
	name, _, _ = strings.Cut(strings.TrimRight(name, "="), "[")
	return name
}

// ranges says whether a version stands for any of several releases.
func (v versioned) ranges(version string) bool {
	return version == VersionPrevious || v.kind.IsRange(version)
}

// parse is the range that a version stands for; own is the server file's own version.
func (v versioned) parse(version, own string) (release.Range, error) {
	if version == VersionPrevious {
		return v.kind.Before(own)
	}
	return v.kind.Parse(version)
}

// CheckVersion checks the version that the user wants: "27.0.1", ">=23,<28", "latest",
// "previous" or "path:DIR". "" is the file's own version. It checks the path, but not
// whether a package index has the version. Its errors are bench.UsageErrors.
func (s *Server) CheckVersion(asked string) error {
	all := s.Install
	for _, name := range s.ProfileNames() {
		all = all.and(s.Profiles[name].Install)
	}
	_, err := s.wantedVersion(all, asked)
	return err
}

// wantedVersion is the version to install, in one of these forms, with an absolute path.
func (s *Server) wantedVersion(needs Requirements, asked string) (string, error) {
	if asked == "" {
		return s.Version, nil
	}
	path, isPath := strings.CutPrefix(asked, versionPath)
	v := versionedIn(needs)
	if len(v.list) == 0 {
		return "", s.oneVersion(needs, asked)
	}
	ranges := v.ranges(asked)
	if (isPath || ranges) && !v.pinned {
		return "", bench.Usagef("%s@%s: %s does not say NAME=={version}, so benchrun cannot install another version", s.Name, asked, s.File)
	}
	switch {
	case isPath && v.kind != release.Python:
		return "", bench.Usagef("%s@%s: only a Python package can be installed from a path", s.Name, asked)
	case isPath:
		return checkout(s.Name, path)
	case ranges:
		if _, err := v.parse(asked, s.Version); err != nil {
			return "", &bench.UsageError{
				Problem: fmt.Sprintf("%s@%s: %v", s.Name, asked, err),
				Hint:    fmt.Sprintf("write a range as %s has it, such as '%s'; --server is not split at commas after an '@'", v.kind, v.kind.Example()),
			}
		}
	case !versionWanted.MatchString(asked):
		return "", &bench.UsageError{
			Problem: fmt.Sprintf("%s@%s: %q is not a version", s.Name, asked, asked),
			Hint:    fmt.Sprintf("write a version, a range such as '%s', latest, previous, or path:DIR", v.kind.Example()),
		}
	}
	return asked, nil
}

// oneVersion is the error for a server that has only one version. It says which.
func (s *Server) oneVersion(needs Requirements, asked string) error {
	which, more := "what is installed", ""
	switch {
	case s.Own():
		which = "benchrun's own"
	case s.ByCommand != nil:
		which = "what its command starts"
	case len(needs.Apt) > 0:
		which = "Debian's"
		if found := debianVersions(needs.Apt); len(found) > 0 {
			which += " (" + strings.Join(found, ", ") + ")"
		}
	case len(needs.Python)+len(needs.Npm)+len(needs.Go) > 0:
		which = "the one that " + s.File + " installs"
	case s.usesPython(Profile{}):
		which, more = "that of the Python that runs it", "; --python chooses the Python"
	}
	return &bench.UsageError{
		Problem: fmt.Sprintf("%s has no versions to choose from: there is one, %s", s.Name, which),
		Hint:    "leave out @" + asked + more,
	}
}

// RangeLike says whether a version is written like a range, which may have commas.
func RangeLike(version string) bool {
	return version != "" && strings.ContainsAny(version[:1], "<>=!~^")
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
// "gunicorn[gevent]==27.0.1", "gunicorn[gevent]>=23,<28", "gunicorn[gevent]<27.0.1" for the
// previous one, or "gunicorn[gevent] @ file:///checkout".
func require(requirement, own, version string) string {
	name, pinned := strings.CutSuffix(requirement, "=={version}")
	path, isPath := strings.CutPrefix(version, versionPath)
	switch {
	case pinned && isPath:
		return name + atFile + path
	case pinned && version == VersionPrevious:
		return name + "<" + own
	case pinned && version == VersionLatest:
		return name
	case pinned && release.Python.IsRange(version):
		return name + version
	}
	return strings.ReplaceAll(requirement, versionMark, version)
}

// requireAt is the same for npm and Go: "tool@{version}" becomes "tool@1.2.3", and
// "example.org/tool@v{version}" "example.org/tool@v1.2.3". A range stands for itself.
func requireAt(kind release.Kind, requirement, own, version string) string {
	name, ok := strings.CutSuffix(strings.Replace(requirement, "@v{", "@{", 1), "@"+versionMark)
	switch {
	case !ok:
		return requirement
	case version == VersionPrevious:
		return name + "@<" + own
	case kind.IsRange(version):
		return name + "@" + version
	case kind == release.Go:
		return name + "@v" + strings.TrimPrefix(version, "v")
	}
	return name + "@" + version
}

// atFile comes before an absolute path in a requirement.
const atFile = " @ file://"
