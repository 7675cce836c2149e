package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/project"
)

// configVariable names the file to read in the place of benchrun.yaml.
const configVariable = "BENCHRUN_CONFIG"

// sourced is a setting that a flag, the environment or benchrun.yaml gives: the
// first of them that says anything says all of it.
type sourced struct {
	flag     string   // that the other two stand for
	also     []string // other flags that decide the same
	variable string
	field    string
	list     bool // the variable holds an item a line
}

func sourcedSettings() []sourced {
	return []sourced{
		{"server", nil, "BENCHRUN_SERVER", "servers", true},
		{"profile", nil, "BENCHRUN_PROFILE", "profiles", true},
		{"scenario", nil, "BENCHRUN_SCENARIO", "scenarios", true},
		{"server-file", nil, "BENCHRUN_SERVER_FILE", "server_files", true},
		{"fail-on", nil, "BENCHRUN_FAIL_ON", "rules", true},
		{"gate", nil, "BENCHRUN_GATE", "gate_files", true},
		{"strict", nil, "BENCHRUN_STRICT", "strict", false},
		{"baseline", nil, "BENCHRUN_BASELINE", "baseline", false},
		{"waivers", nil, "BENCHRUN_WAIVERS", "waivers", false},
		{"full", []string{"quick"}, "BENCHRUN_MODE", "mode", false},
		{"attempts", []string{"ci", "release"}, "BENCHRUN_ATTEMPTS", "attempts", false},
		{"seed", nil, "BENCHRUN_SEED", "seed", false},
		{"out", nil, "BENCHRUN_OUT", "out", false},
		{"python", nil, "BENCHRUN_PYTHON", "python", false},
		{"max-time", nil, "BENCHRUN_MAX_TIME", "max_time", false},
		{"jobs", nil, "BENCHRUN_JOBS", "jobs", false},
	}
}

// origin says where a setting is from.
type origin struct {
	field  string
	values []string
	places []string // of the values; of the flag where there are none: "--server", "BENCHRUN_SERVER", "benchrun.yaml:3"
}

// fill gives the flags that were not given what the environment says, or else
// benchrun.yaml. It keeps where each setting is from, and for run.json the
// flags that would have said the same. What a run that is resumed was asked for
// is its own.
func (s *settings) fill(f *pflag.FlagSet) error {
	file, err := s.projectFile(f.Changed("config"))
	if err != nil {
		return err
	}
	if file != nil { // what it says is said by flags, so that run.json stands alone
		s.added = append(s.added, "--config=")
	}
	for _, set := range sourcedSettings() {
		if s.earlier != nil && slices.Contains(settledFlags, set.flag) {
			continue
		}
		if name, given := set.given(f); given {
			s.origins = append(s.origins, origin{set.field, nil, []string{"--" + name}})
			continue
		}
		v := set.fromEnvironment()
		if len(v.Items) == 0 {
			v = file[set.field]
		}
		for i, item := range v.Items {
			if err := s.put(f, set, item, v.Places[i]); err != nil {
				return err
			}
		}
		if len(v.Items) > 0 {
			s.origins = append(s.origins, origin{set.field, v.Items, v.Places})
			s.elsewhere = true
		}
		if set.flag == "fail-on" {
			s.gate.Places = v.Places
		}
	}
	return nil
}

// projectFile reads --config, else what BENCHRUN_CONFIG names, else
// benchrun.yaml where there is one. An empty --config reads none.
func (s *settings) projectFile(given bool) (map[string]project.Value, error) {
	path := s.config
	if !given {
		if path = os.Getenv(configVariable); path == "" {
			path = project.FileName
			if _, err := os.Lstat(path); os.IsNotExist(err) {
				return nil, nil
			}
		}
	}
	if path == "" {
		return nil, nil
	}
	return project.Read(path)
}

// given finds the flag of the command line that decides the setting.
func (set sourced) given(f *pflag.FlagSet) (string, bool) {
	for _, name := range append([]string{set.flag}, set.also...) {
		if f.Changed(name) {
			return name, true
		}
	}
	return "", false
}

