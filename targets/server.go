// Package targets knows what can be tested: servers (one YAML file each,
// built in or the user's own), their profiles, the apps that they serve, and
// how to install them.
//
// A server file says everything about a server; no Go code knows a server by
// name. docs/contract.md describes the file and what an app must answer.
//
// The package starts nothing and measures nothing: Server.Command gives the
// argv, Install gives the environment, and package launch runs them.
package targets

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// Schema names the format of server files.
const Schema = "benchrun.server/v1"

// AppKind says which app a server serves.
type AppKind string

// The app kinds.
const (
	// AppWSGI is apps/wsgi/app.py, a Python callable `application`.
	AppWSGI AppKind = "wsgi"
	// AppBuiltin means that the server brings its own app, as the reference
	// server does.
	AppBuiltin AppKind = "builtin"
)

// Server is one server file, decoded and checked.
type Server struct {
	Schema         string             `yaml:"schema"`
	Name           string             `yaml:"name"`
	Replaces       bool               `yaml:"replaces"` // may take the place of a known server of this name
	Title          string             `yaml:"title"`
	Homepage       string             `yaml:"homepage"`
	App            AppKind            `yaml:"app"`
	Version        string             `yaml:"version"` // installed when none is asked for; "" = whatever is there
	Install        Requirements       `yaml:"install"`
	VersionCommand []string           `yaml:"version_command"`
	Env            map[string]string  `yaml:"env"`
	CommandWords   []string           `yaml:"command"`
	Stop           Stop               `yaml:"stop"`
	Reload         Reload             `yaml:"reload"`
	Lacks          []string           `yaml:"lacks"` // what no profile of it can offer, each a phrase
	Profiles       map[string]Profile `yaml:"profiles"`
	Sources        []string           `yaml:"sources"`

	// File is where the server was read from, for messages: a path, or
	// "built-in servers/<name>.yaml".
	File string `yaml:"-"`
}

// Requirements lists what a server or a profile needs installed.
type Requirements struct {
	Apt    []string `yaml:"apt"`    // Debian packages
	Python []string `yaml:"python"` // pip requirements
}

// Stop says how a server is asked to end.
type Stop struct {
	Signal string `yaml:"signal"` // without SIG: TERM, INT or QUIT; "" = TERM
}

// Reload says how a server is asked to replace its workers without stopping.
type Reload struct {
	Signal string `yaml:"signal"` // to its leader, without SIG: HUP, USR1 or USR2; "" = it offers no reload
}

// Profile is one configuration of a server.
type Profile struct {
	Why     string            `yaml:"why"`
	Install Requirements      `yaml:"install"` // added to the server's
	Args    []string          `yaml:"args"`    // takes the place of {args}
	Command []string          `yaml:"command"` // replaces the server's, if any
	Env     map[string]string `yaml:"env"`     // added to the server's
	Workers int               `yaml:"workers"` // processes that must answer before the target counts as ready
	Claims  bench.Claims      `yaml:"claims"`
	Reload  *Reload           `yaml:"reload"` // replaces the server's, if there
	// Families says what a family's cells need besides, by the family's id.
	Families map[string]ForFamily `yaml:"families"`
}

// ForFamily is what a profile has more under one family: a limit, say, that the
// few seconds of an attempt can reach.
type ForFamily struct {
	Args []string `yaml:"args"` // come after the profile's own
}

// The profiles that have a meaning of their own.
const (
	ProfileDefault  = "default"  // what the server's own quick start gives
	ProfileHardened = "hardened" // its own fail-safe options at their best
	ProfileEqual8   = "equal8"   // 8 slots and a watchdog of 3 s where it has one, for tables of like with like
)

// ProfileNames lists the profiles: default, hardened, equal8, then the others by
// name.
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

// Profile finds a profile by name. An unknown name is a bench.UsageError that
// suggests the nearest.
func (s *Server) Profile(name string) (Profile, error) {
	p, ok := s.Profiles[name]
	if !ok {
		return Profile{}, &bench.UsageError{Problem: fmt.Sprintf("unknown profile of %s %q", s.Name, name), Hint: bench.DidYouMean(name, s.ProfileNames())}
	}
	return p, nil
}

// Under gives the server as it runs under a family: with the arguments that its
// profiles have for it. The server itself stays as it is.
func (s *Server) Under(family string) *Server {
	under := *s
	under.Profiles = maps.Clone(s.Profiles)
	for name, p := range under.Profiles {
		p.Args = slices.Concat(p.Args, p.Families[family].Args)
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

// ReloadSignal is the signal that asks a profile's leader to replace its
// workers, without SIG; "" where the server offers no reload.
func (s *Server) ReloadSignal(p Profile) string {
	if p.Reload != nil {
		return p.Reload.Signal
	}
	return s.Reload.Signal
}

// Offers says that a profile of the server has a feature.
func (s *Server) Offers(profile string, f bench.ServerFeature) bool {
	return f == bench.ServerReload && s.ReloadSignal(s.Profiles[profile]) != ""
}

// requirements lists what a profile needs, the server's own first, in a version
// that wantedVersion gave.
func (s *Server) requirements(p Profile, version string) Requirements {
	python := slices.Concat(s.Install.Python, p.Install.Python)
	for i, r := range python {
		python[i] = require(r, s.Version, version)
	}
	return Requirements{Apt: slices.Concat(s.Install.Apt, p.Install.Apt), Python: python}
}

// usesPython says whether any of a profile's words names the interpreter.
func (s *Server) usesPython(p Profile) bool {
	words := slices.Concat(s.VersionCommand, s.commandOf(p), p.Args, s.Install.Python, p.Install.Python)
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.Contains(w, "{python}") || strings.Contains(w, "{env}")
	}) || len(s.Install.Python)+len(p.Install.Python) > 0
}

func (s *Server) commandOf(p Profile) []string {
	if len(p.Command) > 0 {
		return p.Command
	}
	return s.CommandWords
}
