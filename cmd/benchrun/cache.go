package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/console"
	"benchrun/report"
	"benchrun/targets"
)

func newCacheCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "list the installed servers that benchrun keeps, or clear them",
		Long: `benchrun keeps each server that it has installed in an environment of its own, for
later runs: one for each combination of server, version, Python and requirements.
cache lists them, with the version, the Python, the size, the last use and the
folder, and what pip, uv, npm and Go have downloaded for them.

They are in $` + targets.CacheVariable + `; unless that is set, in /var/cache/benchrun for root and in
the user's own cache folder for everybody else.`,
		Example: "  benchrun cache\n  benchrun cache clear gunicorn            # all its versions\n  benchrun cache clear --older-than 30d",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &bench.UsageError{Problem: fmt.Sprintf("cache has no command %q", args[0]), Hint: "clear is the only one; see benchrun cache --help"}
			}
			all, downloads, err := targets.Cached(cmd.Context())
			if err != nil {
				return err
			}
			return listCache(cmd.OutOrStdout(), all, downloads, time.Now())
		},
	}
	cmd.AddCommand(newCacheClearCommand())
	return cmd
}

func listCache(w io.Writer, all []targets.CachedEnvironment, downloads targets.CachedDownloads, now time.Time) error {
	columns := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	if len(all) > 0 {
		_, _ = fmt.Fprintln(columns, "SERVER\tVERSION\tPYTHON\tSIZE\tLAST USED\tPATH") // Flush returns the error
	}
	for _, e := range all {
		_, _ = fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\t%s\n", report.Clean(e.Server), orDash(e.Version), orDash(e.Python), size(e.Bytes), lastUsed(e, now), e.Path)
	}
	if err := columns.Flush(); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	total := int64(0)
	for _, e := range all {
		total += e.Bytes
	}
	text := fmt.Sprintf("%s, %s", bench.Things(len(all), "environment", "environments"), size(total))
	if len(downloads.Paths) > 0 {
		text += fmt.Sprintf("; downloads, %s, in %s", size(downloads.Bytes), strings.Join(downloads.Paths, ", "))
	}
	if _, err := fmt.Fprintln(w, text); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return report.Clean(s)
}

// lastUsed is, for example, "today 14:03", "3 days ago" or "in use".
func lastUsed(e targets.CachedEnvironment, now time.Time) string {
	days := int(now.Sub(e.Used) / (24 * time.Hour))
	switch {
	case e.InUse && e.Complete:
		return "in use"
	case e.InUse:
		return "being built"
	case !e.Complete:
		return "never: its build was broken off"
	case days < 1:
		return e.Used.Local().Format("2006-01-02 15:04")
	}
	return bench.Things(days, "day", "days") + " ago"
}

// size is a number of bytes for people: "12.3 MiB".
func size(bytes int64) string {
	value := float64(bytes)
	for _, unit := range []string{"bytes", "KiB", "MiB"} {
		if value < 1024 {
			if unit == "bytes" {
				return fmt.Sprintf("%d bytes", bytes)
			}
			return fmt.Sprintf("%.1f %s", value, unit)
		}
		value /= 1024
	}
	return fmt.Sprintf("%.1f GiB", value)
}

// age is a length of time that may be given in days and weeks. It is a flag's value.
type age time.Duration

func (a *age) String() string {
	if *a == 0 {
		return ""
	}
	return time.Duration(*a).String()
}

func (a *age) Set(text string) error {
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		number, ok := strings.CutSuffix(text, suffix)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n > math.MaxInt64/int(unit) {
			return errAge
		}
		*a = age(time.Duration(n) * unit)
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return errAge
	}
	*a = age(d)
	return nil
}

var errAge = errors.New("it must be a time such as 30d, 2w or 12h")

// Type names what the flag takes.
func (a *age) Type() string { return "age" }

