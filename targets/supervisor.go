package targets

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"benchrun/internal/bench"
	"benchrun/internal/strictyaml"
)

//go:embed supervisors/*.yaml
var builtinSupervisors embed.FS

// SupervisorSchema names the format of supervisor files.
const SupervisorSchema = "benchrun.supervisor/v1"

// Supervisor is one supervisor file, decoded and checked: a process manager that can start
// any server, and starts it again when it ends. No Go code knows a supervisor by name.
type Supervisor struct {
	Schema         string            `yaml:"schema"`
	Name           string            `yaml:"name"`
	Title          string            `yaml:"title"`
	Homepage       string            `yaml:"homepage"`
	Install        SupervisorInstall `yaml:"install"`
	VersionCommand []string          `yaml:"version_command"`
	CommandWords   []string          `yaml:"command"`
	Files          map[string]string `yaml:"files"` // texts in its folder, by path; one that begins with #! can be executed
	Stop           SupervisorStop    `yaml:"stop"`
	Signal         SupervisorSignal  `yaml:"signal"`
	Restarts       string            `yaml:"restarts"` // when it starts a server again, in words
	Stops          string            `yaml:"stops"`    // what it does to a server when it is asked to end, in words
	Stock          string            `yaml:"stock"`    // how its files differ from what is usual
	Sources        []string          `yaml:"sources"`

	// File is where the supervisor comes from, for messages: "built-in supervisors/<name>.yaml".
	File string `yaml:"-" json:"-"`

	text string // the file
}

// SupervisorInstall lists what a supervisor needs installed.
type SupervisorInstall struct {
	Apt []string `yaml:"apt"` // Debian packages
}

// SupervisorStop says how to ask a supervisor to end with its server: by a command, or by a
// signal to itself.
type SupervisorStop struct {
	Command []string `yaml:"command"`
	Signal  string   `yaml:"signal"` // without SIG
}

// SupervisorSignal is the command by which a supervisor sends its server a signal, and the
// words by which it knows the signals that it can send.
type SupervisorSignal struct {
	Command []string          `yaml:"command"` // with {signal}
	Names   map[string]string `yaml:"names"`   // by the signal's name without SIG
}

// The placeholders of a supervisor, by where they may be used. {work} is a folder of the
// supervisor's own, {app} that of the app, {command} the server's command as a shell reads
// it, and {stop_signal} the server's stop signal without SIG.
var (
	supervisorFilePlaceholders   = []string{"work", "app", "command", "stop_signal"}
	supervisorPlaceholders       = []string{"work"}
	supervisorSignalPlaceholders = []string{"work", "signal"}
)

