package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
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
	return noRelease(lacks, known, printed)
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

// noRelease says that there is no such release, and which exist. If pip also has a folder
// of wheels (PIP_FIND_LINKS), known may come from that folder alone: pip's output does not
// say whether an index that was silent at first answered later.
func noRelease(requirement string, known []string, printed string) error {
	e := &bench.UsageError{Problem: fmt.Sprintf("the package index has no %s for this Python", strings.TrimRight(requirement, ",.;"))}
	if len(known) > 0 {
		_, asked, _ := strings.Cut(requirement, "==")
		near := nearReleases(asked, known)
		e.Hint = "the newest is " + near[0]
		if len(near) > 1 {
			e.Hint += ", others are " + strings.Join(near[1:], ", ")
		}
		if indexSilent.MatchString(printed) {
			e.Hint += "; but the index did not always answer: if there should be one, see to the network"
		}
	}
	return e
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
// newest first.
func nearReleases(asked string, known []string) []string {
	known = slices.SortedFunc(slices.Values(known), func(a, b string) int { return compareReleases(b, a) })
	at := slices.IndexFunc(known, func(k string) bool { return compareReleases(k, asked) <= 0 })
	if at < 0 {
		at = len(known)
	}
	near := []string{known[0]}
	if !releaseParts.MatchString(asked) { // it has no numbers
		return near
	}
	for i := max(1, at-1); i < min(len(known), at+2); i++ {
		near = append(near, known[i])
	}
	return near
}

// releaseParts matches the numbers of a version: "27.0.1" has 27, 0 and 1.
var releaseParts = regexp.MustCompile(`\d+`)

// compareReleases compares two versions by their numbers, which is exact enough to find
// near ones.
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
	version, err := s.wantedVersion(slices.Concat(s.Install.Python, p.Install.Python), opts.Version)
	if err != nil || opts.Version == "" && s.BuiltIn() || version == VersionPrevious || strings.HasPrefix(version, versionPath) {
		return "", err
	}
	var pinned []string
	for _, r := range slices.Concat(s.Install.Python, p.Install.Python) {
		if strings.HasSuffix(r, "=={version}") {
			pinned = append(pinned, require(r, s.Version, version))
		}
	}
	will, err := o.Foresee(ctx, opts)
	if err != nil || len(pinned) == 0 || exists(filepath.Join(will.Env, completeMarker)) {
		return "", err
	}
	py, err := o.interpreter(ctx, opts)
	if err != nil {
		return "", err
	}
	for _, requirement := range pinned {
		unchecked, err := opts.Run.askIndex(ctx, py, requirement)
		if err != nil || unchecked != "" {
			return unchecked, err
		}
	}
	return "", nil
}

// askIndex asks with uv if it is installed, otherwise with pip.
func (run RunProgram) askIndex(ctx context.Context, py interpreter, requirement string) (unchecked string, err error) {
	name, version, _ := strings.Cut(requirement, "==")
	name, _, _ = strings.Cut(name, "[")
	ask := func(argv ...string) (string, error) {
		var out tail
		err := run.bounded(ctx, askTimeout, Program{Argv: argv, Env: toolEnv(os.Environ()), Out: &out}, func() string { return string(out.b) })
		return string(out.b), err
	}
	if haveUV() {
		return uvHas(ask, py, name, version)
	}
	printed, err := ask(py.path, "-m", "pip", "index", "versions", "--pre", "--retries", "1", name)
	known := versionsIn(printed)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil && indexSilent.MatchString(printed):
		return "the package index cannot be reached", nil
	case err != nil || len(known) == 0:
		return clip(meaningfulLine(printed)), nil
	case slices.ContainsFunc(known, func(k string) bool { return sameRelease(k, version) }):
		return "", nil
	case strings.ContainsAny(version, "-_+!"): // these can be written in many ways
		return "pip lists none that is written like it", nil
	}
	return "", noRelease(name+"=="+version, known, printed)
}

// uvHas asks with uv. uv only says that a release does not exist, not which ones do, so
// uvHas then asks for the newest.
func uvHas(ask func(argv ...string) (string, error), py interpreter, name, version string) (unchecked string, err error) {
	file, err := os.CreateTemp("", "benchrun-requirements-*.txt")
	if err != nil {
		return "", &bench.EnvironmentError{Problem: "cannot write a file that uv is to read", Err: err, Hint: "set TMPDIR"}
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	compile := func(requirement string) (string, error) {
		if err := os.WriteFile(file.Name(), []byte(requirement+"\n"), 0o600); err != nil {
			return "", err
		}
		return ask("uv", "pip", "compile", "--no-deps", "--no-header", "--no-annotate", "--python", py.path, file.Name())
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	printed, failed := compile(name + "==" + version)
	switch {
	case failed == nil:
		return "", nil
	case !strings.Contains(printed, "here is no version of"):
		if indexSilent.MatchString(printed) {
			return "the package index cannot be reached", nil
		}
		return clip(meaningfulLine(printed)), nil
	}
	var known []string
	if printed, failed := compile(name); failed == nil {
		for _, m := range resolvedTo.FindAllStringSubmatch(printed, -1) {
			known = append(known, m[2])
		}
	}
	return "", noRelease(name+"=="+version, known, "")
}

// sameRelease says whether two versions are equal although they may be written
// differently, as pip does: "v3.0" is "3.0.0", and "6.1.1-rc2" is "6.1.1rc2".
func sameRelease(a, b string) bool {
	plain := func(s string) string {
		s = strings.TrimPrefix(strings.ToLower(s), "v")
		s = strings.NewReplacer("-", "", "_", "", "alpha", "a", "beta", "b").Replace(s)
		for strings.HasSuffix(s, ".0") {
			s = strings.TrimSuffix(s, ".0")
		}
		return s
	}
	return plain(a) == plain(b)
}
