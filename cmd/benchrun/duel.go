package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/console"
	"benchrun/internal/judge"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/results"
	"benchrun/targets"
)

const duelLong = `duel compares two targets on this machine now. It alternates their attempts
(A B A B) and answers for each scenario whether B is worse than A, the same, or
better. A is the baseline: usually the last release, with B the next one.

A target is server[/profile][@version]. The version may be a release, previous
(the release before the one that benchrun knows), or path:DIR, a checkout, which
benchrun installs as it is into an environment of its own. A target without a
profile uses --profile.

B is worse if it does not hold where A holds, or if it loses more of each
second's victims than A, by more than 2 % in the median of all seconds. A
difference must repeat in another pair. If A does not hold either, nobody can
tell whether B is worse, and the answer is invalid.

The exit code is 0 if B is worse in no scenario, 10 if it is in some, and 5 if
an answer is invalid.`

const duelExample = `  benchrun duel gunicorn@previous gunicorn --scenario wedge,segfault
  benchrun duel gunicorn gunicorn@path:../gunicorn --profile hardened
  benchrun duel gunicorn/default gunicorn/hardened --scenario 'wedge-*'`

func newDuelCommand() *cobra.Command {
	s := settings{format: "table", progress: progressAuto, attempts: 1, seed: defaultSeed, out: defaultOut}
	profile, pairs := targets.ProfileHardened, 2
	cmd := &cobra.Command{
		Use:               "duel A B",
		Short:             "find out whether target B is worse than target A",
		Long:              duelLong,
		Example:           duelExample,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeServers,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) != 2:
				return &bench.UsageError{Problem: "duel wants two targets", Hint: "for example: benchrun duel gunicorn@previous gunicorn"}
			case pairs < 2 || pairs > 9:
				return bench.Usagef("--pairs %d is not between 2 and 9", pairs)
			}
			if err := s.check(); err != nil {
				return err
			}
			return s.duel(cmd, args[0], args[1], profile, pairs)
		},
	}
	f := cmd.Flags()
	declare(f, "scenario", &s.scenarios)
	declare(f, "profile", &profile, "here one, for a target that names none")
	declare(f, "pairs", &pairs)
	declare(f, "server-file", &s.serverFiles)
	declare(f, "full", &s.full)
	declare(f, "seed", &s.seed)
	declare(f, "out", &s.out)
	declare(f, "json", &s.jsonFile, "the content of duel.json; on stdout instead of the table")
	declare(f, "junit", &s.junitFile, "a test for each scenario, which fails where B is worse")
	declare(f, "progress", &s.progress)
	declare(f, "dry-run", &s.dryRun)
	declare(f, "python", &s.python)
	declare(f, "port", &s.port)
	declare(f, "reprobe", &s.reprobe)
	completeFlags(cmd, &s)
	return cmd
}

// duel resolves both targets, measures and answers.
func (s settings) duel(cmd *cobra.Command, wordA, wordB, profile string, pairs int) error {
	reg, err := targets.Load(targets.DefaultLoadOptions(s.serverFiles))
	if err != nil {
		return err
	}
	cells, err := s.duelCells(cmd.Context(), reg, wordA, wordB, profile)
	if err != nil {
		return err
	}
	if sameTarget(cells[0], cells[1]) {
		tell(cmd.ErrOrStderr(), []string{report.SameTarget})
	}
	if s.dryRun {
		return dryRun(cmd.Context(), cmd.OutOrStdout(), cells, 2, s)
	}
	if err := s.prepareFiles(); err != nil { // before minutes are spent
		return err
	}
	run, bouts, runErr := s.executeDuel(cmd, cells, pairs)
	if run.ID == "" {
		return runErr
	}
	duel := results.Duel{
		Schema: results.DuelSchema, Run: run.ID, Need: pairs, Margin: judge.DuelMargin, Bouts: bouts,
		A: sideOf(run, cells[0], 0), B: sideOf(run, cells[1], 1),
	}
	folder, err := results.OpenFolder(filepath.Join(s.out, run.ID))
	if err == nil {
		err = folder.WriteDuel(duel)
	}
	if perr := s.deliverDuel(cmd, run, duel, runErr); err == nil {
		err = perr
	}
	return errors.Join(runErr, err, duelVerdict(duel, runErr != nil || err != nil))
}

// duelVerdict is duelError's answer; of a duel that something broke only that B
// is worse: that says more than that not everything was measured.
func duelVerdict(d results.Duel, broke bool) error {
	verdict := duelError(d)
	if broke && !errors.Is(verdict, bench.ErrCheckFailed) {
		return nil
	}
	return verdict
}

// duelError stands for the exit code.
func duelError(d results.Duel) error {
	has := func(a judge.Answer) bool {
		return slices.ContainsFunc(d.Bouts, func(b results.Bout) bool { return b.Answer == a.String() })
	}
	switch {
	case has(judge.DuelWorse):
		return bench.ErrCheckFailed
	case has(judge.DuelInvalid), len(d.Bouts) == 0:
		return bench.ErrUnmeasured
	}
	return nil
}

