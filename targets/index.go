package targets

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/release"
)

// What pip and uv print if they cannot reach a package index, and if it lacks a release,
// taken from their real output. pip prints the second also in the first case, after its
// warnings.
var (
	indexSilent = regexp.MustCompile(`(?m)^.*(?:Retrying \(Retry\(|NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|Could not fetch URL|` +
		`is not a trusted or secure host|Failed to fetch: |error sending request for url|network was disabled).*$`)
	indexLacks   = regexp.MustCompile(`No matching distribution found for (\S+)|[Tt]here is no version of (\S+)|[Bb]ecause (\S+) was not found in the package registry`)
	fromVersions = regexp.MustCompile(`\(from versions: ([^)]*)\)|Available versions: (.*)`)
	resolvedTo   = regexp.MustCompile(`(?m)^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)$`)
)

// indexError is the error of an installation that failed because of the package index: a
// bench.UsageError if the index lacks the release, a bench.EnvironmentError if it could
// not be reached; nil = it failed for another reason. printed is the output of pip or uv,
// wanted are the requirements, and where says where the whole log is.
func indexError(server, printed string, wanted []string, where string) error {
	known := versionsIn(printed)
	lacks := lacking(printed, wanted)
	if line := indexSilent.FindString(printed); line != "" && len(known) == 0 {
		return indexUnreachable(server, line, where)
	}
	switch {
	case lacks == "":
		return nil
	case len(known) == 0 && !strings.Contains(printed, "here is no version of"):
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("installing %s: the package index offers no version of %s at all", server, lacks),
			Hint:    "see which index pip or uv is configured to use; " + where,
		}
	}
	name, version, _ := strings.Cut(strings.TrimRight(lacks, ",.;"), "==")
	return noRelease(release.Python, name, version, known, printed)
}

// systemCause matches the system's error message in one of pip's warnings.
var systemCause = regexp.MustCompile(`\[Errno -?\d+\] [^'")]+`)

func indexUnreachable(server, line, where string) error {
	if cause := systemCause.FindString(line); cause != "" {
		line = cause
	}
	return &bench.EnvironmentError{
		Problem: fmt.Sprintf("installing %s: the package index cannot be reached", server),
		Err:     errors.New(clip(line)),
		Hint:    "check the network, and the index that pip or uv is configured to use; " + where,
	}
}

// lacking is the one of the wanted requirements that the index lacks; "" = none of them. The
// missing package may be one that they need.
func lacking(printed string, wanted []string) string {
	for _, m := range indexLacks.FindAllStringSubmatch(printed, -1) {
		name := strings.TrimRight(m[1]+m[2]+m[3], ",.;")
		for _, w := range wanted {
			if packageName(w) == packageName(name) {
				return w
			}
		}
	}
	return ""
}

// packageName is the name in a requirement, in the form that indexes compare.
func packageName(requirement string) string {
	name := requirement
	if end := strings.IndexAny(name, "[=<>!~ @;"); end >= 0 {
		name = name[:end]
	}
	return strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))
}

// versionsIn returns the existing versions according to pip's output.
func versionsIn(printed string) []string {
	m := fromVersions.FindStringSubmatch(printed)
	if m == nil || m[1] == "none" {
		return nil
	}
	return strings.Split(strings.TrimSpace(m[1]+m[2]), ", ")
}

// nearReleases returns the known versions next to the wanted one, and the newest one, the
// newest first. Next to a range are those next to its last version.
func nearReleases(wanted string, known []string) []string {
	known = slices.SortedFunc(slices.Values(known), func(a, b string) int { return compareReleases(b, a) })
	near := []string{known[0]}
	asked := lastRelease(wanted)
	if asked == "" {
		return near
	}
	at := slices.IndexFunc(known, func(k string) bool { return compareReleases(k, asked) <= 0 })
	if at < 0 {
		at = len(known)
	}
	for i := max(1, at-1); i < min(len(known), at+2); i++ {
		near = append(near, known[i])
	}
	return near
}

// lastRelease is the last version in a range; "" = it names none.
func lastRelease(wanted string) string {
	all := releaseForm.FindAllString(wanted, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// releaseForm matches a version in a range, as far as its numbers go.
var releaseForm = regexp.MustCompile(`\d+(?:\.\d+)*`)

// releaseParts matches the numbers of a version: "27.0.1" has 27, 0 and 1.
var releaseParts = regexp.MustCompile(`\d+`)

// compareReleases compares two versions of any kind by their numbers, which is exact enough
// to find near ones.
func compareReleases(a, b string) int {
	numbers := func(s string) (out []int) {
		for _, p := range releaseParts.FindAllString(s, -1) {
			n, _ := strconv.Atoi(p) // a number with too many digits counts as 0
			out = append(out, n)
		}
		for len(out) > 0 && out[len(out)-1] == 0 { // 3.0 equals 3
			out = out[:len(out)-1]
		}
		return out
	}
	return slices.Compare(numbers(a), numbers(b))
}

// CheckRelease asks the package index whether it has the wanted version of a server, or
// the version in the user's own server file. It installs nothing. It returns a
// bench.UsageError if the version does not exist. unchecked says why it could not find
// out. It is "" if it could, or if there is nothing to ask: the environment exists, or the
// user wants to install a path.
func (o *Outlook) CheckRelease(ctx context.Context, opts InstallOptions) (unchecked string, err error) {
	s := opts.Server
	p, err := s.Profile(opts.Profile)
	if err != nil {
		return "", err
	}
	version, err := s.wantedVersion(s.Install.and(p.Install), opts.Version)
	v := versionedIn(s.Install.and(p.Install))
	if err != nil || opts.Version == "" && s.BuiltIn() || !v.pinned || v.ranges(version) || strings.HasPrefix(version, versionPath) {
		return "", err
	}
	will, err := o.Foresee(ctx, opts)
	if err != nil || exists(filepath.Join(will.Env, completeMarker)) {
		return "", err
	}
	py, err := o.interpreter(ctx, opts)
	if err != nil {
		return "", err
	}
	ask := asker{run: opts.Run, py: py}
	if toolsMissing(v.kind, "") {
		return fmt.Sprintf("%s is not installed", v.kind), nil
	}
	for _, requirement := range v.list {
		unchecked, err := ask.has(ctx, v.kind, versioned{kind: v.kind, list: []string{requirement}}.name(), version)
		if err != nil || unchecked != "" {
			return unchecked, err
		}
	}
	return "", nil
}

// has asks whether a package has a release, and returns a bench.UsageError if it has not.
// unchecked says why the answer is not known.
func (a asker) has(ctx context.Context, kind release.Kind, name, version string) (unchecked string, err error) {
	one, err := exactly(kind, version)
	if err != nil {
		return fmt.Sprintf("%q is not in the form of a release", version), nil
	}
	found, err := a.index(kind).newest(ctx, name, one)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", err
	case found.silent != "":
		return found.silent, nil
	case found.version != "":
		return "", nil
	}
	return "", noRelease(kind, name, version, found.known, "")
}
