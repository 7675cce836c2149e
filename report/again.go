package report

import (
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// Again is a command line that measures one cell again in the same way; "" = the cell cannot
// be measured.
func Again(run bench.Run, c bench.Cell) string {
	if c.Verdict == bench.Unsupported {
		return ""
	}
	seed := strconv.FormatUint(c.Seed, 10)
	if _, sabotage, ok := strings.Cut(c.Scenario, "+"); ok {
		return Shell("benchrun", "calibrate", sabotage, "--seed", seed)
	}
	from, files := SourceOf(run, c)
	server := c.Server
	if from.Version != "" {
		server += "@" + from.Version
	}
	profile := c.Profile
	if len(from.Args) > 0 { // its name shows them
		profile, _, _ = strings.Cut(profile, bench.OwnArgsMark)
	}
	words := []string{"benchrun", "--server", server, "--profile", profile, "--scenario", c.Scenario, "--seed", seed}
	if run.OriginOf(c).Mode == bench.ModeFull {
		words = append(words, "--full")
	}
	for _, file := range files {
		words = append(words, "--server-file", file)
	}
	if len(from.ServerCmd) > 0 {
		words = append(words, "--server-cmd", bench.JoinWords(from.ServerCmd))
		if from.AppKind != "" {
			words = append(words, "--app-kind", from.AppKind)
		}
	}
	if len(from.Args) > 0 {
		words = append(words, "--args", bench.JoinWords(from.Args))
	}
	if from.Python != "" {
		words = append(words, "--python", from.Python)
	}
	if unsettled(run) {
		words = append(words, "--config", "")
	}
	return Shell(words...)
}

// unsettled says that no benchrun.yaml may be read for a cell of the run. Either the run read
// it, and its flags contain it, or nobody knows whether the run did. A project's rules may
// also be about other cells.
func unsettled(run bench.Run) bool {
	for i, arg := range run.Args {
		name, value, joined := strings.Cut(arg, "=")
		if name == "--config" && (joined && value == "" || !joined && i+1 < len(run.Args) && run.Args[i+1] == "") {
			return true
		}
	}
	return len(run.Args) > 0 && run.Args[0] == "merge"
}

// SourceOf says where a cell's target comes from: from the cell, or, in a run of an older
// benchrun, as far as the run's flags tell. files are the server files; one of them may
// contain the target.
func SourceOf(run bench.Run, c bench.Cell) (out bench.Source, files []string) {
	if c.Source != nil {
		if c.Source.ServerFile != "" {
			files = []string{c.Source.ServerFile}
		}
		return *c.Source, files
	}
	for i, arg := range run.Args {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(run.Args) {
			value = run.Args[i+1]
		}
		switch name {
		case "--server-file":
			files = append(files, value)
		case "--python":
			out.Python = value
		case "--server", "-s":
			for chosen := range strings.SplitSeq(value, ",") {
				name, version, versioned := strings.Cut(chosen, "@")
				if versioned && name == c.Server && (out.Version == "" || version == c.Version) {
					out.Version = version
				}
			}
		}
	}
	if run.Asked == nil {
		return out, files
	}
	out.Python, files = run.Asked.Python, run.Asked.ServerFiles
	for _, a := range run.Asked.Cells {
		if a.Server == c.Server && a.Profile == c.Profile && a.Scenario == c.Scenario && slices.Contains([]string{a.Installed, a.Version}, c.Version) {
			out.Version = a.Version
		}
	}
	return out, files
}

// reproduce is the command line of a run, with its seed and without the flags that only say
// where results go; "" = there is none.
func reproduce(run bench.Run) string {
	if len(run.Args) > 0 && run.Args[0] == "merge" {
		return ""
	}
	words := []string{"benchrun"}
	seeded, skip := false, false
	for _, a := range run.Args {
		name, _, joined := strings.Cut(a, "=")
		if skip || slices.Contains([]string{"-o", "--out", "--json", "--junit"}, name) {
			skip = !skip && !joined
			continue
		}
		words = append(words, a)
		seeded = seeded || name == "--seed"
	}
	if !seeded {
		words = append(words, "--seed", strconv.FormatUint(run.Seed, 10))
	}
	return Shell(words...)
}
