// Package targets knows what can be tested: servers (one YAML file each, built in or the
// user's own), their profiles, the apps that they serve, and how to install them.
//
// A server file says everything about a server; no Go code knows a server by name.
// docs/contract.md describes the file and what an app must answer.
//
// The package runs no server and measures nothing: Server.Command returns the argv, Install
// makes the environment, and package launch runs them.
package targets

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/release"
)

// Schema names the format of server files.
const Schema = "benchrun.server/v1"

// Server is one server file, decoded and checked.
type Server struct {
	Schema         string             `yaml:"schema"`
	Name           string             `yaml:"name"`
	Replaces       bool               `yaml:"replaces"` // may replace a known server of this name
	Title          string             `yaml:"title"`
	Homepage       string             `yaml:"homepage"`
	App            AppKind            `yaml:"app"`
	Version        string             `yaml:"version"` // installed if the user asks for no version; "" = whatever is installed
	Install        Requirements       `yaml:"install"`
	VersionCommand []string           `yaml:"version_command"`
	Env            map[string]string  `yaml:"env"`
	Files          map[string]string  `yaml:"files"` // texts that a server finds beside its app, by name
	CommandWords   []string           `yaml:"command"`
	Stop           Stop               `yaml:"stop"`
	Reload         Reload             `yaml:"reload"`
	Serving        Serving            `yaml:"serving"`
	Lacks          []string           `yaml:"lacks"` // what none of its profiles can offer, as phrases
	Profiles       map[string]Profile `yaml:"profiles"`
	Sources        []string           `yaml:"sources"`

	// File is where the server comes from, for messages: a path,
	// "built-in servers/<name>.yaml", or "--server-cmd".
	File string `yaml:"-"`
	// Supervisor is what starts the server (StartedBy); nil = benchrun does.
	Supervisor *Supervisor `yaml:"-" json:",omitempty"`
	// ByCommand is what --server-cmd gave; nil = the server has a file.
	ByCommand *Command `yaml:"-" json:",omitempty"`
	// OwnArgs are the user's own arguments (WithArgs).
	OwnArgs []string `yaml:"-" json:",omitempty"`
	// Front is the reverse proxy before the server (Behind); nil = there is none.
	Front *Front `yaml:"-" json:",omitempty"`
	// Drafts are the fields that are still to be filled in.
	Drafts []Draft `yaml:"-" json:"-"`

	text string // the file
}

// Draft is a field whose text begins with TODO, as init server writes it.
type Draft struct {
	Field, Text string
	Line        int
}

// Requirements lists what a server or a profile needs installed.
type Requirements struct {
	Apt    []string `yaml:"apt"`                   // Debian packages
	Python []string `yaml:"python"`                // pip requirements
	Npm    []string `yaml:"npm" json:",omitempty"` // npm packages, with their versions
	Go     []string `yaml:"go" json:",omitempty"`  // Go programs, with their versions; "." is the app itself
}

// Environment says whether anything of it needs an environment of its own.
func (r Requirements) Environment() bool { return len(r.Python)+len(r.Npm)+len(r.Go) > 0 }

// and is both.
func (r Requirements) and(other Requirements) Requirements {
	return Requirements{
		Apt: slices.Concat(r.Apt, other.Apt), Python: slices.Concat(r.Python, other.Python),
		Npm: slices.Concat(r.Npm, other.Npm), Go: slices.Concat(r.Go, other.Go),
	}
}

// All lists everything of it, for people.
func (r Requirements) All() []string { return slices.Concat(r.Apt, r.Python, r.Npm, r.Go) }

// Stop says how to ask a server to end.
type Stop struct {
	Signal string `yaml:"signal"` // without SIG: TERM, INT or QUIT; "" = TERM
}

// Reload says how to ask a server to replace its workers without stopping.
type Reload struct {
	Signal string `yaml:"signal"` // to its leader, without SIG: HUP, USR1 or USR2; "" = the server offers no reload
}

// Serving says which processes answer requests.
type Serving string

// Which processes answer.
const (
	ServingLeader   Serving = "leader"   // the first process itself
	ServingChildren Serving = "children" // others below it, so that one can end and the server goes on
)

// Profile is one configuration of a server.
type Profile struct {
	Why     string            `yaml:"why"`
	Install Requirements      `yaml:"install"`                 // added to the server's
	Args    []string          `yaml:"args"`                    // replaces {args}
	Command []string          `yaml:"command"`                 // replaces the server's, if set
	Env     map[string]string `yaml:"env"`                     // added to the server's
	Files   map[string]string `yaml:"files" json:",omitempty"` // added to the server's
	Workers int               `yaml:"workers"`                 // processes that must answer before the target counts as ready
	Claims  bench.Claims      `yaml:"claims"`
	// FixedClaims says that workers and claims hold whatever arguments --args adds.
	FixedClaims bool    `yaml:"fixed_claims" json:",omitempty"`
	Reload      *Reload `yaml:"reload"`  // replaces the server's, if set
	Serving     Serving `yaml:"serving"` // replaces the server's, if set
	// Families says what the cells of a family need in addition, by the family's ID.
	Families map[string]ForFamily `yaml:"families"`
}

