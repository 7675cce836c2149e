package targets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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

	// Releases remembers what ranges stand for; nil = ask again.
	Releases *Releases

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
	Version string  // as the installed server reports it; with that of a front or supervisor: "23.0.0+nginx.1.22.1"
	Release Release // what the range that the user wants stands for; zero: the user wants one version

	Python        string // the interpreter to use, "" if the server needs none
	PythonVersion string // "3.11.2"
	Interpreter   string // Python itself, or the one that made its environment
	Env           string // root of the environment, "" if it has none
	PostgreSQL    string // version of the app's database: "15.14"; "" = it has none

	// using keeps benchrun cache clear from removing the environment as long as the
	// installation, or this process, is there. It may be nil.
	using *os.File
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
	version, err := s.wantedVersion(s.Install.and(p.Install), opts.Version)
	if err != nil {
		return nil, err
	}
	if opts.Progress == nil {
		opts.Progress = func(string) {}
	}
	in := &Installation{Server: s, Profile: opts.Profile}
	var py interpreter
	if s.usesPython(p) {
		if py, err = opts.Run.chooseInterpreter(ctx, opts.Python, opts.User); err != nil {
			return nil, err
		}
		in.Python, in.PythonVersion, in.Interpreter = py.path, py.version, py.path
		if version, err = in.chooseRelease(ctx, opts, p, version, py); err != nil {
			return nil, err
		}
	}
	needs := opts.requirements(p, version)
	if len(needs.All()) > 0 {
		if err := in.install(ctx, opts, needs, py); err != nil {
			return nil, err
		}
	}
	if in.Version, err = measureVersion(ctx, in, opts); err != nil {
		return nil, err
	}
	in.Version += in.local
	in.noteUse()
	if f := s.Front; f != nil {
		version, err := opts.askVersion(ctx, f.Title, f.VersionCommand, f.File)
		if err != nil {
			return nil, err
		}
		in.Version += bench.PartMark + f.Name + "." + version
	}
	if by := s.Supervisor; by != nil {
		version, err := opts.askVersion(ctx, by.Title, by.VersionCommand, by.File)
		if err != nil {
			return nil, err
		}
		in.Version += bench.PartMark + by.Name + "." + version
	}
	if opts.Database {
		if in.PostgreSQL, err = opts.Run.postgresqlVersion(ctx, opts.User); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// chooseRelease replaces a range with the release that it stands for.
func (in *Installation) chooseRelease(ctx context.Context, opts InstallOptions, p Profile, version string, py interpreter) (string, error) {
	tools := ""
	if v := versionedIn(opts.Server.Install.and(p.Install)); len(v.list) > 0 && v.ranges(version) && toolsMissing(v.kind, "") {
		// npm or go come with the server, from Python's packages.
		own := opts.requirements(p, version)
		own.Npm, own.Go = nil, nil
		if own.Environment() {
			if err := in.install(ctx, opts, own, py); err != nil {
				return "", err
			}
			tools = in.Env
		}
	}
	var err error
	if in.Release, err = opts.resolve(ctx, p, version, py, tools); err != nil || in.Release.Version == "" {
		return version, err
	}
	if in.Release.Unasked != "" {
		opts.Progress(opts.Server.Name + " is " + in.Release.Words())
	}
	return in.Release.Version, nil
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
	envs := environments{cache: cache, apt: packages, progress: opts.Progress, run: opts.Run, others: func() []string {
		p := opts.Server.Profiles[opts.Profile]
		if v := versionedIn(opts.Server.Install.and(p.Install)); v.pinned {
			return opts.installed(p, v, py)
		}
		return nil
	}}
	if in.Env, in.using, err = envs.get(ctx, r, py); err != nil {
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
	return opts.askVersion(ctx, in.Server.Name, argv, in.Server.File)
}

// askVersion runs a command that prints a version. name and file are for errors.
func (o InstallOptions) askVersion(ctx context.Context, name string, argv []string, file string) (string, error) {
	out, err := o.Run.ask(ctx, o.User, argv...)
	if ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		return "", &bench.EnvironmentError{
			Problem: fmt.Sprintf("the version command of %s failed for %s", name, o.User),
			Hint:    "see version_command in " + file,
			Err:     err,
		}
	}
	m := versionWord.FindStringSubmatch(out)
	if m == nil || len(m[1]) > mostVersion {
		return "", &bench.EnvironmentError{
			Problem: fmt.Sprintf("the version command of %s printed no version but %q", name, clip(meaningfulLine(out))),
			Hint:    "see version_command in " + file,
		}
	}
	return m[1], nil
}
