package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/gate"
	"benchrun/internal/intake"
	"benchrun/internal/stored"
	"benchrun/report"
	"benchrun/results"
	"benchrun/scenarios"
)

func newWaiversCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waivers",
		Short: "maintain the file of results that are expected for now",
		Args:  cobra.ArbitraryArgs,
		RunE: func(*cobra.Command, []string) error {
			return &bench.UsageError{Problem: "waivers wants a command: update", Hint: "see benchrun waivers --help"}
		},
	}
	cmd.AddCommand(newWaiversUpdateCommand())
	return cmd
}

// expectation is the rule for which waivers are drafted if the user gives none.
const expectation = "verdict >= held"

func newWaiversUpdateCommand() *cobra.Command {
	d := newDemands()
	file := "benchrun.waivers.yaml"
	cmd := &cobra.Command{
		Use:   "update RUN",
		Short: "draft waivers for the rules that a run breaks",
		Long: `update adds an entry to the file of waivers for each cell of the run (a folder
or a run.json) that breaks a rule of --fail-on or --gate; without rules, for each
cell that did not hold. An entry is good for ` + fmt.Sprint(gate.DraftDays) + ` days. It is a draft: it waives nothing
until you write its reason: why you expect this result.

update changes nothing else in the file, not even comments. It lists entries that
expected another result and entries that have expired: only a person can say
whether they are still right.`,
		Example: "  benchrun waivers update benchrun-out/20261121-120000-3fa9\n  benchrun waivers update benchrun-out/20261121-120000-3fa9 --file ci/waivers.yaml --gate ci/gate.txt",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return &bench.UsageError{Problem: "update wants one run", Hint: "see benchrun waivers update --help"}
			case file == "":
				return bench.Usagef("--file is empty")
			}
			return updateWaivers(cmd, d, args[0], file)
		},
	}
	declare(cmd.Flags(), "file", &file)
	addRuleFlags(cmd.Flags(), &d)
	return cmd
}

// updateWaivers drafts the entries, writes the file and prints what it did.
func updateWaivers(cmd *cobra.Command, d gate.Demands, path, file string) error {
	run, err := results.ReadEnded(cmd.Context(), path)
	if err != nil {
		return err
	}
	if len(d.Rules)+len(d.Files) == 0 {
		d.Rules = []string{expectation}
	}
	rules, err := d.ReadRules(stored.Selected(run))
	if err != nil {
		return err
	}
	old, err := intake.ReadSmall("--file", file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	checks := gate.Evaluate(rules, run.Cells, scenarios.Family)
	draft, err := gate.DraftWaivers(file, old, checks, run.Cells, run.ID, time.Now())
	if err != nil {
		return err
	}
	if !bytes.Equal(draft.Text, old) {
		if err := replaceFile(file, draft.Text); err != nil {
			return &bench.EnvironmentError{Problem: "--file " + file, Err: err}
		}
	}
	out := cmd.OutOrStdout()
	for _, w := range draft.Added {
		_, _ = fmt.Fprintf(out, "added     %s: %s, until %s: %s\n", report.Clean(w.Cell), w.Verdict, w.Expires.Format("2006-01-02"), report.Clean(w.Said))
	}
	for _, t := range draft.Told {
		_, _ = fmt.Fprintf(out, "look at   %s\n", report.Clean(t))
	}
	if len(draft.Added) == 0 {
		_, err = fmt.Fprintf(out, "%s: nothing to add\n", report.Clean(file))
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %d added, which waive nothing until their reason is written; all else in the file is as it was\n", report.Clean(file), len(draft.Added))
	return err
}

// replaceFile writes a file atomically, with the permissions of the old one.
func replaceFile(path string, text []byte) (err error) {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".waivers-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, werr := f.Write(text)
	if err := errors.Join(werr, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
