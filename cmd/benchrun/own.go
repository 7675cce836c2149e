package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// ownServer has the flags that describe a server of the user's own.
type ownServer struct {
	files   []string // --server-file
	line    string   // --server-cmd
	appKind string
	args    []string // --args, each a line

	supervisor string // --supervisor

	resumed *bench.Asked // the run that is resumed, which settles all of these
}

// addOwnFlags declares these flags; notes are about --args.
func addOwnFlags(f *pflag.FlagSet, o *ownServer, files bool, notes ...string) {
	if files {
		declare(f, "server-file", &o.files)
	}
	declare(f, "server-cmd", &o.line)
	declare(f, "app-kind", &o.appKind)
	declare(f, "args", &o.args, notes...)
	declare(f, "supervisor", &o.supervisor)
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

// ownArgs are the words of the only --args.
func (s *settings) ownArgs() ([]string, error) {
	if len(s.own.args) > 1 {
		return nil, &bench.UsageError{Problem: "--args is given twice", Hint: "put all flags into one: --args '--workers=3 --timeout=30'"}
	}
	for _, line := range s.own.args {
		return argWords(line)
	}
	return nil, nil
}

func argWords(line string) ([]string, error) {
	words, err := bench.SplitWords(line)
	if err != nil {
		return nil, bench.Usagef("--args: %s", err)
	}
	return words, nil
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

// withArgs adds the arguments of --args to the cells' targets, and puts them under the
// supervisor of --supervisor.
func (s *settings) withArgs(cells []plan.Cell) ([]plan.Cell, error) {
	words, err := s.ownArgs()
	if err != nil {
		return nil, err
	}
	if cells, err = plan.WithArgs(cells, words); err != nil {
		return nil, err
	}
	return plan.WithSupervisor(cells, s.own.supervisor)
}

// withArgsOfSides does so for a duel: one --args is for both targets, two are A's and B's.
func (s *settings) withArgsOfSides(cells []plan.Cell) ([]plan.Cell, error) {
	cells, err := plan.WithSupervisor(cells, s.own.supervisor)
	if err != nil {
		return nil, err
	}
	lines := s.own.args
	switch len(lines) {
	case 0:
		return cells, nil
	case 1:
		lines = []string{lines[0], lines[0]}
	case 2:
	default:
		return nil, &bench.UsageError{Problem: "--args is given more than twice", Hint: "once: for both targets; twice: for A and for B"}
	}
	out := slices.Clone(cells)
	for side, line := range lines {
		words, err := argWords(line)
		if err != nil {
			return nil, err
		}
		for i := side; i < len(out); i += 2 {
			one, err := plan.WithArgs(out[i:i+1], words)
			if err != nil {
				return nil, err
			}
			out[i] = one[0]
		}
	}
	return out, nil
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
