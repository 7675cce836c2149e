package repro

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"benchrun/internal/bench"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

var (
	//go:embed script.bash
	scriptText string
	//go:embed client.py.tmpl
	clientText string
	//go:embed helpers.py
	helpers string

	script = template.Must(template.New("script").Parse(scriptText))
	client = template.Must(template.New("client").Parse(clientText))
)

// mostLines is how long a script may be: an issue is to be read.
const mostLines = 79

// content is what the script's templates get.
type content struct {
	About       []string // comments, one a line
	First       string   // what the script does before anything else; "" = nothing
	Needs       string   // words about what that is for
	Apt         string   // words about Debian packages; "" = it needs none
	Pip         string   // what pip installs; "" = the server comes with the interpreter
	Drivers     string   // what pip installs with which the app asks its database; "" = it has none
	Definitions string   // of the app
	Boot        bool     // the app runs a file when it is loaded
	Routes      []route  // what the app does with misbehaving requests, beside serving them
	Worker      bool     // its answers say which process answers
	Answered    bool     // the client remembers which
	Env         []string
	Command     string
	Files       uint64 // descriptors that each process of the server may have; 0 = as usual
	Piped       bool   // the server's output goes through a pipe
	OwnTmp      bool   // its temporary files have a folder of their own
	Client      string // the Python program that asks and counts

	Rate    int // ordinary requests a second
	Seconds int
	Limit   int     // seconds that the server has after the last fault; 0 = the fault asks nothing of it
	grace   float64 // its documented one, seconds
	stop    string  // the signal that has it end, without SIG
	reload  string  // the signal that has it replace its workers; "" = it has none
	Faults  []fault
	Aged    bool   // some of them come before the count begins
	Faulty  int    // how many come meanwhile
	kinds   bool   // some of them differ from each other
	share   string // of something for each client, as much as nothing
	honest  int    // how many of these must get right answers
	Least   int    // right answers that they must get
	Surge   string // the load that comes instead, as arguments for surge(); "" = none
	Strays  bool   // the client remembers how each lost request ended
	Broken  bool   // the server is not expected to serve at all
	Expects []expectation
	Setup   []string
	After   []string
}