func (set sourced) fromEnvironment() project.Value {
	var v project.Value
	text := os.Getenv(set.variable)
	items := []string{text}
	if set.list {
		items = strings.Split(text, "\n")
	}
	for _, item := range items {
		if item = strings.TrimSpace(item); item != "" {
			v.Items, v.Places = append(v.Items, item), append(v.Places, set.variable)
		}
	}
	return v
}

// put gives the setting's flag a value from elsewhere.
func (s *settings) put(f *pflag.FlagSet, set sourced, item, place string) error {
	flag, value := set.flag, item
	switch set.flag {
	case "full":
		if item != "quick" && item != "full" {
			return bench.Usagef("%s: %q is not quick or full", place, item)
		}
		flag, value = item, "true"
	case "attempts":
		if n, err := strconv.Atoi(item); err != nil || n < 1 || n > project.MostAttempts {
			return bench.Usagef("%s: attempts %q is not between 1 and %d", place, item, project.MostAttempts)
		}
	}
	if err := f.Set(flag, value); err != nil {
		return bench.Usagef("%s: %v", place, err)
	}
	word := "--" + flag
	if value != "true" || f.Lookup(flag).Value.Type() != "bool" {
		word += "=" + value
	}
	s.added = append(s.added, word)
	return nil
}

// originWords say where settings are from, if any is from elsewhere than the
// command line.
func (s *settings) originWords() string {
	if !s.elsewhere {
		return ""
	}
	var b strings.Builder
	for _, o := range s.origins {
		text := o.places[0]
		if len(o.values) > 0 {
			text += ": " + strings.Join(o.values, ", ")
		}
		fmt.Fprintf(&b, "%-12s from %s\n", o.field, text)
	}
	return b.String() + "all else by default\n"
}

// effectiveArgs are the command line that says by itself, from any working
// folder, what was measured.
func (s *settings) effectiveArgs() []string { return absolute(slices.Concat(os.Args[1:], s.added)) }

// pathFlags are flags whose values are files to be read.
var pathFlags = []string{"--server-file", "--gate", "--baseline", "--waivers", "--config", "--python"}

// checkoutPath is the path of a checkout behind a server's name.
var checkoutPath = regexp.MustCompile(`^([^@]*@path:)(.+)$`)

// absolute makes the paths on a command line absolute.
func absolute(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		switch {
		case joined && slices.Contains(pathFlags, name):
			out[i] = name + "=" + absolutePath(name, value)
		case i > 0 && slices.Contains(pathFlags, args[i-1]):
			out[i] = absolutePath(args[i-1], arg)
		default:
			if m := checkoutPath.FindStringSubmatch(arg); m != nil {
				out[i] = m[1] + absolutePath("", m[2])
			}
		}
	}
	return out
}

// absolutePath leaves an empty path, and the name of an interpreter to be looked
// for, as they are.
func absolutePath(flag, path string) string {
	abs, err := filepath.Abs(path)
	if err != nil || path == "" || flag == "--python" && !strings.ContainsRune(path, filepath.Separator) {
		return path
	}
	return abs
}

// whence puts before what is wrong with a selection the place where it was made,
// if that was not on the command line: the line of the very word, where the error
// names it.
func (s *settings) whence(err error) error {
	var places []string
	for _, o := range s.origins {
		if len(o.values) == 0 || !slices.Contains([]string{"servers", "profiles", "scenarios", "server_files"}, o.field) {
			continue
		}
		for i, value := range o.values {
			if strings.Contains(err.Error(), strconv.Quote(value)) {
				return fmt.Errorf("%s: %s: %w", o.places[i], o.field, err)
			}
		}
		places = append(places, o.field+" from "+o.places[0])
	}
	if len(places) == 0 {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(places, ", "))
}

// namedBy puts before what is wrong with a file, a folder or an interpreter the
// place that names it, if that is not the command line.
func (s *settings) namedBy(err error) error {
	if err == nil {
		return nil
	}
	text := " " + err.Error()
	for _, o := range s.origins {
		if !slices.Contains([]string{"server_files", "gate_files", "baseline", "waivers", "out", "python"}, o.field) {
			continue
		}
		for i, value := range o.values {
			if strings.Contains(text, " "+value+":") {
				return fmt.Errorf("%s: %s: %w", o.places[i], o.field, err)
			}
		}
	}
	return err
}