func newCacheClearCommand() *cobra.Command {
	var older age
	yes := false
	cmd := &cobra.Command{
		Use:   "clear [NAME...]",
		Short: "remove installed servers that benchrun keeps",
		Long: `clear removes the environments of the named servers, or all of them. A NAME is a
server, a glob, a server with a version (gunicorn@23.0.0), or the name of an
environment's folder. Without NAME and --older-than, it also removes what pip, uv,
npm and Go have downloaded.

clear says what it is going to remove, and asks. Without a terminal nobody can be
asked, so it wants --yes. It does not remove what another benchrun uses or builds
right now: the exit code is then 3.`,
		Example: "  benchrun cache clear --older-than 30d --yes\n  benchrun cache clear 'gunicorn@2*' uwsgi\n  benchrun cache clear",
		Args:    cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			all, _, err := targets.Cached(cmd.Context())
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, name := range cachedNames(all) {
				if !slices.Contains(args, name) {
					names = append(names, name)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			all, downloads, err := targets.Cached(cmd.Context())
			if err != nil {
				return err
			}
			chosen, err := chooseCached(all, args, time.Duration(older), time.Now())
			if err != nil {
				return err
			}
			if len(args) > 0 || older > 0 {
				downloads = targets.CachedDownloads{}
			}
			return clearCache(cmd, chosen, downloads, yes)
		},
	}
	declare(cmd.Flags(), "older-than", &older)
	declare(cmd.Flags(), "yes", &yes)
	return cmd
}

// cachedNames are words for the environments: the servers, and those with a version.
func cachedNames(all []targets.CachedEnvironment) []string {
	var names []string
	for _, e := range all {
		names = append(names, e.Server, e.Name())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// chooseCached picks the environments that the words name and that were not used for a time.
// A word that names none is a usage error.
func chooseCached(all []targets.CachedEnvironment, words []string, unused time.Duration, now time.Time) ([]targets.CachedEnvironment, error) {
	var chosen []targets.CachedEnvironment
	named := make([]bool, len(words))
	for _, e := range all {
		wanted := len(words) == 0
		for i, word := range words {
			if e.Is(word) {
				wanted, named[i] = true, true
			}
		}
		if wanted && now.Sub(e.Used) >= unused {
			chosen = append(chosen, e)
		}
	}
	for i, ok := range named {
		if !ok {
			e := &bench.UsageError{Problem: fmt.Sprintf("the cache has no %q", words[i]), Hint: "benchrun cache lists what it has"}
			if near := bench.Nearest(words[i], cachedNames(all)); near != "" {
				e.Hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, e
		}
	}
	return chosen, nil
}

// clearCache removes what was chosen, if the user agrees.
func clearCache(cmd *cobra.Command, chosen []targets.CachedEnvironment, downloads targets.CachedDownloads, yes bool) error {
	out := cmd.OutOrStdout()
	if len(chosen) == 0 && len(downloads.Paths) == 0 {
		_, err := fmt.Fprintln(out, "nothing to remove")
		return err
	}
	if !yes {
		if err := listCache(out, chosen, downloads, time.Now()); err != nil {
			return err
		}
		if !console.IsTerminal(cmd.InOrStdin()) {
			return &bench.UsageError{Problem: "cache clear: stdin is no terminal, so nobody can be asked", Hint: "--yes removes it without a question"}
		}
		if agreed, err := agrees(cmd.InOrStdin(), cmd.ErrOrStderr(), "remove this?"); err != nil || !agreed {
			return err
		}
	}
	busy, freed := 0, int64(0)
	clearOne := func(what string, bytes int64, remove func() (bool, error)) error {
		removed, err := remove()
		if err != nil {
			return err
		}
		word := "removed"
		if removed {
			freed += bytes
		} else {
			word = "in use, not removed"
			busy++
		}
		if _, err := fmt.Fprintf(out, "%s: %s\n", word, what); err != nil {
			return fmt.Errorf("stdout: %w", err)
		}
		return nil
	}
	for _, e := range chosen {
		if err := cmd.Context().Err(); err != nil {
			return err
		}
		if err := clearOne(report.Clean(e.Name())+", "+e.Path, e.Bytes, e.Remove); err != nil {
			return err
		}
	}
	if len(downloads.Paths) > 0 {
		if err := clearOne("downloads, "+strings.Join(downloads.Paths, ", "), downloads.Bytes, downloads.Remove); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(out, size(freed)+" freed"); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	if busy > 0 {
		return &bench.EnvironmentError{Problem: "not everything was removed: a benchrun uses it", Hint: "try again when that has ended"}
	}
	return nil
}

// agrees asks a question that is to be answered with y or n. No answer is no.
func agrees(in io.Reader, out io.Writer, question string) (bool, error) {
	if _, err := fmt.Fprintf(out, "%s [y/N] ", question); err != nil {
		return false, err
	}
	if f, ok := out.(interface{ Flush() error }); ok {
		if err := f.Flush(); err != nil {
			return false, err
		}
	}
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("stdin: %w", err)
	}
	return slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))), nil
}
