package repro

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"text/template"
	"time"

	"benchrun/internal/bench"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

//go:embed script.bash
var scriptText string

var script = template.Must(template.New("script").Parse(scriptText))

// content is what the script's template gets.
type content struct {
	About       []string // comments, one a line
	Apt         string   // words about Debian packages; "" = it needs none
	Pip         string   // what pip installs; "" = the server comes with the interpreter
	Definitions string   // of the app
	Fault       string   // what the app does with a misbehaving request; "" = it serves it
	Client      string   // the misbehaving client
	Env         []string
	Command     string
	Rate        int // ordinary requests a second
	Seconds     int
	Each        int  // of so many requests, one misbehaves
	Before      int  // how many misbehave before the count begins
	Honest      bool // the misbehaving requests must get right answers
	Faults      int  // how many of them there are
	Least       int  // right answers that they must get
	Broken      bool // the server is not expected to serve at all
}

// Script writes a script that shows what became of a cell. reg has the server's file. It
// returns a bench.UsageError if no script can, which says what to do instead.
func Script(ctx context.Context, f Found, reg *targets.Registry) (string, error) {
	instead := func(why string) error {
		e := &bench.UsageError{Problem: f.Cell.Name() + ": " + why}
		if again := report.Again(f.Run, f.Cell); again != "" {
			e.Hint = "instead, attach report.html and the record of: " + again
		}
		return e
	}
	family, ok := scenarios.ByID(f.Cell.Family)
	if why := unshown(f.Cell, family, ok); why != "" {
		return "", instead(why)
	}
	at := slices.IndexFunc(f.Cell.Attempts, func(a bench.Attempt) bool { return a.Published && a.Record != "" })
	if at < 0 {
		return "", instead("the run has no record of it")
	}
	rec, err := f.Folder.ReadRecord(ctx, f.Cell.Attempts[at].Record)
	if err != nil {
		return "", err
	}
	server, err := reg.Lookup(f.Cell.Server)
	if err != nil {
		return "", err
	}
	if server.App != targets.AppWSGI {
		return "", instead("the server brings its own app, so a script has none to give it")
	}
	c := content{Honest: rec.Head.Traits.MustComplete, Broken: f.Cell.Verdict == bench.Broken}
	if err := c.setUp(f, server, rec.Head.Target); err != nil {
		return "", err
	}
	if err := c.misbehave(family); err != nil {
		return "", err
	}
	c.load(rec.Head)
	c.About = about(c, f, server, family, f.Cell.Attempts[at])
	var b strings.Builder
	if err := script.Execute(&b, c); err != nil {
		return "", fmt.Errorf("the script of %s: %w", f.Cell.Name(), err)
	}
	return b.String(), nil
}

// served is the share of victims that a server serves that held, in percent.
const served = 98

// unshown says why no script can show a cell; "" = one can.
func unshown(c bench.Cell, family scenarios.Fault, known bool) string {
	lost := slices.ContainsFunc(c.Attempts, func(a bench.Attempt) bool { return a.Published && a.H != nil && *a.H < served })
	switch {
	case c.Verdict == bench.Unsupported || c.Verdict == bench.Invalid:
		return fmt.Sprintf("it is %s, so there is no failure to show", c.Verdict)
	case strings.Contains(c.Scenario, "+"):
		return "the harness was sabotaged in it, so it says nothing about the server"
	case !known || family.Version != c.FamilyVer:
		return fmt.Sprintf("this benchrun does not know version %d of the family %s", c.FamilyVer, c.Family)
	case family.Script.None != "":
		return "no script can show it: " + family.Script.None
	case (c.Verdict == bench.Failed || c.Verdict == bench.Degraded) && !lost && !family.Traits.MustComplete:
		return "it did not fail for lost requests, and a script only counts answers: " + strings.Join(c.Reasons[:min(1, len(c.Reasons))], "")
	}
	return ""
}

// setUp is how the server is installed and started: as the record has it.
func (c *content) setUp(f Found, server *targets.Server, target bench.Target) error {
	needs, _, err := server.Needs(f.Cell.Profile, versionOf(f, server))
	if err != nil {
		return err
	}
	if len(needs.Apt) > 0 {
		c.Apt = ", and the Debian packages " + strings.Join(needs.Apt, " ")
	}
	port := portOf(target.Command)
	if port == "" {
		return bench.Usagef("%s: cannot tell the port in its command: %s", f.Cell.Name(), report.Shell(target.Command...))
	}
	c.Command = command(target.Command, port)
	if len(needs.Python) > 0 {
		c.Pip = report.Shell(needs.Python...)
	}
	env := server.Environ(f.Cell.Profile)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		c.Env = append(c.Env, name+"="+word(env[name]))
	}
	return nil
}

