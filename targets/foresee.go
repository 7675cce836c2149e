package targets

import (
	"context"
	"path/filepath"
	"slices"
)

// Foreseen is what Install would use, before it is installed.
type Foreseen struct {
	Python string // interpreter of the server, "" if it needs none
	// Interpreter is that interpreter, or the one that makes the server's environment,
	// in the form that a run stores: "3.11.2 (/usr/bin/python3)"; "" if it needs none.
	Interpreter string
	Env         string       // root of its environment, "" if it has none
	Needs       Requirements // everything that the server and its profile need
	Complete    bool         // nothing has to be installed first
}

// Interpreter is the form in which a run stores the Python of its servers.
func Interpreter(version, path string) string { return version + " (" + path + ")" }

// Foresee says what Install would use for a target, and installs nothing. Its errors are
// those of Install.
func Foresee(ctx context.Context, opts InstallOptions) (Foreseen, error) {
	p, err := opts.Server.Profile(opts.Profile)
	if err != nil {
		return Foreseen{}, err
	}
	version, err := opts.Server.wantedVersion(slices.Concat(opts.Server.Install.Python, p.Install.Python), opts.Version)
	if err != nil {
		return Foreseen{}, err
	}
	f := Foreseen{Needs: opts.requirements(p, version)}
	missing, _, _ := MissingPackages(ctx, f.Needs.Apt)
	f.Complete = len(missing) == 0
	if !opts.Server.usesPython(p) {
		return f, nil
	}
	py, err := opts.Run.chooseInterpreter(ctx, opts.Python, opts.User)
	if err != nil {
		return Foreseen{}, err
	}
	f.Interpreter = Interpreter(py.version, py.path)
	if f.Python = py.path; len(f.Needs.Python) == 0 {
		return f, nil
	}
	cache, err := cacheFolder()
	if err != nil {
		return Foreseen{}, err
	}
	r, err := newRecipe(opts.Server.Name, f.Needs.Python, py)
	if err != nil {
		return Foreseen{}, err
	}
	f.Env = filepath.Join(cache, "envs", r.key())
	f.Python = filepath.Join(f.Env, "bin", "python")
	f.Complete = f.Complete && exists(filepath.Join(f.Env, completeMarker))
	return f, nil
}
