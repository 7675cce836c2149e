package targets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/release"
)

// environments makes Python environments in the cache and finds them again. An environment
// is complete if it has its marker, which is written last. Anything else was left by a
// killed build, and is built again.
type environments struct {
	cache    string
	others   func() []string // versions of the server that are installed
	apt      apt
	progress func(string)
	run      RunProgram
}

// completeMarker is the name of that marker, which contains the recipe.
const completeMarker = ".complete"

// recipe has everything that decides what an environment contains.
type recipe struct {
	Server       string   `json:"server"`
	Requirements []string `json:"requirements"`
	Npm          []string `json:"npm,omitempty"`
	Go           []string `json:"go,omitempty"`
	App          string   `json:"app,omitempty"`        // digest of an app that is compiled
	Files        []string `json:"files,omitempty"`      // digests of the requirements that are files or folders
	Anew         bool     `json:"built_anew,omitempty"` // built from a clean copy of the files; environments without this word may not be
	Python       string   `json:"python"`
	Version      string   `json:"python_version"`
	Tag          string   `json:"python_tag"`

	sources map[string]string // of the app that is compiled
}

func newRecipe(s *Server, profile string, needs Requirements, py interpreter) (recipe, error) {
	r := recipe{
		Server: s.ownName(), Requirements: needs.Python, Npm: needs.Npm, Go: needs.Go,
		Python: py.path, Version: py.version, Tag: py.tag,
	}
	if slices.Contains(r.Go, goApp) {
		var err error
		if r.sources, err = goSources(s, profile); err != nil {
			return recipe{}, err
		}
		r.App = digestOf(r.sources)
	}
	for _, req := range needs.Python {
		// Authors of a server try many wheels with the same name.
		file := req
		if _, path, ok := strings.Cut(req, atFile); ok {
			file = path
		} else if info, err := os.Stat(req); err != nil || !info.Mode().IsRegular() {
			continue
		}
		d, err := digest(file)
		if err != nil {
			return recipe{}, err
		}
		r.Files, r.Anew = append(r.Files, d), true
	}
	return r, nil
}

// text is the recipe as JSON. It cannot fail, because all values are strings.
func (r recipe) text() []byte {
	text, _ := json.MarshalIndent(r, "", "  ")
	return append(text, '\n')
}

// key is the name of the environment's folder.
func (r recipe) key() string {
	sum := sha256.Sum256(r.text())
	return r.Server + "-" + hex.EncodeToString(sum[:8])
}

// cacheEnv gives pip and uv a separate cache for each interpreter. Their shared caches
// contain modules that were compiled for another interpreter of the same minor version,
// and those may be linked to a libpython that the run-as user cannot read.
func (r recipe) cacheEnv(cache string) []string {
	sum := sha256.Sum256([]byte(r.Python + "\x00" + r.Version + "\x00" + r.Tag))
	mine := r.Tag + "-" + hex.EncodeToString(sum[:4])
	return []string{
		"PIP_CACHE_DIR=" + filepath.Join(cache, "pip", mine),
		"UV_CACHE_DIR=" + filepath.Join(cache, "uv", mine),
	}
}

// get returns the folder of a complete environment, and builds it if necessary. Nobody
// removes the environment until the file is closed or this process ends; the file may be nil
// (use). If the build fails, it returns a bench.EnvironmentError with the cause and the log;
// if the package index lacks the wanted release, a bench.UsageError.
func (e environments) get(ctx context.Context, r recipe, py interpreter) (folder string, using *os.File, err error) {
	folder = filepath.Join(e.cache, "envs", r.key())
	removing := func() { e.progress("waiting for a benchrun cache clear") }
	if using, err = use(ctx, folder+useSuffix, removing); err != nil {
		return "", nil, err
	}
	if exists(filepath.Join(folder, completeMarker)) {
		return folder, using, nil
	}
	downloads, err := use(ctx, downloadsLock(e.cache), removing)
	if err == nil {
		err = errors.Join(e.make(ctx, folder, r, py), closed(downloads))
	}
	if err != nil {
		return "", nil, errors.Join(err, closed(using))
	}
	return folder, using, nil
}

