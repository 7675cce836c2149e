package targets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// InstallOptions says what to install and for whom.
type InstallOptions struct {
	Server  *Server
	Profile string
	Version string // the wanted version, as CheckVersion takes it; "" = that of the server file
	Python  string // interpreter, a path or a name on PATH; "" = choose
	User    *RunAs // the user that runs the server; nil = the current user
	// Database says that the app has a database, and needs a driver for it.
	Database bool

	Benchrun        string // absolute path of the benchrun binary, for {benchrun}
	BenchrunVersion string // the version of servers that are part of benchrun

	// Run runs every program of the installation, except Debian's own.
	Run RunProgram

	Progress func(string) // called before every long step; may be nil
}

// requirements lists what the server in this profile and its app need.
func (o InstallOptions) requirements(p Profile, version string) Requirements {
	needs := o.Server.requirements(p, version)
	if o.Database {
		needs = needs.and(Requirements{Apt: databasePackages()}).and(o.Server.App.Drivers())
	}
	return needs
}

// Installation is an installed server, ready to be run.
type Installation struct {
	Server  *Server
	Profile string
	Version string // as the installed server reports it

	Python        string // the interpreter to use, "" if the server needs none
	PythonVersion string // "3.11.2"
	Interpreter   string // Python itself, or the one that made its environment
	Env           string // root of the environment, "" if it has none
	PostgreSQL    string // version of the app's database: "15.14"; "" = it has none

	local string // "+path.1a2b3c4d" for an installation from a path: each state of a checkout is a version
}

// Install installs a server in one profile, or finds it installed: first Debian packages,
// then a Python environment. Then it measures the version as the user that will run the
// server. Any number of benchruns may call it at once.
//
// It returns a bench.UsageError for an unknown profile or an impossible version, and a
// bench.EnvironmentError with the way out if this machine cannot do it.
func Install(ctx context.Context, opts InstallOptions) (*Installation, error) {
	s := opts.Server
	p, err := s.Profile(opts.Profile)
	if err != nil {
		return nil, err
	}
	version, err := s.wantedVersion(slices.Concat(s.Install.Python, p.Install.Python), opts.Version)
	if err != nil {
		return nil, err
	}
	if opts.Progress == nil {
		opts.Progress = func(string) {}
	}
	in := &Installation{Server: s, Profile: opts.Profile}
	needs := opts.requirements(p, version)

	var py interpreter
	if s.usesPython(p) {
		if py, err = opts.Run.chooseInterpreter(ctx, opts.Python, opts.User); err != nil {
			return nil, err
		}
		in.Python, in.PythonVersion, in.Interpreter = py.path, py.version, py.path
	}
	if len(needs.All()) > 0 {
		if err := in.install(ctx, opts, needs, py); err != nil {
			return nil, err
		}
	}
	if in.Version, err = measureVersion(ctx, in, opts); err != nil {
		return nil, err
	}
	in.Version += in.local
	if opts.Database {
		if in.PostgreSQL, err = opts.Run.postgresqlVersion(ctx, opts.User); err != nil {
			return nil, err
		}
	}
	if by := s.Supervisor; by != nil {
		version, err := by.version(ctx, opts)
		if err != nil {
			return nil, err
		}
		in.Version += bench.PartMark + by.Name + "." + version
	}
	return in, nil
}

// install installs the packages and the environment.
func (in *Installation) install(ctx context.Context, opts InstallOptions, needs Requirements, py interpreter) error {
	cache, err := cacheFolder()
	if err != nil {
		return err
	}
	packages := apt{root: os.Geteuid() == 0, cache: cache, progress: opts.Progress}
	if err := packages.need(ctx, opts.Server.Name, needs.Apt); err != nil {
		return err
	}
	if !needs.Environment() {
		return nil
	}
	r, err := newRecipe(opts.Server, opts.Profile, needs, py)
	if err != nil {
		return err
	}
	if strings.HasPrefix(opts.Version, versionPath) && len(r.Files) > 0 {
		in.local = "+path." + r.Files[0][:8]
	}
	envs := environments{cache: cache, apt: packages, progress: opts.Progress, run: opts.Run}
	if in.Env, err = envs.get(ctx, r, py); err != nil {
		return err
	}
	in.Python = filepath.Join(in.Env, "bin", "python")
	if _, err := opts.Run.ask(ctx, opts.User, in.Python, "-c", "pass"); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("%s cannot use the environment %s", opts.User, in.Env),
			Hint: fmt.Sprintf("if a folder above it is closed to others, set %s to one that is not; "+
				"if it is broken, remove it and run again", CacheVariable),
			Err: err,
		}
	}
	return nil
}

// versionWord matches what looks like a version: "27.0.1", "v3.0.2", "6.1.1rc2".
var versionWord = regexp.MustCompile(`(?:^|[^0-9A-Za-z.])[vV]?(\d+(?:\.\d+)+(?:[.+!-]?[0-9A-Za-z]+)*)`)

// UnknownVersion is the version of a server whose file does not say how to ask for it.
const UnknownVersion = "unknown"

// mostVersion is how many bytes a version may have: it becomes part of file names.
const mostVersion = 100

// measureVersion asks the installed server for its version, as the user that will run it.
func measureVersion(ctx context.Context, in *Installation, opts InstallOptions) (string, error) {
	command := in.Server.VersionCommand
	switch {
	case len(command) == 0 && in.Server.App == AppBuiltin:
		return opts.BenchrunVersion, nil
	case len(command) == 0:
		return UnknownVersion, nil
	}
	with := Placeholders{Python: in.Python, Env: in.Env, Benchrun: opts.Benchrun}
	argv := make([]string, len(command))
	for i, word := range command {
		argv[i] = with.fill(word)
	}
	out, err := opts.Run.ask(ctx, opts.User, argv...)
	if ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		return "", &bench.EnvironmentError{
			Problem: fmt.Sprintf("the version command of %s failed for %s", in.Server.Name, opts.User),
			Hint:    "see version_command in " + in.Server.File,
			Err:     err,
		}
	}
	m := versionWord.FindStringSubmatch(out)
	if m == nil || len(m[1]) > mostVersion {
		return "", &bench.EnvironmentError{
			Problem: fmt.Sprintf("the version command of %s printed no version but %q", in.Server.Name, clip(meaningfulLine(out))),
			Hint:    "see version_command in " + in.Server.File,
		}
	}
	return m[1], nil
}
