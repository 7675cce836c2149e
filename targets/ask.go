package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/release"
)

// index is what says which releases of a package exist.
type index interface {
	// newest is the newest release in a range. The error is one of this machine.
	newest(ctx context.Context, name string, in release.Range) (found, error)
}

// found is an index's answer.
type found struct {
	version string   // "" = no release is in the range
	known   []string // releases that exist; not always all
	silent  string   // why the index could not be asked; "" = it answered
}

// indexWords say what an index is, for messages.
var indexWords = map[release.Kind]struct{ name, settings string }{
	release.Python: {"the package index", "the index that pip or uv is configured to use"},
	release.Npm:    {"the npm registry", "the registry that npm is configured to use"},
	release.Go:     {"the Go module proxy", "GOPROXY"},
}

// asker asks an index through its own program, with the user's own settings.
type asker struct {
	run   RunProgram
	py    interpreter
	tools string // an environment that may have npm or go; "" = none
}

// index is the one for packages of a kind.
func (a asker) index(kind release.Kind) index {
	switch {
	case kind == release.Npm:
		return npmIndex{a}
	case kind == release.Go:
		return goIndex{a}
	case haveUV():
		return uvIndex{a}
	}
	return pipIndex{a}
}

// ask returns what a program printed, at most its last 64 KiB.
func (a asker) ask(ctx context.Context, env []string, argv ...string) (string, error) {
	var out tail
	err := a.run.bounded(ctx, askTimeout, Program{Argv: argv, Env: append(toolEnv(os.Environ()), env...), Out: &out}, func() string { return string(out.b) })
	return string(out.b), err
}

// silence says why an index gave no answer.
func silence(kind release.Kind, printed string, err error, unreachable *regexp.Regexp) string {
	switch line := clip(meaningfulLine(printed)); {
	case unreachable.MatchString(printed):
		return indexWords[kind].name + " cannot be reached"
	case line != "":
		return line
	case err != nil:
		return err.Error()
	}
	return indexWords[kind].name + " names no release"
}

type pipIndex struct{ asker }

func (i pipIndex) newest(ctx context.Context, name string, in release.Range) (found, error) {
	printed, err := i.ask(ctx, nil, i.py.path, "-m", "pip", "index", "versions", "--pre", "--retries", "1", name)
	known := versionsIn(printed)
	if err != nil || len(known) == 0 {
		return found{silent: silence(release.Python, printed, err, indexSilent)}, nil
	}
	return found{version: in.Newest(known), known: known}, nil
}

type uvIndex struct{ asker }

