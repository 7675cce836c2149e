package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/release"
)

// Release is the release that a range of versions, latest or previous stands for. The zero
// value: the user wants one version.
type Release struct {
	Asked   string // ">=23,<28"
	Version string // "27.0.1"; "" = not known
	// Unasked says why nobody could be asked which releases exist. Version is then the
	// newest that is installed already.
	Unasked string
}

// Words say which release it is, and why: "27.0.1, the newest of >=23,<28".
func (r Release) Words() string {
	newest := newestOf(r.Asked)
	switch {
	case r.Version == "":
		return fmt.Sprintf("not known which is %s: %s", newest, r.Unasked)
	case r.Unasked != "":
		return fmt.Sprintf("%s, %s that is installed: %s", r.Version, newest, r.Unasked)
	}
	return r.Version + ", " + newest
}

// newestOf is, for example, "the newest of >=23,<28".
func newestOf(asked string) string {
	switch asked {
	case VersionLatest:
		return "the newest release"
	case VersionPrevious:
		return "the newest before the server file's own"
	}
	return "the newest of " + asked
}

// Releases remembers which releases ranges stand for, so that all targets of a run have the
// same. The zero value is ready. It is safe for concurrent use.
type Releases struct {
	mu    sync.Mutex
	known map[string]Release
}

// unaskedError says that a range cannot be resolved, because nobody could be asked which
// releases exist.
type unaskedError struct {
	release Release
	bench.EnvironmentError
}

// Unwrap gives the error of this machine.
func (e *unaskedError) Unwrap() error { return &e.EnvironmentError }

// resolve finds the release that version stands for: the newest one in the range that
// exists, or, if nobody can be asked, the newest that is installed. It returns the zero
// value if version is no range. Its errors are a bench.UsageError if no release is in the
// range, and an *unaskedError.
func (o InstallOptions) resolve(ctx context.Context, p Profile, version string, py interpreter, tools string) (Release, error) {
	v := versionedIn(o.Server.Install.and(p.Install))
	if len(v.list) == 0 || strings.HasPrefix(version, versionPath) || !v.ranges(version) {
		return Release{}, nil
	}
	in, err := v.parse(version, o.Server.Version)
	if err != nil {
		return Release{}, err
	}
	known := o.Releases
	if known == nil {
		known = new(Releases)
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	key := fmt.Sprint(v.kind, v.name(), in, py.path)
	if r, ok := known.known[key]; ok {
		return r, nil
	}
	r, err := o.newest(ctx, p, v, in, py, tools)
	r.Asked = version
	if unknown := (*unaskedError)(nil); errors.As(err, &unknown) {
		unknown.release.Asked = version
	}
	if err != nil {
		return Release{}, err
	}
	if known.known == nil {
		known.known = map[string]Release{}
	}
	known.known[key] = r
	return r, nil
}

func (o InstallOptions) newest(ctx context.Context, p Profile, v versioned, in release.Range, py interpreter, tools string) (Release, error) {
	name := v.name()
	if toolsMissing(v.kind, tools) {
		return Release{}, &unaskedError{
			release: Release{Unasked: fmt.Sprintf("%s is not installed", v.kind)},
			EnvironmentError: bench.EnvironmentError{
				Problem: fmt.Sprintf("which %s is %s is not known: %s is not installed", name, newestOf(in.String()), v.kind),
				Hint:    "install it, or name one version",
			},
		}
	}
	found, err := asker{run: o.Run, py: py, tools: tools}.index(v.kind).newest(ctx, name, in)
	switch {
	case err != nil:
		return Release{}, err
	case ctx.Err() != nil:
		return Release{}, context.Cause(ctx)
	case found.version != "":
		if v.kind == release.Go {
			found.version = strings.TrimPrefix(found.version, "v")
		}
		return Release{Version: found.version}, nil
	case found.silent == "":
		return Release{}, noRelease(v.kind, name, in.String(), found.known, "")
	}
	r := Release{Unasked: found.silent}
	installed := o.installed(p, v, py)
	if r.Version = in.Newest(installed); r.Version != "" {
		return r, nil
	}
	e := &unaskedError{release: r, EnvironmentError: bench.EnvironmentError{
		Problem: fmt.Sprintf("which %s is %s is not known", name, newestOf(in.String())),
		Err:     errors.New(found.silent),
		Hint:    "check the network, and " + indexWords[v.kind].settings + orInstalled(o.Server.Name, installed),
	}}
	return r, e
}

// orInstalled is the end of a hint that names versions which need no network.
func orInstalled(server string, versions []string) string {
	if len(versions) == 0 {
		return ""
	}
	named := slices.Clone(versions[:min(len(versions), mostNamed)])
	for i, v := range named {
		named[i] = server + "@" + v
	}
	return "; without a network there is what is installed: " + strings.Join(named, ", ")
}

// mostNamed is how many versions an error names.
const mostNamed = 5

// installed lists the versions of the server in this profile for which an environment is
// complete, the newest first.
func (o InstallOptions) installed(p Profile, v versioned, py interpreter) []string {
	cache, err := cacheFolder()
	if err != nil {
		return nil // installing will say so
	}
	markers, _ := filepath.Glob(filepath.Join(cache, "envs", o.Server.Name+"-*", completeMarker)) // the pattern is valid
	var versions []string
	for _, marker := range markers {
		var r recipe
		if text, err := intake.ReadSmall("", marker); err != nil || json.Unmarshal(text, &r) != nil {
			continue
		}
		version := r.version(v)
		if version == "" || slices.Contains(versions, version) {
			continue
		}
		same, err := newRecipe(o.Server, o.Profile, o.requirements(p, version), py)
		if err == nil && same.key() == filepath.Base(filepath.Dir(marker)) {
			versions = append(versions, version)
		}
	}
	return v.kind.Sorted(versions)
}

// version is the version that an environment was made for, "" if that is not known.
func (r recipe) version(v versioned) string {
	list, mark := r.Requirements, "=="
	switch v.kind {
	case release.Npm:
		list, mark = r.Npm, "@"
	case release.Go:
		list, mark = r.Go, "@v"
	}
	begin, _, _ := strings.Cut(v.list[0], mark+versionMark)
	for _, requirement := range list {
		if version, ok := strings.CutPrefix(requirement, begin+mark); ok {
			return version
		}
	}
	return ""
}
