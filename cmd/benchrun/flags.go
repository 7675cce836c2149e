package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"benchrun/internal/judge"
	"benchrun/report"
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
		{"attempts", "", "attempts that must agree before a verdict other than held counts; a cell that held needs one"},
		{"ci", "", "for CI: --attempts 2, whatever benchrun.yaml and the environment say"},
		{"release", "", "before a release: --attempts 3"},
		{"pairs", "", "how many pairs must agree before a difference counts"},
		{"seed", "", "the same seed gives the same schedule"},
		{"reprobe", "", "measure slots and watchdogs again instead of using stored values"},
		{"patience", "", "how long to wait for a claimed watchdog at most; 1.5 times the claimed time is enough"},
		{"max-time", "", "start no cell that is not expected to end within this time, for example 45m; the others are invalid until --resume measures them"},
		{"jobs", "j", "measure at most this many cells at once: a number, 1 = one at a time, auto = as many as the machine has room for"},
		{"python", "", "Python interpreter for the servers (unless given: /usr/bin/python3)"},
		{"port", "", "port for the servers (unless given: a free one for each launch)"},
		{"config", "", "the project's settings (unless given: benchrun.yaml, if there is one; '' = none)"},
		{"resume", "", "continue this run, which was killed, interrupted or out of time: the same cells; what was measured is kept"},
		{"dry-run", "n", "print what would run, with commands and time, and run nothing"},
		// what comes of it
		{"out", "o", "folder in which benchrun creates the run's folder"},
		{"json", "", "also write the result as JSON to this file, - for stdout"},
		{"junit", "", "also write JUnit XML to this file"},
		{"html", "", "also write the report of the judged run to this file"},
		{"format", "f", "what to print on stdout: " + strings.Join(report.Formats, ", ")},
		{"verbose", "v", "reasons for held cells too"},
		{"progress", "", "how stderr shows progress: auto, or json with one line for each event"},
		{"write", "", "also write a page of the documentation"},
		{"anyway", "", "merge runs even if they were not measured alike, and say what differs"},
		// what must hold
		{"fail-on", "", "a rule; exit 10 if it is broken: '[server/profile/scenario:] measure op value' or 'verdict op word'; repeat for more"},
		{"gate", "", "a file of rules, one a line"},
		{"strict", "", "exit 11 if all rules hold but a cell is flagged " + strings.Join(judge.StrictFlags(), ", ")},
		{"baseline", "", "a stored run (folder or run.json); exit 10 if a cell is worse than in it"},
		{"baseline-anyway", "", "compare even if the baseline was not measured alike, and say what differs"},
		{"waivers", "", "a file of results that you expect for now and that fail no gate; benchrun waivers update drafts it"},
		{"file", "", "the file to add to; created if it does not exist"},
		// benchrun init ci
		{"from", "", "benchrun's repository and revision: owner/name@revision for github, address@revision for gitlab"},
		{"dir", "", "the repository's folder"},
		{"force", "", "overwrite an existing file"},
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
	case pflag.Value:
		f.VarP(p, name, spec.short, text)
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
	cellTestsNote      = "a test for each cell, which fails if a rule is broken"
)
