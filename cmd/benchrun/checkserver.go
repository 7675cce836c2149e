package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/checkserver"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

func newCheckServerCommand() *cobra.Command {
	var s settings
	patience := 5 * time.Minute
	cmd := &cobra.Command{
		Use:   "check-server NAME|FILE",
		Short: "check a server and its file against the contract",
		Long: `check-server installs a server, boots it, requests everything that an app must
serve (docs/contract.md), checks the answers and the receipts strictly, stops
the server, reloads it under a light load, and compares the slots and the
watchdog that it measures with what the server's file claims. It takes about half
a minute for each profile, plus the time of a claimed watchdog, at most --patience.

NAME is a server, name@version or name@path:DIR; FILE is a server file of your
own. "differs" means that the server does something that its file does not say
or that a better server would not do: a claim that differs, a request lost during
a reload, a large upload refused, honest work ended by the watchdog. It fails
nothing.

The exit code is 0, 5 if something could not be measured, or 10 if a check
failed; 2, 3, 4, 130 and 143 mean the same as for benchrun itself.`,
		Example:           "  benchrun check-server gunicorn\n  benchrun check-server my.yaml --profile default\n  benchrun check-server mod_wsgi --profile default --patience 10s",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: completeServers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "check-server wants one server or server file", Hint: "see benchrun check-server --help"}
			}
			cells, err := s.checked(args[0])
			if err != nil {
				return err
			}
			if s.dryRun {
				return s.planCheck(cmd, cells, patience)
			}
			return s.checkServer(cmd, cells, patience)
		},
	}
	f := cmd.Flags()
	declare(f, "profile", &s.profiles, "unless given: default, hardened and equal8")
	declare(f, "patience", &patience)
	declare(f, "dry-run", &s.dryRun)
	declare(f, "python", &s.python)
	declare(f, "port", &s.port)
	completeFlags(cmd, &s)
	return cmd
}

func completeServers(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	reg, err := targets.Load(targets.DefaultLoadOptions(nil))
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return reg.Names(), cobra.ShellCompDirectiveDefault // files too
}

// checked gives a cell for each target that is to be checked.
func (s settings) checked(what string) ([]plan.Cell, error) {
	ext := filepath.Ext(what)
	isFile := (strings.ContainsRune(what, os.PathSeparator) || ext == ".yaml" || ext == ".yml") && !strings.Contains(what, "@path:")
	if isFile {
		s.serverFiles = []string{what}
	}
	reg, err := targets.Load(targets.DefaultLoadOptions(s.serverFiles))
	if err != nil {
		return nil, err
	}
	s.servers = []string{what}
	if isFile {
		s.servers = s.ownServers(reg)
	}
	if len(s.profiles) == 0 {
		s.profiles = commonProfiles(reg, s.servers)
	}
	return plan.Cells(reg, plan.Selection{Servers: s.servers, Profiles: s.profiles, Scenarios: []string{scenarios.Watchdog().ID}})
}

// commonProfiles are those of the profiles with a meaning of their own that the
// servers have; none for a server that is not known, which others will tell.
func commonProfiles(reg *targets.Registry, servers []string) (out []string) {
	for _, word := range servers {
		name, _, _ := strings.Cut(word, "@")
		srv, err := reg.Lookup(name)
		if err != nil {
			return nil
		}
		for _, p := range []string{targets.ProfileDefault, targets.ProfileHardened, targets.ProfileEqual8} {
			if _, ok := srv.Profiles[p]; ok {
				out = append(out, p)
			}
		}
	}
	return out
}

// checkServer checks target after target and prints a table of each.
func (s settings) checkServer(cmd *cobra.Command, cells []plan.Cell, patience time.Duration) error {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	patiently(ctx)
	host, done, err := place.Enter(ctx, benchrunVersion(), s.port, newProgress(stderr).Note)
	if err != nil {
		return err
	}
	defer done()
	var all []checkserver.Result
	broke := func(err error) error { // a check that failed has failed, whatever else is the matter
		if checkserver.Worst(all) == checkserver.Failed {
			return errors.Join(err, bench.ErrCheckFailed)
		}
		return err
	}
	for _, c := range cells {
		progress := newProgress(stderr) // its status line goes before the table comes
		host.Note = progress.Note
		if c.Unsupported != "" {
			progress.Note(fmt.Sprintf("%s/%s: %s", c.Server.Name, c.Profile, c.Unsupported))
			continue
		}
		t, err := host.Install(ctx, c, s.python, progress.Note)
		if err != nil {
			return broke(err)
		}
		results, err := checkserver.Run(ctx, host, t, patience, progress.Hear)
		if werr := writeResults(cmd.OutOrStdout(), t, results); werr != nil && err == nil {
			err = werr
		}
		all = append(all, results...)
		if err != nil {
			return broke(err)
		}
	}
	switch checkserver.Worst(all) {
	case checkserver.Failed:
		return bench.ErrCheckFailed
	case checkserver.Unmeasured:
		return bench.ErrUnmeasured
	}
	return nil
}

// planCheck prints what would be checked of each target; nothing is installed.
func (s settings) planCheck(cmd *cobra.Command, cells []plan.Cell, patience time.Duration) error {
	var b strings.Builder
	var total time.Duration
	asked := map[string]bool{}
	for _, c := range cells {
		fmt.Fprintf(&b, "%s\n", targetWords(c))
		if c.Unsupported != "" {
			fmt.Fprintf(&b, "  unsupported: %s\n", c.Unsupported)
			continue
		}
		if err := describeTarget(cmd.Context(), &b, c, s.python, asked); err != nil {
			return err
		}
		checks, about := checkserver.Plan(c, patience)
		fmt.Fprintf(&b, "  checks   %s\n           about %s\n", strings.Join(checks, "; "), about)
		total += about
	}
	fmt.Fprintf(&b, "about %s in all, plus installation where something is missing\n", total)
	if _, err := io.WriteString(cmd.OutOrStdout(), b.String()); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}

// writeResults prints a target's table. What a server has said stands in it
// cleaned.
func writeResults(out io.Writer, t *place.Target, results []checkserver.Result) error {
	if _, err := fmt.Fprintf(out, "%s %s/%s (%s)\n", t.Server.Name, t.Installation.Version, t.ProfileName, t.Server.File); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "  verdict\tcheck\texpected\tseen\n") // Flush tells
	for _, r := range results {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", r.Verdict, r.Check, r.Expected, report.Clean(r.Seen))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}
