package report

import (
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// Again is the command line that measures one cell again, with those flags of
// the run's that decide what is measured.
func Again(run bench.Run, c bench.Cell) string {
	words := []string{"benchrun", "--server", c.Server, "--profile", c.Profile, "--scenario", c.Scenario,
		"--seed", strconv.FormatUint(c.Seed, 10)}
	if run.Mode == bench.ModeFull {
		words = append(words, "--full")
	}
	for i, arg := range run.Args {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(run.Args) {
			value = run.Args[i+1]
		}
		switch name {
		case "--server-file", "--python":
			words = append(words, name, value)
		case "--config": // none: a project's rules may be about other cells
			if value == "" {
				words = append(words, name, value)
			}
		case "--server", "-s":
			for chosen := range strings.SplitSeq(value, ",") { // a version that was asked for
				if server, _, ok := strings.Cut(chosen, "@"); ok && server == c.Server && words[2] == c.Server {
					words[2] = chosen
				}
			}
		}
	}
	return Shell(words...)
}
