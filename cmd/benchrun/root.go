package main

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/gate"
	"benchrun/internal/project"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

// version is set by the build script. With go install, it comes from the module.
var version = ""

func benchrunVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return strings.Trim(info.Main.Version, "()")
	}
	return "devel"
}

// settings has the flags of the main command.
type settings struct {
	servers, profiles, scenarios []string
	mixes                        []string
	own                          ownServer
	quick, full                  bool
	attempts                     int
	ci, release                  bool
	seed                         uint64
	out                          string
	jsonFile, junitFile          string
	format, progress             string
	dryRun, reprobe, verbose     bool
	python                       string
	port                         int
	gate                         gate.Demands
	config                       string
	resume                       string
	maxTime                      time.Duration
	jobs                         jobs

	origins project.Origins   // where settings that are not defaults come from
	added   []string          // flags that stand for the settings from elsewhere
	earlier *campaign.Earlier // the run that --resume names; nil: a new run
	most    int               // how many of its cells a ladder measures, about; 0: this is no ladder
}

// newSettings are the settings of a command whose flags say nothing.
func newSettings() settings {
	return settings{
		format: "table", progress: report.ProgressAuto, attempts: campaign.DefaultAttempts, seed: defaultSeed, out: defaultOut,
		gate: newDemands(),
	}
}

// declare adds flags of the table to a command, which need no note there.
func (s *settings) declare(f *pflag.FlagSet, names ...string) {
	into := map[string]any{
		"server": &s.servers, "scenario": &s.scenarios, "mix": &s.mixes, "quick": &s.quick, "full": &s.full,
		"attempts": &s.attempts, "ci": &s.ci, "release": &s.release, "seed": &s.seed, "out": &s.out,
		"format": &s.format, "verbose": &s.verbose, "progress": &s.progress, "config": &s.config, "dry-run": &s.dryRun,
		"python": &s.python, "port": &s.port, "resume": &s.resume, "max-time": &s.maxTime, "jobs": &s.jobs, "reprobe": &s.reprobe,
	}
	for _, name := range names {
		declare(f, name, into[name])
	}
}

const rootLong = `benchrun finds out which web app server keeps serving when some requests hang,
crash or crawl. For each server, profile and scenario, it installs the server,
launches it with a misbehaving app, sends ordinary requests and, at the
scenario's ratio, misbehaving ones, watches the processes, and judges whether
everybody else was served.

Without arguments it runs a demonstration: its own reference server, sound and
with two planted flaws, beside wsgiref. A failed verdict is a result: the exit
code is 0.`

const rootExample = `  benchrun                                               # the demonstration, three minutes
  benchrun --server mod_wsgi --scenario wedge-1pct       # stock and hardened mod_wsgi
  benchrun --server gunicorn --profile 'g*'              # gthread and gevent, all scenarios
  benchrun --server gunicorn@23.0.0 --server waitress --json out.json
  benchrun --server 'gunicorn@>=23,<28' -c wedge         # the newest release in a range
  benchrun --server gunicorn@path:../gunicorn --ci       # a checkout, as it is now
  benchrun --server gunicorn/hardened --args '--workers=3 --timeout=30' -c wedge
  benchrun --server-cmd 'myserver --port {port} app:application' -c @gate
  benchrun --server gunicorn,gunicorn+nginx -c slow-upload   # with and without a proxy before it, docs/fronts.md
  benchrun --server-file my.yaml -c @gate                # docs/your-server.md
  benchrun --server gunicorn+runit -c kill-master         # docs/supervisors.md
  benchrun --server '*' --scenario slow-upload --dry-run
  benchrun --server gunicorn -p hardened -c @gate --max-time 15m
  benchrun --server gunicorn --mix wedge=1%,segfault=0.5%,cpu=10%
  benchrun --server gunicorn --fail-on '*/hardened/*: verdict >= degraded' --fail-on 'survivors == 0'
  benchrun --server gunicorn --baseline benchrun-out/last-release --waivers benchrun.waivers.yaml
  benchrun --server gunicorn --ci --gate gate.txt --junit junit.xml
  benchrun --resume benchrun-out/20261121-120000-3fa9    # continue a run that was killed
  benchrun judge benchrun-out/20261121-120000-3fa9       # judge it again, from its records`

const exitHelp = `
Exit codes:
  0 every selected cell was measured   1 a bug in benchrun   2 usage
  3 environment (install, port, disk)  4 nothing selected    5 a cell is invalid
  10 a rule of the gate is broken, a cell is worse than the baseline, a duel's B is
  worse, a check of check-server failed, or a verdict of calibrate is wrong
  11 only strict checks failed   130, 143 interrupted; what was measured is kept
`