// folderForm matches the path of a file in a supervisor's folder.
var folderForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*$`)

// supervisors are those that are part of benchrun, by name.
var supervisors = sync.OnceValues(func() (map[string]*Supervisor, error) {
	names, err := fs.Glob(builtinSupervisors, "supervisors/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list built-in supervisors: %w", err)
	}
	all := map[string]*Supervisor{}
	for _, name := range names {
		text, err := builtinSupervisors.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read built-in supervisor: %w", err)
		}
		s, err := decodeSupervisor(builtinPrefix+name, text)
		if err != nil {
			return nil, err
		}
		all[s.Name] = s
	}
	return all, nil
})

// SupervisorNames lists the supervisors that are part of benchrun, sorted.
func SupervisorNames() []string {
	all, err := supervisors()
	if err != nil {
		return nil // cannot happen: a test reads the files
	}
	return slices.Sorted(maps.Keys(all))
}

// FindSupervisor finds a supervisor by its name. For an unknown name it returns a
// bench.UsageError that suggests the nearest. The Supervisor is shared: read only.
func FindSupervisor(name string) (*Supervisor, error) {
	all, err := supervisors()
	if err != nil {
		return nil, err
	}
	s, ok := all[name]
	if !ok {
		return nil, &bench.UsageError{Problem: fmt.Sprintf("unknown supervisor %q", name), Hint: bench.DidYouMean(name, SupervisorNames())}
	}
	return s, nil
}

// decodeSupervisor reads one supervisor file strictly and checks it. Every error is a
// bench.UsageError "file:line: field: problem".
func decodeSupervisor(file string, text []byte) (*Supervisor, error) {
	s := &Supervisor{File: file, text: string(text)}
	src, err := strictyaml.Decode(file, text, s)
	if err != nil {
		return nil, err
	}
	return s, s.check(src)
}

// check returns the first thing that is wrong in a decoded file.
func (s *Supervisor) check(src *strictyaml.Source) error {
	if err := src.Schema(s.Schema, SupervisorSchema); err != nil {
		return err
	}
	for _, field := range []struct{ path, value string }{
		{"name", s.Name}, {"title", s.Title}, {"restarts", s.Restarts}, {"stops", s.Stops}, {"stock", s.Stock},
	} {
		if strings.TrimSpace(field.value) == "" {
			return src.Errorf(field.path, "missing")
		}
	}
	switch {
	case !nameForm.MatchString(s.Name):
		return src.Errorf("name", "%q is not a name: lower-case letters and digits, joined by - or _", s.Name)
	case len(s.VersionCommand) == 0:
		return src.Errorf("version_command", "missing")
	case len(s.CommandWords) == 0 || s.CommandWords[0] == "":
		return src.Errorf("command", "missing")
	case (len(s.Stop.Command) > 0) == (s.Stop.Signal != ""):
		return src.Errorf("stop", "want either a command or a signal")
	case s.Stop.Signal != "" && !slices.Contains(stopSignals, s.Stop.Signal):
		return src.Errorf("stop.signal", "%q is not one of %s", s.Stop.Signal, strings.Join(stopSignals, ", "))
	case len(s.Signal.Names) > 0 && !strings.Contains(strings.Join(s.Signal.Command, " "), "{signal}"):
		return src.Errorf("signal.command", "no {signal} to put a name into")
	}
	for name := range s.Signal.Names {
		if !slices.Contains(reloadSignals, name) || name == "" {
			return src.Errorf("signal.names."+name, "not one of %s", strings.Join(reloadSignals[1:], ", "))
		}
	}
	for i, pkg := range s.Install.Apt {
		if !aptName.MatchString(pkg) {
			return src.Errorf(fmt.Sprintf("install.apt[%d]", i), "%q is not a Debian package's name", pkg)
		}
	}
	for _, line := range []struct {
		path           string
		words, allowed []string
	}{
		{"command", s.CommandWords, supervisorPlaceholders},
		{"stop.command", s.Stop.Command, supervisorPlaceholders},
		{"signal.command", s.Signal.Command, supervisorSignalPlaceholders},
	} {
		if err := checkWords(src, line.path, line.words, line.allowed); err != nil {
			return err
		}
	}
	return s.checkFiles(src)
}

// checkFiles wants the server's command somewhere: a supervisor that does not know what to
// start never becomes ready.
func (s *Supervisor) checkFiles(src *strictyaml.Source) error {
	all := ""
	for name, text := range s.Files {
		at := "files." + name
		if !folderForm.MatchString(name) {
			return src.Errorf(at, "%q cannot be a file in the supervisor's folder", name)
		}
		if err := checkPlaceholders(src, at, text, supervisorFilePlaceholders); err != nil {
			return err
		}
		all += text
	}
	if !strings.Contains(all, "{command}") {
		return src.Errorf("files", "no {command}: it would not know what to start")
	}
	return nil
}

// SupervisorPlace is where a supervisor runs, and what it runs.
type SupervisorPlace struct {
	Work       string   // the supervisor's own folder, absolute
	App        string   // the app's folder, in which the server starts, absolute
	Command    []string // the server's
	StopSignal string   // the server's, without SIG
}

func (p SupervisorPlace) fill(text, signal string) string {
	return placeholderForm.ReplaceAllStringFunc(text, func(m string) string {
		switch m {
		case "{work}":
			return p.Work
		case "{app}":
			return bench.JoinWords([]string{p.App})
		case "{command}":
			return bench.JoinWords(p.Command)
		case "{stop_signal}":
			return p.StopSignal
		case "{signal}":
			return signal
		}
		return m
	})
}

func (p SupervisorPlace) fillAll(words []string, signal string) []string {
	filled := make([]string, len(words))
	for i, w := range words {
		filled[i] = p.fill(w, signal)
	}
	return filled
}

// Command returns the supervisor's own command line. Its environment is the server's.
func (s *Supervisor) Command(at SupervisorPlace) []string { return at.fillAll(s.CommandWords, "") }

// StopCommand asks the supervisor to end with its server; nil = a signal does (Stop.Signal).
func (s *Supervisor) StopCommand(at SupervisorPlace) []string {
	if len(s.Stop.Command) == 0 {
		return nil
	}
	return at.fillAll(s.Stop.Command, "")
}

// SignalCommand has the supervisor send its server a signal, named without SIG; nil = it has
// no way to send that one.
func (s *Supervisor) SignalCommand(at SupervisorPlace, signal string) []string {
	name, ok := s.Signal.Names[signal]
	if !ok {
		return nil
	}
	return at.fillAll(s.Signal.Command, name)
}

// Sends says whether the supervisor has a way to send its server a signal, named without SIG.
func (s *Supervisor) Sends(signal string) bool { return s.Signal.Names[signal] != "" }

// WriteFiles writes the supervisor's files into SupervisorPlace.Work, which must exist. made
// is called with each folder that it makes there, from the outside in.
func (s *Supervisor) WriteFiles(at SupervisorPlace, made func(folder string) error) error {
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		text := s.Files[name]
		folder := at.Work
		for part := range strings.SplitSeq(filepath.Dir(name), "/") {
			if part == "." {
				continue
			}
			folder = filepath.Join(folder, part)
			if exists(folder) {
				continue
			}
			if err := os.Mkdir(folder, 0o755); err != nil {
				return fmt.Errorf("folder of %s: %w", s.Name, err)
			}
			if err := errors.Join(os.Chmod(folder, 0o755), made(folder)); err != nil {
				return fmt.Errorf("folder of %s: %w", s.Name, err)
			}
		}
		file := filepath.Join(at.Work, name)
		err := writeReadable(file, []byte(at.fill(text, "")))
		if err == nil && strings.HasPrefix(text, "#!") {
			err = os.Chmod(file, 0o755) //nolint:gosec // it is there to be run
		}
		if err != nil {
			return fmt.Errorf("file of %s: %w", s.Name, err)
		}
	}
	return nil
}

// Text is the supervisor's file, with a comment that says where it is from.
func (s *Supervisor) Text() string {
	return "# Where this is from: " + bench.Clean(s.File) + "\n" + s.text
}

// MarshalJSON leaves out what only people read, so that a better text makes no other target.
func (s *Supervisor) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name           string
		VersionCommand []string
		Command        []string
		Files          map[string]string
		Stop           SupervisorStop
		Signal         SupervisorSignal
	}{s.Name, s.VersionCommand, s.CommandWords, s.Files, s.Stop, s.Signal})
}