// Script writes a script that shows what became of a cell. reg has the server's file. It
// returns a bench.UsageError if no script can, which says what to do instead.
func Script(ctx context.Context, f Found, reg *targets.Registry) (string, error) {
	instead := func(why string, more ...string) error {
		e := &bench.UsageError{Problem: f.Cell.Name() + ": " + why}
		if again := report.Again(f.Run, f.Cell); again != "" {
			more = slices.Insert(more, 0, "instead, attach report.html and the record of: "+again)
		}
		e.Hint = strings.Join(more, "; ")
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
	from, _ := report.SourceOf(f.Run, f.Cell)
	if server, err = server.WithArgs(from.Args); err != nil {
		return "", err
	}
	if kind := server.PartKind(); kind != "" {
		return "", instead("a script starts one program, and the target is two, a server and a " + kind)
	}
	switch server.App {
	case targets.AppWSGI:
	case targets.AppBuiltin:
		return "", instead("the server brings its own app, so a script has none to give it")
	default:
		return "", instead(fmt.Sprintf("only servers of WSGI apps have scripts, and the server serves another kind (%s)", server.App),
			"every reason: "+report.Shell("benchrun", "judge", f.Folder.Path(), "--verbose"))
	}
	c := content{share: "0.25", Broken: f.Cell.Verdict == bench.Broken}
	if err := c.setUp(f, server, rec.Head.Target); err != nil {
		return "", err
	}
	if err := c.misbehave(family, rec.Head); err != nil {
		return "", err
	}
	c.expect(f.Cell, rec.Head)
	if err := c.define(); err != nil {
		return "", err
	}
	c.About = about(c, f, server, family, f.Cell.Attempts[at])
	text, err := c.write()
	if err != nil {
		return "", fmt.Errorf("the script of %s: %w", f.Cell.Name(), err)
	}
	if n := strings.Count(text, "\n"); n > mostLines {
		why := fmt.Sprintf("its script would have %d lines, more than the %d that an issue should have", n, mostLines)
		if len(family.Mix) > 0 {
			why += "; cells of " + strings.Join(family.Scenario().FamilyIDs(), ", ") + " alone have scripts of their own"
		}
		return "", instead(why)
	}
	return text, nil
}

// unshown says why no script can show a cell; "" = one can.
func unshown(c bench.Cell, family scenarios.Fault, known bool) string {
	switch {
	case c.Verdict == bench.Unsupported || c.Verdict == bench.Invalid:
		return fmt.Sprintf("it is %s, so there is no failure to show", c.Verdict)
	case strings.Contains(c.Scenario, "+"):
		return "the harness was sabotaged in it, so it says nothing about the server"
	case !known || family.Version != c.FamilyVer:
		return fmt.Sprintf("this benchrun does not know version %d of the family %s", c.FamilyVer, c.Family)
	}
	for _, f := range partsOf(family) {
		if f.Script.None != "" {
			return "no script can show " + f.ID + ": " + f.Script.None
		}
	}
	if c.Verdict != bench.Failed && c.Verdict != bench.Degraded || isShown(c, family) {
		return ""
	}
	return "a script does not look at what it failed for: " + strings.Join(c.Reasons[:min(1, len(c.Reasons))], "")
}

// setUp is how the server is installed and started: as the record has it.
func (c *content) setUp(f Found, server *targets.Server, target bench.Target) error {
	needs, _, err := server.Needs(f.Cell.Profile, versionOf(f, server))
	if err != nil {
		return err
	}
	profile, err := server.Profile(f.Cell.Profile)
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
	c.grace, c.stop, c.reload = target.Claims.Grace, server.StopSignal(), server.ReloadSignal(profile)
	return nil
}

// versionOf is the version to install: the one that was measured, or the checkout that it
// came from. "" = the server comes with the interpreter, and has no version of its own.
func versionOf(f Found, server *targets.Server) string {
	from, _ := report.SourceOf(f.Run, f.Cell)
	switch {
	case strings.HasPrefix(from.Version, "path:"):
		return from.Version
	case from.Resolved != "":
		return from.Resolved
	case server.Version == "":
		return ""
	}
	return f.Cell.Version
}

// stateLine is a line of helpers.py that only names something empty.
var stateLine = regexp.MustCompile(`(?m)^(\w+) = (\[\]|set\(\))\n`)

// write makes the text: first the client's own part, then the helpers that it names.
func (c *content) write() (string, error) {
	var own bytes.Buffer
	if err := client.Execute(&own, c); err != nil {
		return "", err
	}
	code := own.String()
	for _, e := range c.Expects { // words, which name no helper
		code = strings.Replace(code, strconv.Quote(e.Says), "", 1)
	}
	modules, rest, _ := strings.Cut(targets.ExcerptOf(helpers, code), "\n")
	var names, values []string
	for _, m := range stateLine.FindAllStringSubmatch(rest+"\n", -1) {
		names, values = append(names, m[1]), append(values, m[2])
	}
	rest = strings.TrimSpace(stateLine.ReplaceAllString(rest+"\n", ""))
	constants, code, _ := strings.Cut(strings.TrimSpace(own.String()), "\n")
	c.Client = modules + ", urllib.request\n" + constants + "\n"
	if len(names) > 0 {
		c.Client += strings.Join(names, ", ") + " = " + strings.Join(values, ", ") + "\n"
	}
	if rest != "" {
		c.Client += "\n" + rest + "\n"
	}
	c.Client += code
	text, err := c.render()
	if err != nil || strings.Count(text, "\n") <= mostLines {
		return text, err
	}
	c.Client, c.Definitions = emptyLines.ReplaceAllString(c.Client, "\n"), emptyLines.ReplaceAllString(c.Definitions, "\n")
	for _, part := range []*string{&c.Client, &c.Definitions} {
		for more := true; more; {
			if text, err = c.render(); err != nil || strings.Count(text, "\n") <= mostLines {
				return text, err
			}
			*part, more = shortened(*part)
		}
	}
	return text, nil
}

var emptyLines = regexp.MustCompile(`\n\n+`)

// render fills in the templates.
func (c *content) render() (string, error) {
	var b strings.Builder
	if err := script.Execute(&b, c); err != nil {
		return "", err
	}
	text := b.String()
	if strings.Count(text, "\n") > mostLines {
		text = emptyLines.ReplaceAllString(text, "\n")
	}
	return text, nil
}