// versionOf is the version to install: the one that was measured, or the checkout that it
// came from. "" = the server comes with the interpreter, and has no version of its own.
func versionOf(f Found, server *targets.Server) string {
	from, _ := report.SourceOf(f.Run, f.Cell)
	switch {
	case strings.HasPrefix(from.Version, "path:"):
		return from.Version
	case server.Version == "":
		return ""
	}
	return f.Cell.Version
}

// misbehave is the app and the client of a family.
func (c *content) misbehave(family scenarios.Fault) error {
	s := family.Script
	c.Fault = s.App
	if fault := family.Needs.AppFault; c.Fault == "" && fault != "" {
		c.Fault = "fault_" + strings.ReplaceAll(fault, "-", "_") + "()"
	}
	if s.Client == "" {
		s.Client = `return get("/fault") == b"ok"`
	}
	c.Client = "    " + strings.ReplaceAll(s.Client, "\n", "\n    ")
	var err error
	c.Definitions, err = targets.Excerpt(targets.AppWSGI, c.Fault)
	if name, calls := strings.CutSuffix(c.Fault, "()"); err == nil && calls && !strings.Contains(c.Definitions, "def "+name+"(") {
		return fmt.Errorf("the app has no function %s, and the family %s has no script of its own", name, family.ID)
	}
	return err
}

// load is how much comes, and for how long: as in the attempt.
func (c *content) load(h bench.Head) {
	c.Rate, c.Before = h.Rate, h.Aged
	c.Seconds = int(math.Ceil(h.Phases.Fault.Seconds()))
	c.Each = max(1, int(min(math.Round(float64(h.Rate)/h.PerSecond()), math.MaxInt32)))
	total, first := c.Rate*c.Seconds, min(c.Each, 2*c.Rate)/2
	c.Faults = max(0, (total-first+c.Each-1)/c.Each)
	c.Least = c.Faults - max(1, c.Faults/20) // one may be lost, or one in twenty
	if c.Faults == 1 {
		c.Least = 1
	}
}

// about is the head of the script: what it shows, what is expected, what was seen.
func about(c content, f Found, server *targets.Server, family scenarios.Fault, a bench.Attempt) []string {
	from, cell := f.Run.OriginOf(f.Cell), f.Cell
	seen := cell.Verdict.String()
	if a.H != nil && cell.Verdict.Claims() {
		seen = fmt.Sprintf("%s were; %s", report.Figure(bench.Measure{Value: a.H, Unit: "%"}), seen)
	}
	if len(cell.Reasons) > 0 && cell.Verdict != bench.Held {
		seen += ": " + cell.Reasons[0]
	}
	measured := []string{"measured by benchrun " + from.Benchrun}
	if day, err := time.Parse(time.RFC3339, a.StartedAt); err == nil {
		measured = append(measured, "on "+day.Format(time.DateOnly))
	}
	e := from.Environment
	var on []string
	for _, part := range []string{e.OS, "kernel " + e.Kernel, "Python " + e.Python, "limits " + e.Limits.String()} {
		if _, value, _ := strings.Cut(part, " "); value != "" {
			on = append(on, part)
		}
	}
	expected := "at least 98 % of the ordinary requests beside it are answered within 1 s"
	if c.Honest {
		expected += ", and its own requests, which are honest, get right answers"
	}
	lines := []string{
		fmt.Sprintf("%s %s (%s): %s", server.Title, cell.Version, cell.Profile, family.Title),
		fmt.Sprintf("Fault:    %s: %s", cell.Scenario, family.Magnitude),
		"Expected: " + expected,
		"Actual:   " + seen,
		fmt.Sprintf("          (%s; %s)", strings.Join(measured, " "), strings.Join(on, ", ")),
		"Exit code: 1 = the failure was seen, 0 = it was not, 125 = it could not be tried. Needs python3 with venv" + c.Apt,
	}
	if c.Pip != "" {
		lines = append(lines, "Arguments are installed instead of "+c.Pip+": another version, or a checkout")
	}
	for i, l := range lines {
		lines[i] = bench.Shorten(bench.Clean(l))
	}
	return lines
}
