package targets

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// argsWord is the word of a command that a profile's args take the place of.
const argsWord = "{args}"

// placeholderForm is what looks like a placeholder. A { that no name and }
// follow, as in JSON or Python, is just a brace.
var placeholderForm = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// The closed lists of placeholders, by where they may stand.
var (
	commandPlaceholders = []string{"host", "port", "app", "work", "python", "env", "benchrun", "user", "group"}
	versionPlaceholders = []string{"python", "env", "benchrun"}
	installPlaceholders = []string{"version"}
)

// basePath is the PATH of every server: that of the person who runs benchrun
// must not decide a result.
const basePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Placeholders are the values that a server's command line is filled with.
// docs/contract.md says what each is.
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
	return placeholderForm.ReplaceAllStringFunc(word, func(m string) string {
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
}

// Command gives a profile's command line and its whole environment, as
// "NAME=value" sorted by name: a minimal one, then the server's, then the
// profile's. It fails with a bench.UsageError if there is no such profile.
// The working directory is Placeholders.App.
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
	for _, more := range []map[string]string{s.Env, p.Env} {
		for name, value := range more {
			vars[name] = with.fill(value)
		}
	}
	return argv, envList(vars), nil
}

// baseEnv is what every server's environment has.
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
		"PYTHONDONTWRITEBYTECODE": "1", // the app folder is not the server's to write to
		"PYTHONUNBUFFERED":        "1", // a dying process must not take its last words along
	}
}

func envList(vars map[string]string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		list = append(list, name+"="+strings.ReplaceAll(vars[name], "\x00", ""))
	}
	return list
}
