package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"benchrun/scenarios"
)

// A flag means the same in every command that has it: it is declared and
// described here, once.
type flagSpec struct{ name, short, text string }

// flagTable has every flag of every command. A text says what the flag is for in
// any of them; what one command alone has to add to it is a note, see declare.
func flagTable() []flagSpec {
	return []flagSpec{
		// what is measured
		{"server", "s", "servers: names, globs, name@version, name@path:DIR; repeat, or separate with commas"},
		{"profile", "p", "profiles of the servers"},
		{"scenario", "c", "scenarios: wedge-1pct, wedge, 'wedge-*', or @gate, a dozen for CI (unless given: all families at their own ratio)"},
		{"server-file", "", "a server file of your own; its server is known by the name in it"},
		{"short", "", "only " + strings.Join(scenarios.Short(), ", ") + ", and the sabotages"},
		// how
		{"quick", "", "half a minute for each cell (the default)"},
		{"full", "", "a minute or more of faults for each attempt"},
		{"attempts", "", "attempts before a verdict other than held counts, the first one included: a cell that did not hold is measured again"},
		{"ci", "", "for CI: --attempts 2, whatever benchrun.yaml and the environment say"},
		{"release", "", "before a release: --attempts 3"},
		{"pairs", "", "how many pairs must say the same before a difference counts"},
		{"seed", "", "the same seed gives the same schedule"},
		{"reprobe", "", "measure slots and watchdogs again, whatever was kept from earlier runs"},
		{"patience", "", "how long to wait for a claimed watchdog, at most; half as long again as claimed is enough"},
		{"max-time", "", "begin no cell that is not expected to end within this time, 45m for example; what is not measured is invalid, and --resume measures it"},
		{"python", "", "Python interpreter for the servers (unless given: /usr/bin/python3)"},
		{"port", "", "port for the servers (unless given: a free one for each launch)"},
		{"config", "", "the project's settings (unless given: benchrun.yaml, where there is one; '' = none)"},
		{"resume", "", "go on with this run, where it was killed or interrupted: the same cells, those measured kept"},
		{"dry-run", "n", "print what would run, with commands and time, and run nothing"},
		// what comes of it
		{"out", "o", "folder in which the run's folder is made"},
		{"json", "", "also write the result as JSON to this file, - for stdout"},
		{"junit", "", "also write JUnit XML to this file"},
		{"html", "", "also draw the report of the judged run into this file"},
		{"format", "f", "what to print on stdout: " + strings.Join(formatNames, ", ")},
		{"verbose", "v", "reasons for held cells too"},
		{"progress", "", "how stderr tells what is going on: auto, or json, a line for each event"},
		{"write", "", "also write a page of the documentation"},
		{"anyway", "", "merge runs that were not measured alike all the same, and say what is mixed"},
		// what must hold
		{"fail-on", "", "a rule that must hold, else exit 10: '[server/profile/scenario:] measure op value' or 'verdict op word'; repeat for more"},
		{"gate", "", "a file of such rules, one a line"},
		{"strict", "", "exit 11 when all rules hold, but a cell is flagged " + strings.Join(strictFlags, ", ")},
		{"baseline", "", "a run (folder or run.json) that no cell may be worse than, else exit 10"},
		{"baseline-anyway", "", "compare with a baseline that was not measured alike all the same, and say what differs"},
		{"waivers", "", "a file of results that are expected for now, which fail no gate; benchrun waivers update drafts it"},
		{"file", "", "the file to add to; it is made where there is none"},
		// benchrun init ci
		{"from", "", "benchrun's repository and revision: owner/name@revision for github, address@revision for gitlab"},
		{"dir", "", "the repository's folder"},
		{"force", "", "overwrite a file that is there"},
		// benchrun cost, which is hidden
		{"vegeta", "", "the vegeta command"},
		{"wrk", "", "the wrk command"},
		{"slowhttptest", "", "the slowhttptest command"},
		{"versions", "", "what versions these are"},
	}
}

// declare gives a command a flag of the table. into points to its value, which is
// the default; notes say what is particular in this command.
//
// Lists are arrays, not slices: pflag would split a version behind an '@' at its
// commas.
func declare(f *pflag.FlagSet, name string, into any, notes ...string) {
	spec := flagNamed(name)
	text := spec.text
	for _, note := range notes {
		text += " (" + note + ")"
	}
	f.SortFlags = false
	switch p := into.(type) {
	case *string:
		f.StringVarP(p, name, spec.short, *p, text)
	case *[]string:
		f.StringArrayVarP(p, name, spec.short, *p, text)
	case *bool:
		f.BoolVarP(p, name, spec.short, *p, text)
	case *int:
		f.IntVarP(p, name, spec.short, *p, text)
	case *uint64:
		f.Uint64VarP(p, name, spec.short, *p, text)
	case *time.Duration:
		f.DurationVarP(p, name, spec.short, *p, text)
	default:
		panic(fmt.Sprintf("--%s: no flag holds a %T", name, into)) // a programming error
	}
}

func flagNamed(name string) flagSpec {
	for _, spec := range flagTable() {
		if spec.name == name {
			return spec
		}
	}
	panic("no flag --" + name + " in the table") // a programming error
}

// Notes that several commands have.
const (
	commonProfilesNote = "unless given: default and hardened"
	cellTestsNote      = "a test for each cell, which fails where a rule is broken"
)
