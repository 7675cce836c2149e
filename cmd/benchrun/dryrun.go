package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"benchrun/internal/launch"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/targets"
)

// symbolicPort is put in for the port, then shown as $PORT.
const symbolicPort = 65535

// symbolic stands for what only an attempt knows.
var symbolic = targets.Placeholders{
	Host: "127.0.0.1", Port: symbolicPort, App: "$APP", Work: "$WORK",
	Benchrun: "benchrun", User: "$USER", Group: "$GROUP",
}

// shellQuote joins words so that a shell reads them back as they are, except
// for the variables that stand for what only an attempt knows.
func shellQuote(argv []string) string {
	plain := regexp.MustCompile(`^[\w@%+=:,./$-]+$`)
	out := make([]string, len(argv))
	for i, w := range argv {
		w = strings.ReplaceAll(w, strconv.Itoa(symbolicPort), "$PORT")
		if out[i] = w; !plain.MatchString(w) {
			out[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// installing is how a target of this machine would be installed, and the user that
// it runs as; nil: the one who runs benchrun.
func installing(c plan.Cell, python string) (targets.InstallOptions, *launch.User, error) {
	user, err := launch.Unprivileged()
	if err != nil {
		return targets.InstallOptions{}, nil, err
	}
	opts := targets.InstallOptions{Server: c.Server, Profile: c.Profile, Version: c.Version, Python: python, Run: place.BareHost(user).RunProgram}
	if user != nil {
		opts.User = &targets.RunAs{Name: user.Name, UID: uint32(user.UID), GID: uint32(user.GID)} //nolint:gosec // ids are not negative
	}
	return opts, user, nil
}

// foreseenPython is the Python that a run of the cells will name; "" = none is
// needed, or there is none that can be used, which installing will tell.
func foreseenPython(ctx context.Context, cells []plan.Cell, python string) string {
	for _, c := range cells {
		opts, _, err := installing(c, python)
		if err != nil || c.Unsupported != "" {
			continue
		}
		if will, err := targets.Foresee(ctx, opts); err == nil && will.Interpreter != "" {
			return will.Interpreter
		}
	}
	return ""
}

// describeTarget writes a target's command, and what is installed for it. The
// releases of servers in asked were looked for already.
func describeTarget(ctx context.Context, b *strings.Builder, c plan.Cell, python string, asked map[string]bool) error {
	patiently(ctx) // interpreters are asked
	opts, user, err := installing(c, python)
	if err != nil {
		return err
	}
	where := symbolic
	if user != nil {
		where.User, where.Group = user.Name, user.Group
	}
	will, err := targets.Foresee(ctx, opts)
	if err != nil {
		return err
	}
	unchecked := ""
	if release := c.Server.Name + "@" + c.Version; !asked[release] {
		asked[release] = true
		if unchecked, err = targets.CheckRelease(ctx, opts); err != nil {
			return err
		}
	}
	where.Python, where.Env = will.Python, will.Env
	argv, _, err := c.Server.Command(c.Profile, where)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "  command  %s\n", shellQuote(argv))
	if needs := slices.Concat(will.Needs.Apt, will.Needs.Python); len(needs) > 0 {
		state := "to be installed"
		if will.Complete {
			state = "installed"
		}
		fmt.Fprintf(b, "  needs    %s (%s)\n", strings.Join(needs, ", "), state)
	}
	if unchecked != "" {
		fmt.Fprintf(b, "  version  not known whether it exists: %s\n", unchecked)
	}
	return nil
}

// targetWords names a target as duel takes it: "gunicorn/default@23.0.0".
func targetWords(c plan.Cell) string {
	if c.Version != "" {
		return c.Server.Name + "/" + c.Profile + "@" + c.Version
	}
	return c.Server.Name + "/" + c.Profile
}

// knowledge is what is known of any cell before anything is looked at.
func (s settings) knowledge() plan.Knowledge {
	return plan.Knowledge{Mode: s.mode(), Attempts: s.attempts}
}

// dryRun prints what would be run: each target with its command, its cells,
// and the time they take. Placeholders stand where only an attempt knows the
// value; nothing is installed. So many cells together are measured one after the
// other.
func dryRun(ctx context.Context, w io.Writer, cells []plan.Cell, together int, s settings) error {
	var b strings.Builder
	s.writeOrigins(&b)
	last, asked := "", map[string]bool{}
	for i, c := range cells {
		if target := targetWords(c); target != last {
			last = target
			fmt.Fprintf(&b, "%s\n", target)
			if c.Unsupported == "" {
				if err := describeTarget(ctx, &b, c, s.python, asked); err != nil {
					return err
				}
			}
		}
		if c.Unsupported != "" {
			fmt.Fprintf(&b, "  %3d  %-22s unsupported: %s\n", i+1, c.Scenario.Name(), c.Unsupported)
			continue
		}
		fmt.Fprintf(&b, "  %3d  %-22s about %s", i+1, c.Scenario.Name(), plan.CellEstimate(c, s.knowledge()).Round(time.Second))
		if more := c.Server.Profiles[c.Profile].Families[c.Scenario.Family.ID].Args; len(more) > 0 {
			fmt.Fprintf(&b, ", with %s", shellQuote(more))
		}
		b.WriteString("\n")
	}
	more := "plus installation where something is missing"
	if s.attempts > 1 {
		more = fmt.Sprintf("counting %d attempts for a cell that is expected not to hold, %s", s.attempts, more)
	}
	noun := "cells"
	if len(cells) == 1 {
		noun = "cell"
	}
	total, err := s.foresee(cells, together)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "%d %s, %s mode, seed %d: about %s, %s, %s\n",
		len(cells), noun, s.mode(), s.seed, total.Round(time.Second), s.jobsWords(), more)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}
