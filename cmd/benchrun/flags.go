package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

// A flag means the same in every command that has it. It is declared and described only
// here.
type flagSpec struct {
	name, short string
	field       string // of benchrun.yaml, which decides the same; "" = none does
	kind        flagKind
	text        string
}

// flagKind says what else is to be known of a flag.
type flagKind int

const (
	selects flagKind = 1 << iota // its words select what is measured
	path                         // it names a file to be read, or a program
	folder                       // it names a folder to be written to
	settled                      // it says what a run is: --resume takes it from the run itself
	under                        // it says what comes: all flags of this kind do so together
	other                        // another flag stands for its field in the environment and benchrun.yaml
)

func (k flagKind) is(any flagKind) bool { return k&any != 0 }

// variable of the environment decides the same as the field.
func (f flagSpec) variable() string {
	word := f.name
	if f.name == "full" { // or "quick"
		word = f.field
	}
	return "BENCHRUN_" + strings.ToUpper(strings.ReplaceAll(word, "-", "_"))
}

// flagTable has every flag of every command. Each text is valid in all commands; what is
// particular to one command is a note, see declare.
func flagTable() []flagSpec {
	return []flagSpec{
		// what is measured
		{"server", "s", "servers", selects | settled, "servers: names, globs, name/profile, name@version, 'name@>=23,<28', name@latest, name@previous, name@path:DIR; repeat, or separate with commas"},
		{"profile", "p", "profiles", selects | settled, "profiles of the servers"},
		{"scenario", "c", "scenarios", selects | settled | under, "scenarios: wedge-1pct, wedge, 'wedge-*', a group such as @client, or @gate, a dozen for CI (unless given: all families at their own ratio)"},
		{"mix", "", "mixes", selects | settled | under, "a mix: families that come together in one attempt, each at its share: wedge=1%,segfault=0.5%; repeat for more mixes"},
		{"front", "", "", settled, "a reverse proxy before each server, as one target with it: " + strings.Join(targets.FrontNames(), ", ") + "; --server gunicorn+nginx says the same of one server"},
		{"server-file", "", "server_files", selects | path | settled, "a server file of your own; its server is known by the name in it"},
		{"server-cmd", "", "", settled, "the command of a server of your own, with the placeholders of server files; its server is called " + targets.CommandServer + ", and no shell reads it: 'myserver --port {port} app:application'"},
		{"app-kind", "", "", settled, "the kind of app that your own server serves: " + strings.Join(targets.AppKinds(), ", ") + " (unless given: " + string(targets.AppWSGI) + ")"},
		{"args", "", "", settled, "flags of your own for the server, which come after the profile's: '--workers=3 --timeout=30'; the profile's name shows them"},
		{"supervisor", "", "", settled, "a process manager that starts each server, as one target with it: " + strings.Join(targets.SupervisorNames(), ", ") + "; --server gunicorn+runit says the same of one server"},
		{"short", "", "", 0, "only " + strings.Join(scenarios.Short(), ", ") + ", and the sabotages"},
		// how
		{"quick", "", "mode", other | settled, "half a minute for each cell (the default)"},
		{"full", "", "mode", settled, "a minute or more of faults for each attempt"},
		{"attempts", "", "attempts", settled, "attempts that must agree before a verdict other than held counts; a cell that held needs one"},
		{"ci", "", "attempts", other | settled, "for CI: --attempts 2, whatever benchrun.yaml and the environment say"},
		{"release", "", "attempts", other | settled, "before a release: --attempts 3"},
		{"pairs", "", "", 0, "how many pairs must agree before a difference counts"},
		{"seed", "", "seed", settled, "the same seed gives the same schedule"},
		{"reprobe", "", "", settled, "measure slots and watchdogs again instead of using stored values"},
		{"patience", "", "", 0, "how long to wait for a claimed watchdog at most; 1.5 times the claimed time is enough"},
		{"max-time", "", "max_time", 0, "start no cell that is not expected to end within this time, for example 45m; the others are invalid until --resume measures them"},
		{"jobs", "j", "jobs", 0, "measure at most this many cells at once: a number, 1 = one at a time, auto = as many as the machine has room for"},
		{"python", "", "python", path | settled, "Python interpreter for the servers (unless given: /usr/bin/python3)"},
		{"port", "", "", 0, "port for the servers (unless given: a free one for each launch)"},
		{"config", "", "", path, "the project's settings (unless given: benchrun.yaml, if there is one; '' = none)"},
		{"resume", "", "", 0, "continue this run, which was killed, interrupted or out of time: the same cells; what was measured is kept"},
		{"dry-run", "n", "", 0, "print what would run, with commands and time, and run nothing"},
		// the results
		{"out", "o", "out", folder | settled, "folder in which benchrun creates the run's folder"},
		{"json", "", "", 0, "also write the result as JSON to this file, - for stdout"},
		{"junit", "", "", 0, "also write JUnit XML to this file"},
		{"html", "", "", 0, "also write the report of the judged run to this file"},
		{"format", "f", "", 0, "what to print on stdout: " + strings.Join(report.Formats, ", ")},
		{"verbose", "v", "", 0, "reasons for held cells too"},
		{"progress", "", "", 0, "how stderr shows progress: auto, or json with one line for each event"},
		{"write", "", "", 0, "also write a page of the documentation"},
		{"anyway", "", "", 0, "merge runs even if they were not measured alike, and say what differs"},
		// what must hold
		{"fail-on", "", "rules", 0, "a rule; exit 10 if it is broken: '[server/profile/scenario:] measure op value' or 'verdict op word'; repeat for more"},
		{"gate", "", "gate_files", path, "a file of rules, one a line"},
		{"strict", "", "strict", 0, "exit 11 if all rules hold but a cell is flagged " + strings.Join(bench.StrictFlags(), ", ")},
		{"baseline", "", "baseline", path, "a stored run (folder or run.json); exit 10 if a cell is worse than in it"},
		{"baseline-anyway", "", "", 0, "compare even if the baseline was not measured alike, and say what differs"},
		{"waivers", "", "waivers", path, "a file of results that you expect for now and that fail no gate; benchrun waivers update drafts it"},
		{"file", "", "", 0, "the file to add to; created if it does not exist"},
		// benchrun init ci
		{"from", "", "", 0, "benchrun's repository and revision: owner/name@revision for github, address@revision for gitlab"},
		{"dir", "", "", 0, "the repository's folder"},
		{"force", "", "", 0, "overwrite an existing file"},
		// benchrun cache clear
		{"older-than", "", "", 0, "only what was not used for this long, for example 30d, 2w or 12h"},
		{"yes", "y", "", 0, "do not ask"},
		// benchrun cost, which is hidden
		{"vegeta", "", "", 0, "the vegeta command"},
		{"wrk", "", "", 0, "the wrk command"},
		{"slowhttptest", "", "", 0, "the slowhttptest command"},
		{"versions", "", "", 0, "what versions these are"},
	}
}

// declare adds a flag of the table to a command. into points to its value, which is also the
// default. notes say what is particular to this command.
//
// Lists are arrays, not slices: pflag would split a version after an '@' at its commas.
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

// oneProfileNote is of --profile where each target has one.
func oneProfileNote(of string) string {
	return "here one, for a " + of + " that names none; unless given: hardened, or its only one"
}

// Notes that several commands use.
const (
	commonProfilesNote = "unless given: default and hardened"
	cellTestsNote      = "a test for each cell, which fails if a rule is broken"
)
