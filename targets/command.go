package targets

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// argsWord is the word of a command that a profile's args replace.
const argsWord = "{args}"

// placeholderForm matches what looks like a placeholder. A { that is not followed by a
// name and }, as in JSON or Python, is an ordinary brace.
var placeholderForm = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// ownBraces matches {{word}}, which stands for a {word} of the server's own, as in Apache's
// %{GLOBAL}, unless the word is one of everyPlaceholder.
var ownBraces = regexp.MustCompile(`\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}`)

// The placeholders that are allowed, by where they may be used.
var (
	commandPlaceholders = []string{"host", "port", "app", "work", "python", "env", "benchrun", "user", "group"}
	versionPlaceholders = []string{"python", "env", "benchrun"}
	installPlaceholders = []string{"version"}
	everyPlaceholder    = slices.Concat(commandPlaceholders, installPlaceholders, []string{"args"})
)

// basePath is the PATH of every server: the PATH of the user who runs benchrun must not
// influence a result.
const basePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Placeholders are the values for the placeholders of a server's command line.
// docs/contract.md says what each means.
type Placeholders struct {
	Host     string
	Port     int
	App      string // absolute path
	Work     string // absolute path
	Python   string // Installation.Python
	Env      string // Installation.Env
	Benchrun string // absolute path of the benchrun binary
	User     string
	Group    string
}

func (p Placeholders) fill(word string) string {
	filled := placeholderForm.ReplaceAllStringFunc(word, func(m string) string {
		switch m[1 : len(m)-1] {
		case "host":
			return p.Host
		case "port":
			return strconv.Itoa(p.Port)
		case "app":
			return p.App
		case "work":
			return p.Work
		case "python":
			return p.Python
		case "env":
			return p.Env
		case "benchrun":
			return p.Benchrun
		case "user":
			return p.User
		case "group":
			return p.Group
		}
		return m
	})
	return replaceOwnBraces(filled, "{$1}")
}

// replaceOwnBraces replaces each {{word}} that stands for a {word} of the server's own.
func replaceOwnBraces(text, with string) string {
	return ownBraces.ReplaceAllStringFunc(text, func(m string) string {
		if slices.Contains(everyPlaceholder, m[2:len(m)-2]) {
			return m
		}
		return ownBraces.ReplaceAllString(m, with)
	})
}

// Command returns a profile's command line and its whole environment, as "NAME=value"
// sorted by name: a minimal one, with the server's and then the profile's variables
// added. It returns a bench.UsageError if there is no such profile. The working directory
// is Placeholders.App.
func (s *Server) Command(profile string, with Placeholders) (argv, env []string, err error) {
	p, err := s.Profile(profile)
	if err != nil {
		return nil, nil, err
	}
	for _, word := range s.commandOf(p) {
		if word != argsWord {
			argv = append(argv, with.fill(word))
			continue
		}
		for _, arg := range p.Args {
			argv = append(argv, with.fill(arg))
		}
	}
	vars := baseEnv(with)
	for name, value := range s.Environ(profile) {
		vars[name] = with.fill(value)
	}
	return argv, envList(vars), nil
}

// WriteFiles writes the files that a profile has beside its app into Placeholders.App.
func (s *Server) WriteFiles(profile string, with Placeholders) error {
	for name, text := range s.Texts(profile) {
		if err := writeReadable(filepath.Join(with.App, name), []byte(with.fill(text))); err != nil {
			return fmt.Errorf("file of %s: %w", s.Name, err)
		}
	}
	return nil
}

// baseEnv is the part of the environment that every server has.
func baseEnv(with Placeholders) map[string]string {
	path := basePath
	if with.Env != "" {
		path = with.Env + "/bin:" + basePath
	}
	return map[string]string{
		"PATH":                    path,
		"HOME":                    with.Work,
		"TMPDIR":                  with.Work,
		"LANG":                    "C.UTF-8",
		"PYTHONDONTWRITEBYTECODE": "1", // the server may not write to the app folder
		"PYTHONUNBUFFERED":        "1", // otherwise a dying process would lose its last output
	}
}

func envList(vars map[string]string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		list = append(list, name+"="+strings.ReplaceAll(vars[name], "\x00", ""))
	}
	return list
}