func newRootCommand() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:           "benchrun",
		Short:         "which web app server keeps serving when apps and clients misbehave",
		Long:          rootLong,
		Example:       rootExample,
		Version:       benchrunVersion(),
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			if err := s.takeUp(cmd.Context(), cmd.Flags()); err != nil {
				return err
			}
			if err := s.chooseAttempts(cmd.Flags().Changed("attempts")); err != nil {
				return err
			}
			if err := s.fill(cmd.Flags()); err != nil {
				return err
			}
			return s.origins.OfName(benchmark(cmd, s))
		},
	}
	cmd.SetUsageTemplate(cmd.UsageTemplate() + exitHelp)
	cmd.SetFlagErrorFunc(flagError)
	addFlags(cmd.Flags(), &s)
	completeFlags(cmd, &s)
	cmd.AddCommand(newJudgeCommand(), newListCommand(), newExplainCommand(), newDoctorCommand(), newCheckServerCommand(), newCalibrateCommand(), newMergeCommand(), newDuelCommand(), newReproCommand(), newLadderCommand(), newWaiversCommand(), newInitCommand(), newShowCommand(), newCacheCommand(), newDocsCommand(), newCostCommand())
	return cmd
}

// addFlags declares the flags of the main command.
func addFlags(f *pflag.FlagSet, s *settings) {
	*s = newSettings()
	s.declare(f, "server")
	declare(f, "profile", &s.profiles, commonProfilesNote)
	s.declare(f, "scenario", "mix")
	addOwnFlags(f, &s.own, true)
	s.declare(f, "quick", "full", "attempts", "ci", "release", "seed", "out")
	addPrintFlags(f, s)
	s.declare(f, "progress", "config", "dry-run", "python", "port", "resume", "max-time", "jobs", "reprobe")
}

// addPrintFlags declares the flags that say how to print a run.
func addPrintFlags(f *pflag.FlagSet, s *settings) {
	declare(f, "json", &s.jsonFile, "the content of run.json")
	declare(f, "junit", &s.junitFile, cellTestsNote)
	s.declare(f, "format", "verbose")
	addGateFlags(f, &s.gate)
}

// Defaults of flags that several commands use.
const (
	defaultSeed = 1
	defaultOut  = "benchrun-out"
)

func (s settings) mode() bench.Mode {
	if s.full {
		return bench.ModeFull
	}
	return bench.ModeQuick
}

// chooseAttempts sets the attempts that --ci and --release imply. given says that the user gave
// --attempts.
func (s *settings) chooseAttempts(given bool) error {
	var names []string
	for _, choice := range []struct {
		name     string
		chosen   bool
		attempts int
	}{{"--ci", s.ci, campaign.CIAttempts}, {"--release", s.release, campaign.ReleaseAttempts}, {"--attempts", given, s.attempts}} {
		if choice.chosen {
			names = append(names, choice.name)
			s.attempts = choice.attempts
		}
	}
	if len(names) > 1 {
		return bench.Usagef("%s cannot be combined", strings.Join(names, " and "))
	}
	return nil
}

// check finds errors in the flags by themselves.
func (s settings) check() error {
	if s.quick && s.full {
		return bench.Usagef("--quick and --full cannot be combined")
	}
	if err := s.order(nil).Check(); err != nil {
		return err
	}
	if s.out == "" {
		return bench.Usagef("--out is empty")
	}
	return report.Outlets{Format: s.format}.Check(s.progress)
}

// valueWords say which values a flag takes, where its type's own error would be in Go's words.
var valueWords = map[string]string{
	"int": "it must be a whole number", "uint64": "it must be a whole number, not below 0",
	"bool": "it must be true or false", "duration": "it must be a time such as 90s, 45m or 1h30m",
}

// valueError explains why a flag does not take a value.
func valueError(err error) string {
	var invalid *pflag.InvalidValueError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	flag := invalid.GetFlag()
	wanted := cmp.Or(valueWords[flag.Value.Type()], invalid.Unwrap().Error())
	if errors.Is(err, strconv.ErrRange) {
		wanted = "it is too large or too small"
	}
	return fmt.Sprintf("--%s %q: %s", flag.Name, invalid.GetValue(), wanted)
}

// flagError explains an error in a flag. An unknown flag may be a typing error.
func flagError(cmd *cobra.Command, err error) error {
	e := &bench.UsageError{Problem: valueError(err), Hint: "see " + cmd.CommandPath() + " --help"}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		if near := bench.Nearest(unknown.GetSpecifiedName(), names); near != "" {
			e.Hint = "did you mean --" + near + "?"
		}
	}
	return e
}

func unknownCommand(cmd *cobra.Command, word string) error {
	cmd.SuggestionsMinimumDistance = 2
	e := &bench.UsageError{Problem: fmt.Sprintf("unknown command %q", word), Hint: "see benchrun --help"}
	reg, err := targets.Load(targets.LoadOptions{})
	switch near := cmd.SuggestionsFor(word); {
	case slices.ContainsFunc(scenarios.All(), func(f scenarios.Fault) bool { return f.ID == word }):
		e.Hint = "did you mean --scenario " + word + "?"
	case err == nil && slices.Contains(reg.Names(), word):
		e.Hint = "did you mean --server " + word + "?"
	case len(near) > 0:
		e.Hint = fmt.Sprintf("did you mean %q?", near[0])
	}
	return e
}
