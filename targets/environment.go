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
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// environments makes Python environments in the cache and finds them again. An environment
// is complete if it has its marker, which is written last. Anything else was left by a
// killed build, and is built again.
type environments struct {
	cache    string
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
		Server: s.installName(), Requirements: needs.Python, Npm: needs.Npm, Go: needs.Go,
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

// get returns the folder of a complete environment, and builds it if necessary. If the
// build fails, it returns a bench.EnvironmentError with the cause and the log; if the
// package index lacks the wanted release, a bench.UsageError.
func (e environments) get(ctx context.Context, r recipe, py interpreter) (string, error) {
	folder := filepath.Join(e.cache, "envs", r.key())
	marker := filepath.Join(folder, completeMarker)
	if exists(marker) {
		return folder, nil
	}
	if err := e.prepare(ctx, r, py); err != nil {
		return "", err
	}
	waiting := func() { e.progress("waiting for another benchrun that installs " + r.Server) }
	err := locked(ctx, folder, waiting, func(t tool) error {
		if exists(marker) {
			return nil
		}
		if err := os.RemoveAll(folder); err != nil {
			return cacheError(err)
		}
		e.progress(fmt.Sprintf("installing %s: %s", r.Server, strings.Join(slices.Concat(r.Requirements, r.Npm, r.Go), " ")))
		t.env = r.cacheEnv(e.cache)
		if err := e.build(ctx, t, folder, r, py); err != nil {
			return e.buildError(ctx, t, r, py, err)
		}
		if err := writeReadable(marker, r.text()); err != nil {
			return cacheError(err)
		}
		return nil
	})
	return folder, err
}

// buildError says why a build failed.
func (e environments) buildError(ctx context.Context, t tool, r recipe, py interpreter, err error) error {
	where := "the whole log is " + t.log.Name()
	var failed *failedError
	if errors.As(err, &failed) && ctx.Err() == nil {
		if index := indexError(r.Server, failed.printed, r.Requirements, where); index != nil {
			var usage *bench.UsageError
			if errors.As(index, &usage) && usage.Hint == "" { // uv does not say which releases exist
				if _, err := e.run.askIndex(ctx, py, lacking(failed.printed, r.Requirements)); errors.As(err, &usage) {
					return usage
				}
			}
			return index
		}
	}
	return &bench.EnvironmentError{Problem: "installing " + r.Server + " failed", Hint: where, Err: err}
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
	if strings.HasPrefix(py.path, "/usr/bin/") {
		minor := strings.SplitN(py.version, ".", 3)[1]
		if err := e.apt.need(ctx, r.Server, []string{"python3." + minor + "-venv"}); err != nil {
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