// ForFamily is what a profile has in addition under one family, for example a limit that
// an attempt of a few seconds can reach.
type ForFamily struct {
	Args []string `yaml:"args"` // added after the profile's own
}

// The profiles that have a fixed meaning.
const (
	ProfileDefault  = "default"  // as the server's own quick start runs it
	ProfileHardened = "hardened" // its own fail-safe options at their best
	ProfileEqual8   = "equal8"   // 8 slots, and a watchdog of 3 to 4 s if the server has one, for comparable tables
)

// ProfileNames lists the profiles: default, hardened, equal8, then the others by name.
func (s *Server) ProfileNames() []string {
	rank := func(name string) int {
		switch name {
		case ProfileDefault:
			return 0
		case ProfileHardened:
			return 1
		case ProfileEqual8:
			return 2
		}
		return 3
	}
	return slices.SortedFunc(maps.Keys(s.Profiles), func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}

// Profile finds a profile by name. For an unknown name it returns a bench.UsageError that
// suggests the nearest.
func (s *Server) Profile(name string) (Profile, error) {
	p, ok := s.Profiles[name]
	if !ok {
		return Profile{}, &bench.UsageError{Problem: fmt.Sprintf("unknown profile of %s %q", s.Name, name), Hint: cmp.Or(whyNot(s.ownName()+"/"+name), bench.DidYouMean(name, s.ProfileNames()))}
	}
	return p, nil
}

// Under returns a copy of the server with the arguments that its profiles have for
// families. It does not change the server.
func (s *Server) Under(families ...string) *Server {
	under := *s
	under.Profiles = maps.Clone(s.Profiles)
	for name, p := range under.Profiles {
		p.Args = slices.Clone(p.Args)
		for _, f := range families {
			p.Args = append(p.Args, p.Families[f].Args...)
		}
		under.Profiles[name] = p
	}
	return &under
}

// StopSignal is the signal that asks the server's leader to end, without SIG.
func (s *Server) StopSignal() string {
	if s.Stop.Signal == "" {
		return "TERM"
	}
	return s.Stop.Signal
}

// ReloadSignal is the signal that asks a profile's leader to replace its workers, without
// SIG; "" if the server offers no reload.
func (s *Server) ReloadSignal(p Profile) string {
	if p.Reload != nil {
		return p.Reload.Signal
	}
	return s.Reload.Signal
}

// Offers says whether a profile of the server has a feature.
func (s *Server) Offers(profile string, f bench.ServerFeature) bool {
	p := s.Profiles[profile]
	switch f {
	case bench.ServerReload:
		return s.ReloadSignal(p) != ""
	case bench.ServerChildren:
		return s.WhoServes(p) == ServingChildren
	case bench.ServerBoot:
		return !s.App.LoadsForRequest()
	}
	return false
}

// WhoServes says which processes of a profile answer requests; "" = the file does not say.
func (s *Server) WhoServes(p Profile) Serving { return cmp.Or(p.Serving, s.Serving) }

// requirements lists what a profile needs, the server's own needs first, in a version that
// wantedVersion returned.
func (s *Server) requirements(p Profile, version string) Requirements {
	needs := s.Install.and(p.Install)
	if s.Front != nil {
		needs.Apt = append(needs.Apt, s.Front.Install.Apt...)
	}
	if s.Supervisor != nil {
		needs.Apt = append(needs.Apt, s.Supervisor.Install.Apt...)
	}
	for i, r := range needs.Python {
		needs.Python[i] = require(r, s.Version, version)
	}
	for i, r := range needs.Npm {
		needs.Npm[i] = requireAt(release.Npm, r, s.Version, version)
	}
	for i, r := range needs.Go {
		needs.Go[i] = requireAt(release.Go, r, s.Version, version)
	}
	return needs
}

// TakesDriver says whether benchrun can give a driver for a database to the app that a
// profile serves: the app brings its own, or runs on a Python that benchrun chooses.
func (s *Server) TakesDriver(profile string) bool {
	return len(s.App.Drivers().Python) == 0 || s.usesPython(s.Profiles[profile])
}

// usesPython says whether any word of a profile's command names the interpreter.
func (s *Server) usesPython(p Profile) bool {
	words := slices.Concat(s.VersionCommand, s.commandOf(p), p.Args)
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.Contains(w, "{python}") || strings.Contains(w, "{env}")
	}) || s.Install.and(p.Install).Environment()
}

func (s *Server) commandOf(p Profile) []string {
	if len(p.Command) > 0 {
		return p.Command
	}
	return s.CommandWords
}

// Texts are the files that a profile has beside its app, by name, with their placeholders.
func (s *Server) Texts(profile string) map[string]string {
	texts := map[string]string{}
	maps.Copy(texts, s.Files)
	maps.Copy(texts, s.Profiles[profile].Files)
	return texts
}

// Environ has a profile's variables of the environment beyond the minimal ones, with their
// placeholders.
func (s *Server) Environ(profile string) map[string]string {
	env := map[string]string{}
	maps.Copy(env, s.Env)
	maps.Copy(env, s.Profiles[profile].Env)
	return env
}
