package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// ownServer has the flags that describe a server of the user's own, or what the user adds to
// a known one.
type ownServer struct {
	files   []string // --server-file
	line    string   // --server-cmd
	appKind string
	args    []string // --args, each a line

	front      string // --front
	supervisor string // --supervisor

	resumed *bench.Asked // the run that is resumed, which settles all of these
}

// addOwnFlags declares these flags; notes are about --args.
func addOwnFlags(f *pflag.FlagSet, o *ownServer, files bool, notes ...string) {
	declare(f, "front", &o.front)
	declare(f, "supervisor", &o.supervisor)
	if files {
		declare(f, "server-file", &o.files)
	}
	declare(f, "server-cmd", &o.line)
	declare(f, "app-kind", &o.appKind)
	declare(f, "args", &o.args, notes...)
}

// command is the server of --server-cmd.
func (s *settings) command() (targets.Command, error) {
	if asked := s.own.resumed; asked != nil {
		return targets.Command{Words: asked.ServerCmd, App: targets.AppKind(asked.AppKind)}, nil
	}
	if s.own.line == "" && s.own.appKind == "" {
		return targets.Command{}, nil
	}
	if s.own.line == "" {
		return targets.Command{}, &bench.UsageError{Problem: "--app-kind without --server-cmd", Hint: "a server file says what its server serves (app)"}
	}
	return targets.ParseCommand(s.own.line, s.own.appKind, s.python)
}

// commandUsed fails if --server-cmd describes a server that none of the cells has.
func (s *settings) commandUsed(cells []plan.Cell) error {
	if s.own.line == "" || plan.HasCommand(cells) {
		return nil
	}
	return &bench.UsageError{
		Problem: "--server-cmd: its server is none of those that are named",
		Hint:    "name it: " + targets.CommandServer,
	}
}

// ownArgs are the words of the only --args.
func (s *settings) ownArgs() ([]string, error) {
	if len(s.own.args) > 1 {
		return nil, &bench.UsageError{Problem: "--args is given twice", Hint: "put all flags into one: --args '--workers=3 --timeout=30'"}
	}
	for _, line := range s.own.args {
		return targets.ArgWords(line)
	}
	return nil, nil
}

// registry has every server that these settings know.
func (s *settings) registry() (*targets.Registry, error) {
	opts := targets.DefaultLoadOptions(s.own.files)
	var err error
	if opts.Command, err = s.command(); err != nil {
		return nil, err
	}
	return targets.Load(opts)
}

// withOwn adds the front of --front or the supervisor of --supervisor to the cells' targets,
// and the arguments of --args.
func (s *settings) withOwn(reg *targets.Registry, cells []plan.Cell) ([]plan.Cell, error) {
	words, err := s.ownArgs()
	if err != nil {
		return nil, err
	}
	if cells, err = s.own.part().With(reg, cells); err != nil {
		return nil, err
	}
	return plan.WithArgs(cells, words)
}

// part is what runs with each server as one target.
func (o *ownServer) part() plan.Part {
	return plan.Part{Front: o.front, Supervisor: o.supervisor}
}

// lineFlags are the flags whose values are lines of words, which may look like flags.
var lineFlags = []string{"--args", "--server-cmd"}

// fixed gives a command line that means the same in any folder: paths are absolute, also
// that of --server-cmd's program. A line of words is one word with its flag, so that nobody
// takes its words for benchrun's own flags.
func (s *settings) fixed(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if slices.Contains(lineFlags, arg) && i+1 < len(args) {
			i++
			arg += "=" + args[i]
		}
		if strings.HasPrefix(arg, "--server-cmd=") {
			if c, err := s.command(); err == nil && len(c.Words) > 0 {
				arg = "--server-cmd=" + bench.JoinWords(c.Words)
			}
		}
		out = append(out, arg)
	}
	return absolute(out)
}
