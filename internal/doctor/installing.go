package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/postgresql"
	"benchrun/targets"
)

// lookPython finds the interpreter that the servers would run on, and what
// makes environments for it.
func lookPython(ctx context.Context, p *patient) []Check {
	var on, need []string // servers on Python; servers with an environment
	for _, t := range p.wanted.Targets {
		needs, python, err := t.Server.Needs(t.Profile, t.Version)
		switch {
		case err != nil:
			return []Check{{Name: "python", Text: problem(err), Fix: "see benchrun list servers"}}
		case python && !slices.Contains(on, t.Server.Name):
			on = append(on, t.Server.Name)
		}
		if needs.Environment() && !slices.Contains(need, t.Server.Name) {
			need = append(need, t.Server.Name)
		}
	}
	if len(on) == 0 {
		return []Check{{Name: "python", State: OK, Text: "no selected server needs it"}}
	}
	path, version, err := targets.FindPython(ctx, p.run, p.wanted.Python, p.runAs)
	if err != nil {
		return []Check{{Name: "python", Text: problem(err), Fix: fixOf(err)}}
	}
	checks := []Check{{Name: "python", State: OK, Text: fmt.Sprintf("%s %s, which %s can run, for %s", path, version, p.runAs, strings.Join(on, ", "))}}
	if len(need) == 0 {
		return checks
	}
	maker, err := targets.EnvironmentMaker(ctx, p.run, path)
	c := Check{Name: "environments", State: OK, Text: fmt.Sprintf("%s makes them, for %s", maker, strings.Join(need, ", "))}
	if err != nil {
		c.State, c.Text, c.Fix = Bad, problem(err), fixOf(err)
		if as := targets.PackagesAs(ctx); as != "" && strings.HasPrefix(path, "/usr/bin/") {
			c.State, c.Fix = Warn, "nothing to do: benchrun installs venv from Debian's packages as "+as
		}
	}
	return append(checks, c)
}

// lookPackages tells which Debian packages are missing and who installs them.
func lookPackages(ctx context.Context, p *patient) []Check {
	var wanted []string
	for _, t := range p.wanted.Targets {
		needs, _, err := t.Server.Needs(t.Profile, t.Version)
		if err != nil {
			continue // lookPython has said so
		}
		for _, name := range needs.Apt {
			if !slices.Contains(wanted, name) {
				wanted = append(wanted, name)
			}
		}
	}
	if len(wanted) == 0 {
		return []Check{{Name: "packages", State: OK, Text: "no selected server needs any"}}
	}
	missing, command, debian := targets.MissingPackages(ctx, wanted)
	if !debian {
		return []Check{{Name: "packages", State: Warn,
			Text: "this is not Debian, so doctor cannot check whether these packages are installed: " + strings.Join(wanted, " "),
			Fix:  "install what your system calls them"}}
	}
	return []Check{packages(wanted, missing, command, targets.PackagesAs(ctx))}
}

func packages(wanted, missing []string, command, as string) Check {
	c := Check{Name: "packages", State: OK}
	switch {
	case len(missing) == 0:
		c.Text = "all there: " + strings.Join(wanted, " ")
	case as != "":
		c.State = Warn
		c.Text = fmt.Sprintf("missing: %s; benchrun installs them as %s", strings.Join(missing, " "), as)
		c.Fix = "nothing to do; or, in advance: " + command
	default:
		c.State = Bad
		c.Text = fmt.Sprintf("missing: %s; you are not root, and sudo would ask for a password", strings.Join(missing, " "))
		c.Fix = command
	}
	return c
}

// lookDatabase tells which PostgreSQL runs beside a target whose app needs a database. No
// target needs one for the other families, so nothing about it is bad.
func lookDatabase(ctx context.Context, _ *patient) []Check {
	return []Check{database(targets.PostgreSQL(ctx))}
}

func database(p postgresql.Programs, found bool, as, command string) Check {
	c := Check{Name: "database", State: Warn}
	switch {
	case found:
		c.State, c.Text = OK, fmt.Sprintf("PostgreSQL %d in %s, for families that need a database", p.Major, p.Folder)
	case as != "":
		c.Text = "PostgreSQL is not installed; benchrun installs it as " + as + " for families that need a database"
		c.Fix = "nothing to do; or, in advance: " + command
	default:
		c.Text = "PostgreSQL is not installed: cells of families that need a database are unsupported"
		c.Fix = command
	}
	return c
}

// lookCache tries whether the servers' user can reach what is kept.
func lookCache(ctx context.Context, p *patient) []Check {
	c := Check{Name: "cache-folder", State: OK}
	err := p.cacheErr
	if err != nil {
		c.State, c.Text, c.Fix = Bad, problem(err), fixOf(err)
		return []Check{c}
	}
	c.Text = p.cache
	if err := targets.Reaches(ctx, p.run, p.runAs, p.cache); err != nil {
		c.State, c.Text = Bad, fmt.Sprintf("%s, who runs the servers, cannot enter %s", p.runAs, p.cache)
		c.Fix = "set " + targets.CacheVariable + " to a folder that every user may enter"
	}
	return []Check{c}
}
