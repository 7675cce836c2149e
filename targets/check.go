package targets

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/strictyaml"
)

// nameForm matches the names that servers and profiles may have: kebab- or snake-case.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$`)

var (
	stopSignals   = []string{"TERM", "INT", "QUIT"}
	reloadSignals = []string{"", "HUP", "USR1", "USR2"}
	servings      = []Serving{"", ServingLeader, ServingChildren}
)

// CheckName returns a bench.UsageError if a server cannot have this name.
func CheckName(name string) error {
	if nameForm.MatchString(name) {
		return nil
	}
	return &bench.UsageError{
		Problem: fmt.Sprintf("%q is not a server's name", name),
		Hint:    "lower-case letters and digits, joined by - or _",
	}
}

// check checks a decoded file against docs/contract.md. The error is the first thing that
// is wrong.
func check(s *Server, src *strictyaml.Source) error {
	switch {
	case s.Schema == "":
		return src.Errorf("schema", "missing; want %s", Schema)
	case s.Schema != Schema:
		return src.Errorf("schema", "%q is not known to this benchrun; want %s", s.Schema, Schema)
	}
	for _, f := range []struct{ path, value string }{
		{"name", s.Name}, {"title", s.Title}, {"app", string(s.App)},
	} {
		if strings.TrimSpace(f.value) == "" {
			return src.Errorf(f.path, "missing")
		}
	}
	switch {
	case !nameForm.MatchString(s.Name):
		return src.Errorf("name", "%q is not a name: lower-case letters and digits, joined by - or _", s.Name)
	case strings.ContainsAny(s.Title, "\r\n"):
		return src.Errorf("title", "more than one line")
	case !slices.Contains(AppKinds(), string(s.App)):
		return src.Errorf("app", "unknown app kind %q; want %s", s.App, strings.Join(AppKinds(), ", "))
	case s.Stop.Signal != "" && !slices.Contains(stopSignals, s.Stop.Signal):
		return src.Errorf("stop.signal", "%q is not one of %s", s.Stop.Signal, strings.Join(stopSignals, ", "))
	case !slices.Contains(reloadSignals, s.Reload.Signal):
		return src.Errorf("reload.signal", "%q is not one of %s", s.Reload.Signal, strings.Join(reloadSignals[1:], ", "))
	case !slices.Contains(servings, s.Serving):
		return src.Errorf("serving", "%q is neither %s nor %s", s.Serving, ServingLeader, ServingChildren)
	case slices.ContainsFunc(s.Lacks, func(l string) bool { return strings.TrimSpace(l) == "" || strings.ContainsAny(l, "\r\n") }):
		return src.Errorf("lacks", "want phrases of one line each")
	case s.Version != "" && !versionWanted.MatchString(s.Version):
		return src.Errorf("version", "%q is not a version", s.Version)
	case len(s.Profiles) == 0:
		return src.Errorf("profiles", "missing")
	}
	if err := checkInstall(src, "install", s.Install, s.Version); err != nil {
		return err
	}
	if err := checkWords(src, "version_command", s.VersionCommand, versionPlaceholders); err != nil {
		return err
	}
	if err := checkCommand(src, "command", s.CommandWords); err != nil {
		return err
	}
	if err := checkEnv(src, "env", s.Env); err != nil {
		return err
	}
	if err := checkFiles(src, "files", s.Files); err != nil {
		return err
	}
	for _, name := range s.ProfileNames() {
		if err := checkProfile(src, s, name); err != nil {
			return err
		}
	}
	return nil
}

func checkProfile(src *strictyaml.Source, s *Server, name string) error {
	path := "profiles." + name
	p := s.Profiles[name]
	command := s.commandOf(p)
	switch {
	case !nameForm.MatchString(name):
		return src.Errorf(path, "%q is not a name: lower-case letters and digits, joined by - or _", name)
	case strings.TrimSpace(p.Why) == "":
		return src.Errorf(path+".why", "missing")
	case p.Workers < 1:
		return src.Errorf(path+".workers", "want 1 or more")
	case p.Claims.Slots < 0 || p.Claims.Watchdog < 0 || p.Claims.Grace < 0 || p.Claims.RetireCode < 0:
		return src.Errorf(path+".claims", "a claim is below 0")
	case p.Reload != nil && !slices.Contains(reloadSignals, p.Reload.Signal):
		return src.Errorf(path+".reload.signal", "%q is not one of %s", p.Reload.Signal, strings.Join(reloadSignals[1:], ", "))
	case !slices.Contains(servings, p.Serving):
		return src.Errorf(path+".serving", "%q is neither %s nor %s", p.Serving, ServingLeader, ServingChildren)
	case len(command) == 0:
		return src.Errorf(path+".command", "missing, and the server has no command either")
	case len(p.Args) > 0 && !slices.Contains(command, argsWord):
		return src.Errorf(path+".args", "the command has no %s to put them in", argsWord)
	}
	if err := checkInstall(src, path+".install", p.Install, s.Version); err != nil {
		return err
	}
	if kinds := versionedKinds(s.Install.and(p.Install)); kinds > 1 {
		return src.Errorf(path, "{version} is used for packages of %d kinds: only one can have the server's version", kinds)
	}
	if err := checkWords(src, path+".args", p.Args, commandPlaceholders); err != nil {
		return err
	}
	for family, more := range p.Families {
		at := path + ".families." + family
		switch {
		case !nameForm.MatchString(family):
			return src.Errorf(at, "%q is not a family's name", family)
		case len(more.Args) == 0:
			return src.Errorf(at+".args", "missing")
		case !slices.Contains(command, argsWord):
			return src.Errorf(at+".args", "the command has no %s to put them in", argsWord)
		}
		if err := checkWords(src, at+".args", more.Args, commandPlaceholders); err != nil {
			return err
		}
	}
	if err := checkCommand(src, path+".command", p.Command); err != nil {
		return err
	}
	if err := checkEnv(src, path+".env", p.Env); err != nil {
		return err
	}
	if err := checkFiles(src, path+".files", p.Files); err != nil {
		return err
	}
	if with := s.App.CompiledWith(); with != "" {
		if !slices.Contains(s.Install.and(p.Install).Go, goApp) {
			return src.Errorf(path+".install.go", "an app of kind %s is compiled: want %q here, or in install.go", s.App, goApp)
		}
		if _, ok := s.Texts(name)[with]; !ok {
			return src.Errorf(path+".files", "an app of kind %s is compiled with %s: want that file here, or in files", s.App, with)
		}
	}
	words := slices.Concat(command, p.Args, s.VersionCommand)
	if !s.Install.and(p.Install).Environment() &&
		slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "{env}") }) {
		return src.Errorf(path, "{env} is used, but without install.python, npm or go there is no environment")
	}
	return nil
}

