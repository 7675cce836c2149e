package targets

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"benchrun/internal/bench"
	"benchrun/internal/strictyaml"
)

//go:embed fronts/*.yaml
var builtinFronts embed.FS

// FrontSchema names the format of front files.
const FrontSchema = "benchrun.front/v1"

// Front is one front file, decoded and checked: a reverse proxy that can be put before any
// server. No Go code knows a front by name.
type Front struct {
	Schema         string            `yaml:"schema"`
	Name           string            `yaml:"name"`
	Title          string            `yaml:"title"`
	Homepage       string            `yaml:"homepage"`
	Install        FrontInstall      `yaml:"install"`
	VersionCommand []string          `yaml:"version_command"`
	CommandWords   []string          `yaml:"command"`
	Files          map[string]string `yaml:"files"` // texts in its folder, by name
	Log            string            `yaml:"log"`   // the file in its folder that has its errors; "" = it writes them to its output
	Stop           FrontStop         `yaml:"stop"`
	IdleTimeout    float64           `yaml:"idle_timeout_s"` // seconds until it closes a client's idle connection
	Roles          FrontRoles        `yaml:"roles"`
	Buffers        FrontBuffers      `yaml:"buffers"`
	Stock          string            `yaml:"stock"` // how its files differ from those of Debian
	Sources        []string          `yaml:"sources"`

	// File is where the front comes from, for messages: "built-in fronts/<name>.yaml".
	File string `yaml:"-" json:"-"`

	text string // the file
}

// FrontInstall lists what a front needs installed.
type FrontInstall struct {
	Apt []string `yaml:"apt"` // Debian packages
}

// FrontStop says how to ask a front to end.
type FrontStop struct {
	Signal string `yaml:"signal"` // without SIG, one after which it completes what it has
	// Grace is how many seconds it gets for that. Then it gets SIGTERM.
	Grace float64 `yaml:"grace_s"`
}

// FrontRoles says what a front's processes do, in words.
type FrontRoles struct {
	Leader   string `yaml:"leader"`   // the first process
	Children string `yaml:"children"` // the others; "" = it has none
}

// FrontBuffers says what a front takes from one side before it troubles the other, in words.
type FrontBuffers struct {
	Heads    string `yaml:"heads"`
	Requests string `yaml:"requests"` // their bodies
	Answers  string `yaml:"answers"`
}

// frontPlaceholders are those of a front's command and files. {server} is the address of
// the server behind it, and {work} a folder of the front's own.
var frontPlaceholders = []string{"host", "port", "server", "work"}

// frontSignals are those by which a front may be asked to end.
var frontSignals = []string{"TERM", "INT", "QUIT", "USR1", "USR2", "WINCH"}

// loadFronts reads the fronts that are part of benchrun, once.
var loadFronts = sync.OnceValues(func() (map[string]*Front, error) {
	names, err := fs.Glob(builtinFronts, "fronts/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list built-in fronts: %w", err)
	}
	fronts := map[string]*Front{}
	for _, name := range names {
		text, err := builtinFronts.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read built-in front: %w", err)
		}
		f, err := decodeFront(builtinPrefix+name, text)
		if err != nil {
			return nil, err
		}
		fronts[f.Name] = f
	}
	return fronts, nil
})

// FrontNames lists the fronts that are part of benchrun, sorted.
func FrontNames() []string {
	fronts, err := loadFronts()
	if err != nil {
		return nil // cannot happen: a test reads the files
	}
	return slices.Sorted(maps.Keys(fronts))
}

// decodeFront reads one front file strictly and checks it. Every error is a
// bench.UsageError "file:line: field: problem".
func decodeFront(file string, text []byte) (*Front, error) {
	f := &Front{File: file, text: string(text)}
	src, err := strictyaml.Decode(file, text, f)
	if err != nil {
		return nil, err
	}
	return f, f.check(src)
}

