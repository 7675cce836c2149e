package main

import (
	"os"
	"slices"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/internal/project"
)

// sourced lists the flags whose setting the command line, the environment or
// benchrun.yaml gives: the first of them that says anything says all of it.
func sourced() []flagSpec {
	return slices.DeleteFunc(flagTable(), func(f flagSpec) bool { return f.field == "" || f.kind.is(other) })
}

// fill sets the flags that were not given from the environment, or else from benchrun.yaml. It
// stores where each setting comes from and, for run.json, the flags that would have said the
// same. A resumed run keeps what it was asked for.
func (s *settings) fill(f *pflag.FlagSet) error {
	file, err := project.Find(s.config, f.Changed("config"))
	if err != nil {
		return err
	}
	if file != nil { // added as flags, so that run.json does not depend on the file
		s.added = append(s.added, "--config=")
	}
	var open []project.Setting
	flags := map[string]string{} // by field
	for _, set := range sourced() {
		if s.earlier != nil && set.kind.is(settled) {
			continue
		}
		flags[set.field] = set.name
		together := ""
		if set.kind.is(under) {
			together = "what comes"
		}
		open = append(open, project.Setting{
			Together: together,
			Field:    set.field, Flag: set.given(f), Variable: set.variable(), List: f.Lookup(set.name).Value.Type() == "stringArray",
			Selects: set.kind.is(selects), Names: set.kind.is(path | folder),
		})
	}
	s.origins = project.Settle(open, file)
	for _, o := range s.origins {
		if err := s.put(f, flags[o.Field], o); err != nil {
			return err
		}
	}
	return nil
}

// given finds the flag of the command line that decides the setting; "" = none.
func (set flagSpec) given(f *pflag.FlagSet) string {
	for _, one := range flagTable() {
		if one.field == set.field && f.Changed(one.name) {
			return "--" + one.name
		}
	}
	return ""
}

// put sets a setting's flag to the values from elsewhere.
func (s *settings) put(f *pflag.FlagSet, flag string, o project.Origin) error {
	if err := o.Check(); err != nil {
		return err
	}
	for i, value := range o.Values {
		if flag == "full" { // or "quick"
			flag, value = value, "true"
		}
		if err := f.Set(flag, value); err != nil {
			return bench.Usagef("%s: %s", o.Places[i], valueError(err))
		}
		word := "--" + flag
		if value != "true" || f.Lookup(flag).Value.Type() != "bool" {
			word += "=" + value
		}
		s.added = append(s.added, word)
	}
	if flag == "fail-on" && len(o.Values) > 0 {
		s.gate.Places = o.Places
	}
	return nil
}

// effectiveArgs is a command line that measures the same from any working folder.
func (s *settings) effectiveArgs() []string { return s.fixed(slices.Concat(os.Args[1:], s.added)) }

// absolute makes the paths on a command line absolute.
func absolute(args []string) []string {
	return plan.AbsoluteArgs(args, func(flag string) bool {
		return slices.ContainsFunc(flagTable(), func(f flagSpec) bool { return f.name == flag && f.kind.is(path) })
	})
}
