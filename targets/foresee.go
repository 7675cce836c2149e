package targets

import (
	"context"
	"errors"
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
	Release     Release      // what a range stands for; zero: the user wants one version
}

// Interpreter is the form in which a run stores the Python of its servers.
func Interpreter(version, path string) string { return version + " (" + path + ")" }

// Outlook foresees installations. It asks an interpreter, and Debian's records of a package,
// only once, however many targets need them: it is for a moment in which nothing is
// installed, such as a dry run. The zero value is ready. It is not safe for concurrent use.
type Outlook struct {
	releases  Releases
	pythons   map[wantedPython]interpreter // those that can be used
	installed map[string]bool              // Debian packages that were looked for
}

// wantedPython is what chooseInterpreter is asked for.
type wantedPython struct {
	python string // "" = choose
	user   string
}

// ForeseePython is Foreseen.Interpreter of a target. It asks no package index.
func ForeseePython(ctx context.Context, opts InstallOptions) (string, error) {
	p, err := opts.Server.Profile(opts.Profile)
	if err != nil || !opts.Server.usesPython(p) {
		return "", err
	}
	py, err := opts.Run.chooseInterpreter(ctx, opts.Python, opts.User)
	if err != nil {
		return "", err
	}
	return Interpreter(py.version, py.path), nil
}

// Foresee is that of an outlook on one target.
func Foresee(ctx context.Context, opts InstallOptions) (Foreseen, error) {
	return new(Outlook).Foresee(ctx, opts)
}

// Foresee says what Install would use for a target, and installs nothing. Its errors are
// those of Install. If nobody can say which release a range stands for, Release says why,
// and Env is a folder that does not exist.
func (o *Outlook) Foresee(ctx context.Context, opts InstallOptions) (Foreseen, error) {
	p, err := opts.Server.Profile(opts.Profile)
	if err != nil {
		return Foreseen{}, err
	}
	version, err := opts.Server.wantedVersion(opts.Server.Install.and(p.Install), opts.Version)
	if err != nil {
		return Foreseen{}, err
	}
	f := Foreseen{Needs: opts.requirements(p, version)}
	f.Complete = o.haveAll(ctx, f.Needs.Apt)
	if !opts.Server.usesPython(p) {
		return f, nil
	}
	py, err := o.interpreter(ctx, opts)
	if err != nil {
		return Foreseen{}, err
	}
	opts.Releases = &o.releases
	f.Release, err = opts.resolve(ctx, p, version, py, "")
	unknown := (*unaskedError)(nil)
	switch {
	case errors.As(err, &unknown):
		f.Release = unknown.release
	case err != nil:
		return Foreseen{}, err
	case f.Release.Version != "":
		f.Needs = opts.requirements(p, f.Release.Version)
	}
	f.Complete = f.Complete && unknown == nil
	f.Interpreter = Interpreter(py.version, py.path)
	if f.Python = py.path; !f.Needs.Environment() {
		return f, nil
	}
	cache, err := cacheFolder()
	if err != nil {
		return Foreseen{}, err
	}
	r, err := newRecipe(opts.Server, opts.Profile, f.Needs, py)
	if err != nil {
		return Foreseen{}, err
	}
	f.Env = filepath.Join(cache, "envs", r.key())
	f.Python = filepath.Join(f.Env, "bin", "python")
	f.Complete = f.Complete && exists(filepath.Join(f.Env, completeMarker))
	return f, nil
}

// interpreter is the one that Install would choose.
func (o *Outlook) interpreter(ctx context.Context, opts InstallOptions) (interpreter, error) {
	wanted := wantedPython{opts.Python, opts.User.String()}
	if py, ok := o.pythons[wanted]; ok {
		return py, nil
	}
	py, err := opts.Run.chooseInterpreter(ctx, opts.Python, opts.User)
	if err != nil {
		return interpreter{}, err
	}
	if o.pythons == nil {
		o.pythons = map[wantedPython]interpreter{}
	}
	o.pythons[wanted] = py
	return py, nil
}

// haveAll says that no Debian package of these is missing, as far as is known.
func (o *Outlook) haveAll(ctx context.Context, packages []string) bool {
	unknown := slices.DeleteFunc(slices.Clone(packages), func(p string) bool { _, ok := o.installed[p]; return ok })
	if len(unknown) > 0 {
		if o.installed == nil {
			o.installed = map[string]bool{}
		}
		missing, _, _ := MissingPackages(ctx, unknown)
		for _, p := range unknown {
			o.installed[p] = !slices.Contains(missing, p)
		}
	}
	return !slices.ContainsFunc(packages, func(p string) bool { return !o.installed[p] })
}
