package targets

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/strictyaml"
)

// CommandServer is the name of the server that --server-cmd describes.
const CommandServer = "custom"

// commandFile is its Server.File.
const commandFile = "--server-cmd"

// Command is a server that the command line describes: what starts it. The zero value is
// none.
type Command struct {
	Words []string // the program and its arguments, with the placeholders of server files
	App   AppKind  // "" = AppWSGI
	// Unsaid says that nobody gave --app-kind.
	Unsaid bool `json:"-"`
}

// app is the kind of app that the command serves.
func (c Command) app() AppKind { return cmp.Or(c.App, AppWSGI) }

// AppWords say which app the command serves. If nobody said so, they say that, and which
// other kind the command looks like: "wsgi, because --app-kind is not given; …".
func (c Command) AppWords() string {
	if !c.Unsaid {
		return string(c.app())
	}
	words := string(c.app()) + ", because --app-kind is not given"
	if like := kindsBySigns(c.Words); len(like) > 0 && !slices.Contains(like, c.app()) {
		words += fmt.Sprintf("; the command looks like one for %s: add --app-kind %s", like[0], like[0])
	}
	return words
}

// ParseCommand reads --server-cmd. The program's path becomes absolute, so that the command
// means the same in any folder: it is looked for beside the interpreter, if the user named
// one, and then on PATH. Every error is a bench.UsageError.
func ParseCommand(line, app, python string) (Command, error) {
	fail := func(hint, format string, args ...any) (Command, error) {
		return Command{}, &bench.UsageError{Problem: commandFile + ": " + fmt.Sprintf(format, args...), Hint: hint}
	}
	words, err := bench.SplitWords(line)
	if err != nil {
		return fail("", "%s", err)
	}
	if len(words) == 0 {
		return fail("for example: "+commandFile+" 'myserver --port {port} app:application'", "empty")
	}
	for _, w := range words {
		if slices.Contains(shellWords, w) {
			return fail("to have a shell, name it: "+commandFile+` "sh -c 'exec myserver --port {port}'"`,
				"%q means nothing here: benchrun starts the program itself, without a shell", w)
		}
		if unknown := unknownPlaceholder(w, commandLinePlaceholders); unknown != "" {
			return fail("", "%s", unknown)
		}
	}
	if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "{port}") }) {
		return fail("write {port} where the server takes its port, for example --port {port}", "no {port}: the server would not listen where benchrun asks")
	}
	if !strings.HasPrefix(words[0], "{") {
		program, err := findProgram(words[0], python)
		if err != nil {
			return fail("give its path, or the Python that it is installed for: --python DIR/bin/python", "%s: no such program", words[0])
		}
		words[0] = program
	}
	c := Command{Words: words, App: AppKind(app), Unsaid: app == ""}
	if c.App == AppWSGI {
		c.App = "" // what it is anyway
	}
	if app != "" && !slices.Contains(AppKinds(), app) {
		return Command{}, &bench.UsageError{Problem: fmt.Sprintf("unknown --app-kind %q", app), Hint: bench.DidYouMean(app, AppKinds())}
	}
	if with := c.App.CompiledWith(); with != "" {
		return fail("benchrun init server NAME --app-kind "+app+" writes one",
			"benchrun compiles the app of --app-kind %s with a %s, which only a server file has", app, with)
	}
	return c, nil
}

// commandLinePlaceholders are those of a command that installs nothing.
var commandLinePlaceholders = append(slices.DeleteFunc(slices.Clone(commandPlaceholders), func(p string) bool { return p == "env" }), "args")

// shellWords are what a shell would not pass on.
var shellWords = []string{"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"}

// findProgram gives the absolute path of a program.
func findProgram(name, python string) (string, error) {
	if !strings.ContainsRune(name, filepath.Separator) && python != "" {
		if py, err := exec.LookPath(python); err == nil {
			if found, err := exec.LookPath(filepath.Join(filepath.Dir(py), name)); err == nil {
				return filepath.Abs(found)
			}
		}
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(found)
}

// notInNames matches what the name of a profile cannot have.
var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// profile is the name of the server's only profile. Each command has another, so that
// nothing ever takes one of them for another.
func (c Command) profile() string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{string(c.App)}, c.Words...), "\x00")))
	program := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(filepath.Base(c.Words[0])), "-"), "-")
	if program == "" || program[0] < 'a' || len(program) > mostReadable {
		program = "program"
	}
	return program + "-" + hex.EncodeToString(sum[:4])
}

// Text is the server's file: what the user would write instead of the command line. It is ""
// if there is no command.
func (c Command) Text() string {
	if len(c.Words) == 0 {
		return ""
	}
	words := make([]string, len(c.Words))
	for i, w := range c.Words {
		quoted, _ := json.Marshal(w) // a text can always be written
		words[i] = string(quoted)
	}
	return fmt.Sprintf(`schema: %s
name: %s
title: %s
app: %s
command: [%s]
profiles:
  %s:
    why: what --server-cmd starts
    workers: 1
`, Schema, CommandServer, strictyaml.Scalar(filepath.Base(c.Words[0])), c.app(), strings.Join(words, ", "), c.profile())
}

// server is the server of the command; nil = there is none.
func (c Command) server() (*Server, error) {
	if len(c.Words) == 0 {
		return nil, nil
	}
	s, err := decode(commandFile, []byte(c.Text()))
	if err != nil {
		return nil, err
	}
	s.ByCommand = &c
	return s, nil
}
