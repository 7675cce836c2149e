package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/guide"
)

// newDocsCommand is for scripts/docs: it writes the generated pages.
func newDocsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "docs FOLDER",
		Short:  "write the generated pages of docs/ into a folder",
		Hidden: true,
		Args:   cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "docs wants the folder of the pages"}
			}
			return guide.WritePages(args[0], cliPage())
		},
	}
}

// cliPage documents every command with its flags, as --help does.
func cliPage() string {
	commands := []guide.Command{}
	var add func(cmd *cobra.Command)
	add = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		c := guide.Command{Usage: cmd.UseLine(), Short: cmd.Short, Long: cmd.Long, Example: cmd.Example}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" && f.Name != "version" {
				c.Flags = append(c.Flags, flagOf(f))
			}
		})
		commands = append(commands, c)
		for _, sub := range cmd.Commands() {
			add(sub)
		}
	}
	add(newRootCommand())
	return guide.CLIPage(commands, strings.TrimSpace(strings.Replace(exitHelp, "Exit codes:", "", 1)))
}

func flagOf(f *pflag.Flag) guide.Flag {
	out := guide.Flag{Name: "--" + f.Name, Text: f.Usage}
	if f.Shorthand != "" {
		out.Name = "-" + f.Shorthand + ", " + out.Name
	}
	switch f.Value.Type() {
	case "bool":
	case "stringArray":
		out.Value = "words"
	default:
		out.Value = f.Value.Type()
	}
	if f.DefValue != "" && f.DefValue != "[]" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" {
		out.Default = f.DefValue
	}
	return out
}
