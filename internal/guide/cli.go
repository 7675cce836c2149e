package guide

import (
	"fmt"
	"strings"
)

// Command is one command of the command line, for its page.
type Command struct {
	Usage   string // "benchrun judge RUN [flags]"
	Short   string
	Long    string // may be ""
	Example string // one a line
	Flags   []Flag
}

// Flag is one flag of a command.
type Flag struct {
	Name    string // "-s, --server"
	Value   string // what it takes; "" = nothing
	Default string // "" = none
	Text    string
}

// CLIPage is docs/cli.md. exits is the text about exit codes.
func CLIPage(commands []Command, exits string) string {
	var b strings.Builder
	b.WriteString("# Command line\n\n" + banner)
	b.WriteString("`scripts/bench` builds benchrun and takes the same arguments. `benchrun completion bash|zsh|fish` writes completions for the shell.\n")
	for _, c := range commands {
		title := strings.TrimSuffix(c.Usage, " [flags]")
		fmt.Fprintf(&b, "\n## %s\n\n", title)
		text := c.Long
		if text == "" {
			text = sentence(c.Short)
		}
		b.WriteString(text + "\n")
		if c.Example != "" {
			b.WriteString("\n```sh\n")
			for line := range strings.Lines(c.Example) {
				b.WriteString(strings.TrimPrefix(line, "  "))
			}
			b.WriteString("\n```\n")
		}
		if len(c.Flags) == 0 {
			continue
		}
		b.WriteString(table("flag", "takes", "default", "does"))
		for _, f := range c.Flags {
			standard := ""
			if f.Default != "" {
				standard = code(f.Default)
			}
			b.WriteString(row(code(f.Name), f.Value, standard, f.Text))
		}
	}
	b.WriteString("\n## Exit codes\n\n```\n  " + exits + "\n```\n\n[contract.md](contract.md#exit-codes) defines them.\n")
	return b.String()
}