// newest asks uv for the newest. uv does not say which releases exist, so newest then asks
// for the newest of all, and for those next to the last version in the range.
func (i uvIndex) newest(ctx context.Context, name string, in release.Range) (answer found, err error) {
	file, err := os.CreateTemp("", "benchrun-requirements-*.txt")
	if err != nil {
		return found{}, &bench.EnvironmentError{Problem: "cannot write a file that uv is to read", Err: err, Hint: "set TMPDIR"}
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	if err := file.Close(); err != nil {
		return found{}, err
	}
	compile := func(requirement string, more ...string) (version, printed string, err error) {
		if err := os.WriteFile(file.Name(), []byte(requirement+"\n"), 0o600); err != nil {
			return "", "", err
		}
		argv := append([]string{"uv", "pip", "compile", "--no-deps", "--no-header", "--no-annotate", "--python", i.py.path, file.Name()}, more...)
		printed, err = i.ask(ctx, nil, argv...)
		if m := resolvedTo.FindStringSubmatch(printed); m != nil && err == nil {
			version = m[2]
		}
		return version, printed, err
	}
	version, printed, err := compile(name + strings.TrimPrefix(in.String(), release.Latest))
	switch {
	case version != "":
		return found{version: version}, nil
	case !uvLacks(printed):
		return found{silent: silence(release.Python, printed, err, indexSilent)}, nil
	}
	for _, near := range [][]string{{""}, {"<" + lastRelease(in.String())}, {">" + lastRelease(in.String()), "--resolution", "lowest"}} {
		if version, _, _ := compile(name+near[0], near[1:]...); version != "" && !slices.Contains(answer.known, version) {
			answer.known = append(answer.known, version)
		}
	}
	return answer, nil
}

// uvLacks says that uv has seen which releases there are, and that none of them is wanted.
func uvLacks(printed string) bool {
	return (strings.Contains(printed, "No solution found") || strings.Contains(printed, "here is no version of")) &&
		!strings.Contains(printed, "was not found in the") && !indexSilent.MatchString(printed)
}

// npmSilent is what npm prints if it cannot reach its registry.
var npmSilent = regexp.MustCompile(`(?m)^npm (?:error|ERR!) (?:code (?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|UNABLE_TO_VERIFY_LEAF_SIGNATURE)|network ).*$`)

type npmIndex struct{ asker }

func (i npmIndex) newest(ctx context.Context, name string, in release.Range) (found, error) {
	command := npmCommand(i.tools)
	printed, err := i.ask(ctx, npmEnv(i.tools), append(command, "view", name, "versions", "--json", "--fetch-retries=1")...)
	if err != nil {
		return found{silent: silence(release.Npm, printed, err, npmSilent)}, nil
	}
	var known []string
	if begin := strings.IndexAny(printed, `["`); begin >= 0 { // warnings may come first
		var one string
		if text := []byte(printed[begin:]); json.Unmarshal(text, &known) != nil && json.Unmarshal(text, &one) == nil {
			known = []string{one}
		}
	}
	if len(known) == 0 {
		return found{silent: silence(release.Npm, printed, nil, npmSilent)}, nil
	}
	return found{version: in.Newest(known), known: known}, nil
}

// goSilent is what go prints if it cannot reach a module proxy.
var goSilent = regexp.MustCompile(`(?m)^.*(?:connection refused|no such host|i/o timeout|network is unreachable|no route to host|TLS handshake|module lookup disabled).*$`)

type goIndex struct{ asker }

// newest asks for the module that the program is in: the path of the program, or a part of
// it.
func (i goIndex) newest(ctx context.Context, name string, in release.Range) (found, error) {
	first := ""
	for module := name; strings.Contains(module, "/"); module = module[:strings.LastIndexByte(module, '/')] {
		printed, err := i.ask(ctx, goEnv(), goCommand(i.tools), "list", "-m", "-versions", module)
		if known := strings.Fields(printed); err == nil && len(known) > 1 {
			return found{version: in.Newest(known[1:]), known: known[1:]}, nil
		}
		if first == "" {
			first = silence(release.Go, printed, err, goSilent)
		}
	}
	return found{silent: first}, nil
}

// toolsMissing says that the program that asks about packages of a kind is neither on PATH
// nor in the environment tools, "" = none.
func toolsMissing(kind release.Kind, tools string) bool {
	program := map[release.Kind]string{release.Npm: "npm", release.Go: "go"}[kind]
	if program == "" || tools != "" && exists(filepath.Join(tools, "bin", program)) {
		return false
	}
	if kind == release.Npm && len(npmCommand(tools)) > 1 {
		return false
	}
	_, err := exec.LookPath(program)
	return err != nil
}

// exactly is the range of one version.
func exactly(kind release.Kind, version string) (release.Range, error) {
	if kind == release.Python {
		version = "==" + version
	}
	return kind.Parse(version)
}

// spelled is a package with a version or a range, as its installer takes it.
func spelled(kind release.Kind, name, wanted string) string {
	switch {
	case kind == release.Python && kind.IsRange(wanted):
		return name + strings.TrimPrefix(wanted, release.Latest)
	case kind == release.Python:
		return name + "==" + wanted
	case kind == release.Go && !kind.IsRange(wanted):
		return name + "@v" + strings.TrimPrefix(wanted, "v")
	}
	return name + "@" + wanted
}

// noRelease says that no such release exists, and which do. wanted is a version or a range.
// If pip also has a folder of wheels (PIP_FIND_LINKS), known may come from that folder
// alone: pip's output does not say whether an index that was silent at first answered later.
func noRelease(kind release.Kind, name, wanted string, known []string, printed string) error {
	forThis := ""
	if kind == release.Python {
		forThis = " for this Python"
	}
	e := &bench.UsageError{Problem: fmt.Sprintf("%s has no %s%s", indexWords[kind].name, spelled(kind, name, wanted), forThis)}
	if len(known) > 0 {
		near := nearReleases(wanted, known)
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