// check returns the first thing that is wrong in a decoded file.
func (f *Front) check(src *strictyaml.Source) error {
	if err := src.Schema(f.Schema, FrontSchema); err != nil {
		return err
	}
	for _, field := range []struct{ path, value string }{
		{"name", f.Name}, {"title", f.Title}, {"roles.leader", f.Roles.Leader}, {"stock", f.Stock},
		{"buffers.heads", f.Buffers.Heads}, {"buffers.requests", f.Buffers.Requests}, {"buffers.answers", f.Buffers.Answers},
	} {
		if strings.TrimSpace(field.value) == "" {
			return src.Errorf(field.path, "missing")
		}
	}
	switch {
	case !nameForm.MatchString(f.Name):
		return src.Errorf("name", "%q is not a name: lower-case letters and digits, joined by - or _", f.Name)
	case len(f.VersionCommand) == 0:
		return src.Errorf("version_command", "missing")
	case len(f.CommandWords) == 0 || f.CommandWords[0] == "":
		return src.Errorf("command", "missing")
	case !slices.Contains(frontSignals, f.Stop.Signal):
		return src.Errorf("stop.signal", "%q is not one of %s", f.Stop.Signal, strings.Join(frontSignals, ", "))
	case f.Stop.Grace < 0:
		return src.Errorf("stop.grace_s", "below 0")
	case f.IdleTimeout <= 0:
		return src.Errorf("idle_timeout_s", "want more than 0")
	case f.Log != "" && !fileForm.MatchString(f.Log):
		return src.Errorf("log", "%q cannot be a file in the front's folder", f.Log)
	}
	for i, pkg := range f.Install.Apt {
		if !aptName.MatchString(pkg) {
			return src.Errorf(fmt.Sprintf("install.apt[%d]", i), "%q is not a Debian package's name", pkg)
		}
	}
	if err := checkWords(src, "command", f.CommandWords, frontPlaceholders); err != nil {
		return err
	}
	return f.checkFiles(src)
}

// checkFiles wants each of the addresses somewhere: a front that does not know where to
// listen, or whom to ask, never becomes ready.
func (f *Front) checkFiles(src *strictyaml.Source) error {
	all := strings.Join(f.CommandWords, " ")
	for name, text := range f.Files {
		at := "files." + name
		if !fileForm.MatchString(name) {
			return src.Errorf(at, "%q cannot be a file in the front's folder", name)
		}
		if err := checkPlaceholders(src, at, text, frontPlaceholders); err != nil {
			return err
		}
		all += text
	}
	for _, needed := range []string{"{port}", "{server}"} {
		if !strings.Contains(all, needed) {
			return src.Errorf("files", "no %s, and none in the command: clients would not get through to the server", needed)
		}
	}
	return nil
}

// FrontPlace is where a front runs.
type FrontPlace struct {
	Host   string
	Port   int    // where clients come
	Server string // host:port of the server behind it
	Work   string // the front's own folder, absolute
}

// placeholderWords matches the placeholders of a front.
var placeholderWords = regexp.MustCompile(`\{(` + strings.Join(frontPlaceholders, "|") + `)\}`)

func (p FrontPlace) fill(word string) string {
	return placeholderWords.ReplaceAllStringFunc(word, func(m string) string {
		switch m {
		case "{host}":
			return p.Host
		case "{port}":
			return strconv.Itoa(p.Port)
		case "{server}":
			return p.Server
		}
		return p.Work
	})
}

// Command returns the front's command line and its whole environment, as "NAME=value". The
// working directory is FrontPlace.Work.
func (f *Front) Command(at FrontPlace) (argv, env []string) {
	for _, word := range f.CommandWords {
		argv = append(argv, at.fill(word))
	}
	return argv, envList(baseEnv(Placeholders{Work: at.Work}))
}

// WriteFiles writes the front's files into FrontPlace.Work.
func (f *Front) WriteFiles(at FrontPlace) error {
	for name, text := range f.Files {
		if err := writeReadable(filepath.Join(at.Work, name), []byte(at.fill(text))); err != nil {
			return fmt.Errorf("file of %s: %w", f.Name, err)
		}
	}
	return nil
}

// Text is the front's file, with a comment that says where it is from.
func (f *Front) Text() string { return "# Where this is from: " + bench.Clean(f.File) + "\n" + f.text }

// MarshalJSON leaves out what only people read, so that a better text makes no other
// target.
func (f *Front) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name           string
		VersionCommand []string
		Command        []string
		Files          map[string]string
		Stop           FrontStop
	}{f.Name, f.VersionCommand, f.CommandWords, f.Files, f.Stop})
}
