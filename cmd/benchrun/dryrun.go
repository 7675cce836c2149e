package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"benchrun/internal/plan"
	"benchrun/targets"
)

// symbolicPort is put in for the port, then shown as $PORT.
const symbolicPort = 65535

// symbolic stands for what only an attempt knows.
var symbolic = targets.Placeholders{
	Host: "127.0.0.1", Port: symbolicPort, App: "$APP", Work: "$WORK", Python: "$PYTHON", Env: "$ENV",
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

// dryRun prints what would be run: each target with its command, its cells,
// and the time they take. Placeholders stand where only an attempt knows the
// value; nothing is installed.
func dryRun(w io.Writer, cells []plan.Cell, s settings) error {
	var b strings.Builder
	last := ""
	for i, c := range cells {
		target := c.Server.Name + "/" + c.Profile
		if c.Version != "" {
			target = c.Server.Name + "@" + c.Version + "/" + c.Profile
		}
		if target != last {
			last = target
			fmt.Fprintf(&b, "%s\n", target)
			if c.Unsupported == "" {
				argv, _, err := c.Server.Command(c.Profile, symbolic)
				if err != nil {
					return err
				}
				fmt.Fprintf(&b, "  command  %s\n", shellQuote(argv))
			}
		}
		if c.Unsupported != "" {
			fmt.Fprintf(&b, "  %3d  %-22s unsupported: %s\n", i+1, c.Scenario.Name(), c.Unsupported)
			continue
		}
		fmt.Fprintf(&b, "  %3d  %-22s about %s", i+1, c.Scenario.Name(), plan.CellEstimate(c, s.mode()).Round(time.Second))
		if more := c.Server.Profiles[c.Profile].Families[c.Scenario.Family.ID].Args; len(more) > 0 {
			fmt.Fprintf(&b, ", with %s", shellQuote(more))
		}
		b.WriteString("\n")
	}
	more := "plus installation where something is missing"
	if s.attempts > 1 {
		more = fmt.Sprintf("up to %d times that where nothing holds, %s", s.attempts, more)
	}
	fmt.Fprintf(&b, "%d cells, %s mode, seed %d: about %s, %s\n",
		len(cells), s.mode(), s.seed, plan.Estimate(cells, s.mode()).Round(time.Second), more)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}