// closed closes a file that may be nil.
func closed(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// make builds an environment, unless another benchrun does it meanwhile.
func (e environments) make(ctx context.Context, folder string, r recipe, py interpreter) error {
	marker := filepath.Join(folder, completeMarker)
	if err := e.prepare(ctx, r, py); err != nil {
		return err
	}
	waiting := func() { e.progress("waiting for another benchrun that installs " + r.Server) }
	return locked(ctx, folder, waiting, func(t tool) error {
		if exists(marker) {
			return nil
		}
		e.progress(fmt.Sprintf("installing %s: %s", r.Server, strings.Join(slices.Concat(r.Requirements, r.Npm, r.Go), " ")))
		t.env = r.cacheEnv(e.cache)
		if err := e.buildWithPackages(ctx, t, folder, r, py); err != nil {
			return err
		}
		// Whoever is killed here leaves no marker.
		if err := writeReadable(marker+".new", r.text()); err != nil {
			return cacheError(err)
		}
		if err := os.Rename(marker+".new", marker); err != nil {
			return cacheError(err)
		}
		return nil
	})
}

// mostBuilds is how often a build is tried: a compiler names one missing header at a time.
const mostBuilds = 4

// buildWithPackages builds an environment. If the build fails because Debian packages are missing
// that benchrun may install, it installs them and builds again.
func (e environments) buildWithPackages(ctx context.Context, t tool, folder string, r recipe, py interpreter) error {
	for tried := 1; ; tried++ {
		if err := os.RemoveAll(folder); err != nil {
			return cacheError(err)
		}
		err := e.build(ctx, t, folder, r, py)
		if err == nil {
			return nil
		}
		lacks, debian := e.lacks(ctx, err, py)
		if len(lacks) == 0 || tried == mostBuilds || !debian || PackagesAs(ctx) == "" {
			return e.buildError(ctx, t, folder, r, py, err, lacks, debian)
		}
		e.progress(fmt.Sprintf("installing %s failed; it probably lacks %s", r.Server, strings.Join(lacks, ", ")))
		if aptErr := e.apt.need(ctx, r.Server, lacks); aptErr != nil {
			return errors.Join(e.buildError(ctx, t, folder, r, py, err, lacks, debian), aptErr)
		}
		e.progress("installing " + r.Server + " again")
	}
}

// lacks are the Debian packages that a build lacks, by its error, and that are not
// installed. debian is false on other systems, where nobody knows what is installed.
func (e environments) lacks(ctx context.Context, err error, py interpreter) (packages []string, debian bool) {
	var failed *failedError
	if !errors.As(err, &failed) || ctx.Err() != nil {
		return nil, false
	}
	packages = lackedPackages(failed.printed, py)
	if missing, _, debian := MissingPackages(ctx, packages); debian {
		return missing, true
	}
	return packages, false
}

// buildError says why a build failed.
func (e environments) buildError(ctx context.Context, t tool, folder string, r recipe, py interpreter, err error, lacks []string, debian bool) error {
	hint := "the whole log is " + t.log.Name()
	out := &bench.EnvironmentError{Problem: "installing " + r.Server + " failed", Hint: hint, Err: err}
	var failed *failedError
	if !errors.As(err, &failed) || ctx.Err() != nil {
		return out
	}
	if index := e.indexError(ctx, folder, r, py, failed, hint); index != nil {
		return index
	}
	if len(lacks) > 0 {
		out.Hint = lackHint(lacks, debian) + "; " + hint
	}
	out.Tail = lastLines(failed.printed)
	return out
}

// indexError is the error of a build that failed because of what its packages come from;
// nil = it failed for another reason.
func (e environments) indexError(ctx context.Context, folder string, r recipe, py interpreter, failed *failedError, where string) error {
	ask := asker{run: e.run, py: py, tools: folder}
	if err := indexError(r.Server, failed.printed, r.Requirements, where+orInstalled(r.Server, e.others())); err != nil {
		var usage *bench.UsageError
		if errors.As(err, &usage) && usage.Hint == "" { // uv does not say which releases exist
			name, version, _ := strings.Cut(lacking(failed.printed, r.Requirements), "==")
			name, _, _ = strings.Cut(name, "[")
			if _, better := ask.has(ctx, release.Python, name, version); errors.As(better, &usage) {
				return usage
			}
		}
		return err
	}
	for _, of := range []struct {
		kind   release.Kind
		list   []string
		by     *regexp.Regexp // what its installer prints
		silent *regexp.Regexp
	}{{release.Npm, r.Npm, byNpm, npmSilent}, {release.Go, r.Go, byGo, goSilent}} {
		if !of.by.MatchString(failed.printed) {
			continue
		}
		for _, requirement := range of.list {
			name, version, ok := cutLast(requirement, "@")
			if !ok {
				continue
			}
			if _, err := ask.has(ctx, of.kind, name, version); err != nil {
				return err
			}
		}
		if line := of.silent.FindString(failed.printed); line != "" {
			return &bench.EnvironmentError{
				Problem: fmt.Sprintf("installing %s: %s cannot be reached", r.Server, indexWords[of.kind].name),
				Err:     errors.New(clip(line)),
				Hint:    "check the network, and " + indexWords[of.kind].settings + orInstalled(r.Server, e.others()) + "; " + where,
			}
		}
	}
	return nil
}

// What npm and go begin the lines of an error with.
var (
	byNpm = regexp.MustCompile(`(?m)^npm (?:error|ERR!)`)
	byGo  = regexp.MustCompile(`(?m)^go: `)
)

// cutLast cuts at the last sep, which is not the first character.
func cutLast(s, sep string) (before, after string, ok bool) {
	at := strings.LastIndex(s, sep)
	if at <= 0 {
		return s, "", false
	}
	return s[:at], s[at+len(sep):], true
}

// prepare makes sure that the interpreter can make environments: in Debian, a separate
// package contains what that needs.
func (e environments) prepare(ctx context.Context, r recipe, py interpreter) error {
	if haveUV() {
		return nil
	}
	if _, err := e.run.ask(ctx, nil, py.path, "-c", "import venv, ensurepip"); err == nil {
		return nil
	} else if ctx.Err() != nil {
		return err
	}
	if py.debian() {
		if err := e.apt.need(ctx, r.Server, []string{"python3." + py.minor() + "-venv"}); err != nil {
			return err
		}
		if _, err := e.run.ask(ctx, nil, py.path, "-c", "import venv, ensurepip"); err == nil {
			return nil
		}
	}
	return &bench.EnvironmentError{
		Problem: fmt.Sprintf("%s cannot make environments: it has no venv with pip", py.path),
		Hint:    "install its venv package or uv, or give another interpreter with --python",
	}
}

// installer adds packages of one kind to an environment that is being made.
type installer interface {
	install(ctx context.Context, t tool, run RunProgram, folder string) error
}

// installers lists those that a recipe needs, in order.
func (r recipe) installers(py interpreter) []installer {
	list := []installer{pip{python: py, requirements: r.Requirements, files: len(r.Files) > 0}}
	if len(r.Npm) > 0 {
		list = append(list, npm{packages: r.Npm})
	}
	if len(r.Go) > 0 {
		list = append(list, golang{programs: r.Go, app: r.sources})
	}
	return list
}

// build makes the environment in its final place, because the scripts in it contain its
// path.
func (e environments) build(ctx context.Context, t tool, folder string, r recipe, py interpreter) error {
	for _, each := range r.installers(py) {
		if err := each.install(ctx, t, e.run, folder); err != nil {
			return err
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}