func checkInstall(src *strictyaml.Source, path string, in Requirements, version string) error {
	for i, pkg := range in.Apt {
		if !aptName.MatchString(pkg) {
			return src.Errorf(fmt.Sprintf("%s.apt[%d]", path, i), "%q is not a Debian package's name", pkg)
		}
	}
	for i, r := range in.Python {
		at := fmt.Sprintf("%s.python[%d]", path, i)
		switch {
		case strings.TrimSpace(r) == "" || strings.HasPrefix(r, "-"):
			return src.Errorf(at, "%q is not a pip requirement", r)
		case strings.Contains(r, "{version}") && version == "":
			return src.Errorf(at, "{version} is used, but the file has no version")
		}
	}
	for i, r := range in.Npm {
		at := fmt.Sprintf("%s.npm[%d]", path, i)
		switch {
		case !npmForm.MatchString(r):
			return src.Errorf(at, "%q is not NAME@VERSION", r)
		case strings.Contains(r, versionMark) && version == "":
			return src.Errorf(at, "{version} is used, but the file has no version")
		}
	}
	for i, r := range in.Go {
		at := fmt.Sprintf("%s.go[%d]", path, i)
		switch {
		case r != goApp && !goForm.MatchString(r):
			return src.Errorf(at, "%q is neither PATH@vVERSION nor %q, the app", r, goApp)
		case strings.Contains(r, versionMark) && version == "":
			return src.Errorf(at, "{version} is used, but the file has no version")
		}
	}
	return checkWords(src, path+".python", in.Python, installPlaceholders)
}

// versionedKinds is for how many kinds of packages {version} is used.
func versionedKinds(in Requirements) (n int) {
	for _, list := range [][]string{in.Python, in.Npm, in.Go} {
		if slices.ContainsFunc(list, func(r string) bool { return strings.Contains(r, versionMark) }) {
			n++
		}
	}
	return n
}

// fileForm matches what the files of a server may be called.
var fileForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func checkFiles(src *strictyaml.Source, path string, files map[string]string) error {
	for name, text := range files {
		at := path + "." + name
		if !fileForm.MatchString(name) || name == attemptFile {
			return src.Errorf(at, "%q cannot be a file beside the app", name)
		}
		if err := checkPlaceholders(src, at, text, commandPlaceholders); err != nil {
			return err
		}
	}
	return nil
}

// checkCommand checks a command, which may be absent but not incomplete.
func checkCommand(src *strictyaml.Source, path string, words []string) error {
	_, there := src.Line(path)
	switch {
	case there && len(words) == 0:
		return src.Errorf(path, "empty")
	case len(words) > 0 && (words[0] == "" || words[0] == argsWord):
		return src.Errorf(path+"[0]", "want a program")
	}
	seen := false
	for i, w := range words {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case w == argsWord && seen:
			return src.Errorf(at, "%s appears here twice", argsWord)
		case w != argsWord && strings.Contains(w, argsWord):
			return src.Errorf(at, "%s must be a word of its own", argsWord)
		}
		seen = seen || w == argsWord
	}
	return checkWords(src, path, words, append(slices.Clone(commandPlaceholders), "args"))
}

func checkWords(src *strictyaml.Source, path string, words, allowed []string) error {
	for i, w := range words {
		if err := checkPlaceholders(src, fmt.Sprintf("%s[%d]", path, i), w, allowed); err != nil {
			return err
		}
	}
	return nil
}

func checkEnv(src *strictyaml.Source, path string, env map[string]string) error {
	for name, value := range env {
		at := path + "." + name
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return src.Errorf(at, "%q is not an environment variable's name", name)
		}
		if err := checkPlaceholders(src, at, value, commandPlaceholders); err != nil {
			return err
		}
	}
	return nil
}

func checkPlaceholders(src *strictyaml.Source, path, word string, allowed []string) error {
	if unknown := unknownPlaceholder(word, allowed); unknown != "" {
		return src.Errorf(path, "%s", unknown)
	}
	return nil
}
