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

// configVariable names the file to read instead of benchrun.yaml.
const configVariable = "BENCHRUN_CONFIG"

// sourced lists the flags whose setting the command line, the environment or
// benchrun.yaml gives: the first of them that says anything says all of it.
func sourced() []flagSpec {
	return slices.DeleteFunc(flagTable(), func(f flagSpec) bool { return f.field == "" || f.kind.is(other) })
}

// origin says where a setting comes from.
type origin struct {
	flagSpec
	values []string
	places []string // of the values, or of the flag if it has none: "--server", "BENCHRUN_SERVER", "benchrun.yaml:3"
}

// fill sets the flags that were not given from the environment, or else from benchrun.yaml. It
// stores where each setting comes from and, for run.json, the flags that would have said the
// same. A resumed run keeps what it was asked for.
func (s *settings) fill(f *pflag.FlagSet) error {
	file, err := s.projectFile(f.Changed("config"))
	if err != nil {
		return err
	}
	if file != nil { // added as flags, so that run.json does not depend on the file
		s.added = append(s.added, "--config=")
	}
	for _, set := range sourced() {
		if s.earlier != nil && set.kind.is(settled) {
			continue
		}
		if name := set.given(f); name != "" {
			s.origins = append(s.origins, origin{set, nil, []string{"--" + name}})
			continue
		}
		v := set.fromEnvironment(f)
		if len(v.Items) == 0 {
			v = file[set.field]
		}
		for i, item := range v.Items {
			if err := s.put(f, set, item, v.Places[i]); err != nil {
				return err
			}
		}
		if len(v.Items) > 0 {
			s.origins = append(s.origins, origin{set, v.Items, v.Places})
			s.elsewhere = true
		}
		if set.name == "fail-on" {
			s.gate.Places = v.Places
		}
	}
	return nil
}

// projectFile reads the file of --config, or else that of BENCHRUN_CONFIG, or else
// benchrun.yaml if it exists. With an empty --config it reads none.
func (s *settings) projectFile(given bool) (map[string]project.Value, error) {
	file := s.config
	if !given {
		if file = os.Getenv(configVariable); file == "" {
			file = project.FileName
			if _, err := os.Lstat(file); os.IsNotExist(err) {
				return nil, nil
			}
		}
	}
	if file == "" {
		return nil, nil
	}
	return project.Read(file)
}

// given finds the flag of the command line that decides the setting; "" = none.
func (set flagSpec) given(f *pflag.FlagSet) string {
	for _, one := range flagTable() {
		if one.field == set.field && f.Changed(one.name) {
			return one.name
		}
	}
	return ""
}

func (set flagSpec) fromEnvironment(f *pflag.FlagSet) project.Value {
	var v project.Value
	text := os.Getenv(set.variable())
	items := []string{text}
	if f.Lookup(set.name).Value.Type() == "stringArray" {
		items = strings.Split(text, "\n")
	}
	for _, item := range items {
		if item = strings.TrimSpace(item); item != "" {
			v.Items, v.Places = append(v.Items, item), append(v.Places, set.variable())
		}
	}
	return v
}

// put sets the setting's flag to a value from elsewhere.
func (s *settings) put(f *pflag.FlagSet, set flagSpec, item, place string) error {
	flag, value := set.name, item
	switch flag {
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
		return bench.Usagef("%s: %s", place, valueError(err))
	}
	word := "--" + flag
	if value != "true" || f.Lookup(flag).Value.Type() != "bool" {
		word += "=" + value
	}
	s.added = append(s.added, word)
	return nil
}

// originWords says where settings come from, if any does not come from the command line.
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

// effectiveArgs is a command line that measures the same from any working folder.
func (s *settings) effectiveArgs() []string { return absolute(slices.Concat(os.Args[1:], s.added)) }

// checkoutPath matches a server with the path of a checkout.
var checkoutPath = regexp.MustCompile(`^([^@]*@path:)(.+)$`)

// absolute makes the paths on a command line absolute.
func absolute(args []string) []string {
	out := slices.Clone(args)
	takesPath := func(word string) bool {
		name, long := strings.CutPrefix(word, "--")
		return long && slices.ContainsFunc(flagTable(), func(f flagSpec) bool { return f.name == name && f.kind.is(path) })
	}
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		switch {
		case joined && takesPath(name):
			out[i] = name + "=" + absolutePath(name, value)
		case i > 0 && takesPath(args[i-1]):
			out[i] = absolutePath(args[i-1], arg)
		default:
			if m := checkoutPath.FindStringSubmatch(arg); m != nil {
				out[i] = m[1] + absolutePath("", m[2])
			}
		}
	}
	return out
}

// absolutePath does not change an empty path, or the name of an interpreter that must be looked
// up.
func absolutePath(flag, name string) string {
	abs, err := filepath.Abs(name)
	if err != nil || name == "" || flag == "--python" && !strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	return abs
}

// whence adds to an error in a selection the place where the selection was made, if that is not
// the command line: the line of the wrong word, if the error names the word.
func (s *settings) whence(err error) error {
	var places []string
	for _, o := range s.origins {
		if len(o.values) == 0 || !o.kind.is(selects) {
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

// namedBy adds to an error about a file, a folder or an interpreter the place that names it, if
// that is not the command line.
func (s *settings) namedBy(err error) error {
	if err == nil {
		return nil
	}
	text := " " + err.Error()
	for _, o := range s.origins {
		if !o.kind.is(path | folder) {
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