// duelCells are the cells of both targets, in turn.
func (s settings) duelCells(ctx context.Context, reg *targets.Registry, wordA, wordB, profile string) ([]plan.Cell, error) {
	var sides [2][]plan.Cell
	for i, word := range []string{wordA, wordB} {
		target, version, versioned := strings.Cut(word, "@")
		server, own, named := strings.Cut(target, "/")
		if !named {
			own = profile
		}
		if strings.ContainsAny(server+own, "*?[,") {
			return nil, bench.Usagef("%q is not one target: write server[/profile][@version]", word)
		}
		if versioned {
			server += "@" + version
		}
		cells, err := plan.Cells(reg, plan.Selection{Servers: []string{server}, Profiles: []string{own}, Scenarios: s.scenarios})
		if err != nil {
			if !named {
				err = fmt.Errorf("%s with --profile %s: %w", word, profile, err)
			}
			return nil, err
		}
		sides[i] = plan.OnHost(cells, hostHas(ctx))
	}
	var out []plan.Cell
	for i := range sides[0] {
		out = append(out, sides[0][i], sides[1][i])
	}
	return out, nil
}

// sameTarget says that both sides are the same: the same profile of the same
// server, in the version that was asked for, or that its file says.
func sameTarget(a, b plan.Cell) bool {
	version := func(c plan.Cell) string { return cmp.Or(c.Version, c.Server.Version) }
	return a.Server.Name == b.Server.Name && version(a) == version(b) && a.Profile == b.Profile
}

func (s settings) executeDuel(cmd *cobra.Command, cells []plan.Cell, pairs int) (bench.Run, []results.Bout, error) {
	r, page, done, err := s.open(cmd, campaign.Order{
		Cells: cells, Mode: s.mode(), Seed: s.seed, Attempts: pairs, Jobs: s.atMost(), Reprobe: s.reprobe, Python: s.python,
	})
	if err != nil {
		return bench.Run{}, nil, err
	}
	defer done()
	run, bouts, err := r.Duel(cmd.Context())
	if err == nil {
		err = page.Err()
	}
	return run, bouts, err
}

// sideOf names a side by what was measured; i is 0 for A, 1 for B.
func sideOf(run bench.Run, c plan.Cell, i int) results.DuelSide {
	side := results.DuelSide{Server: c.Server.Name, Version: c.Version, Profile: c.Profile}
	if i < len(run.Cells) {
		side.Version = run.Cells[i].Version
	}
	return side
}

// deliverDuel tells everybody what a duel came to: the reader of stdout, the
// files asked for, and CI.
func (s settings) deliverDuel(cmd *cobra.Command, run bench.Run, d results.Duel, broke error) error {
	v := duelView(run, d)
	if broke != nil {
		v.Broke = broke.Error()
	}
	err := s.printDuel(cmd, run, d, v)
	if s.junitFile != "" {
		err = errors.Join(err, writeFile("--junit", s.junitFile, func(w io.Writer) error { return report.DuelJUnit(w, v) }))
	}
	if onGitHub() {
		stderr := cmd.ErrOrStderr()
		gerr := report.DuelAnnotations(console.Data(stderr), v)
		if gerr == nil {
			gerr = addSummary(func(w io.Writer, room int) error { return report.DuelSummary(w, v, room) })
		}
		if gerr != nil { // no reason to fail a run
			_, _ = fmt.Fprintln(stderr, "benchrun: no annotations or summary for GitHub:", gerr)
		}
	}
	return err
}

func (s settings) printDuel(cmd *cobra.Command, run bench.Run, d results.Duel, v report.DuelView) error {
	out := cmd.OutOrStdout()
	if s.jsonFile == "-" {
		return d.Encode(console.Data(out))
	}
	if err := report.Duel(out, v, width(out)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "\nresults  %s\n", filepath.Join(s.out, run.ID)); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	if s.jsonFile == "" {
		return nil
	}
	return writeFile("--json", s.jsonFile, d.Encode)
}

func duelView(run bench.Run, d results.Duel) report.DuelView {
	name := func(s results.DuelSide) string { return fmt.Sprintf("%s %s %s", s.Server, s.Version, s.Profile) }
	v := report.DuelView{A: name(d.A), B: name(d.B), Target: d.B.Server + "." + d.B.Profile, Same: d.A == d.B}
	for _, b := range d.Bouts {
		row := report.DuelRow{Scenario: b.Scenario, Answer: b.Answer, Reasons: b.Reasons, Pairs: len(b.Pairs), Loss: report.None}
		sides := slices.DeleteFunc(slices.Clone(run.Cells), func(c bench.Cell) bool { return c.Scenario != b.Scenario })
		if len(sides) == 2 { // A's comes first
			row.A, row.B = report.Outcome(sides[0]), report.Outcome(sides[1])
			for _, c := range sides {
				for _, a := range c.Attempts {
					row.Seconds += a.Seconds
				}
			}
		}
		if len(b.Pairs) > 0 && b.Answer != judge.DuelInvalid.String() { // of which something is said
			row.Loss = fmt.Sprintf("%+.1f %%", b.Loss)
		}
		v.Bouts = append(v.Bouts, row)
	}
	return v
}
