package repro

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

// route is what the app does with the requests for a path.
type route struct{ Path, App string }

// fault is one family's fault in a script: a function of the client, and when it is called.
type fault struct {
	Name, Client string // "" = it is a request alone, which needs no function
	Call         string // the function, as Python has it
	Returns      string // a call of it
	Each, First  int    // of so many ordinary requests it comes beside one, beginning with this one
	Aged         int    // how many come before the count begins
	Into         string // the list of the client that gets what it returns; "" = none
	traits       bench.Traits
	count        int // how many come in all
}

// partsOf are the families whose faults come: of a mix, each of it.
func partsOf(f scenarios.Fault) []scenarios.Fault {
	if len(f.Parts) == 0 {
		return []scenarios.Fault{f}
	}
	var all []scenarios.Fault
	for _, p := range f.Mix {
		if part, ok := scenarios.ByID(p.Family.ID); ok {
			all = append(all, part)
		}
	}
	return all
}

// firsts is what a script does first to have what a fault needs of the host, and how it
// says that. A script that cannot have it ends with 125.
var firsts = map[bench.HostFeature]struct{ shell, words string }{
	bench.HostOwnMounts: {
		`[ "${inside-}" ] || { ((UID)) && as=-rm || as=-m; unshare $as true || exit 125; inside=1 exec unshare $as bash "$0" "$@"; }`,
		"mounts of its own: user namespaces, or root",
	},
	bench.HostPostgreSQL: {
		`bin=$(ls -v /usr/lib/postgresql/*/bin/initdb | tail -1); bin=${bin%/initdb}; [ "$bin" ] || exit 125`,
		"PostgreSQL (the Debian package postgresql)",
	},
	bench.HostMemoryLimit: {words: "1 GiB of free memory"},
	bench.HostProcessLimit: {
		`((UID)) || { as="setpriv --reuid=65534 --regid=65534 --clear-groups"; $as true || exit 125; exec $as bash -c "$(cat "$0")" "$0" "$@"; }`,
		"an ordinary user, because root has no limit of processes: root becomes nobody",
	},
}

// misbehave is what the families of a cell do to the server, in the app and in the client,
// how often, and for how long: as in the attempt.
func (c *content) misbehave(family scenarios.Fault, h bench.Head) error {
	c.load(h)
	needs := family.Scenario().Needs()
	c.Files, c.Piped, c.OwnTmp = needs.Files, needs.PipedLog, needs.OwnTmp
	if needs.FreeFiles > 0 { // as many as it had
		c.Files = h.Limits.NoFile
	}
	for _, n := range family.Needs.Host {
		if first, ok := firsts[n]; ok {
			c.First, c.Needs = first.shell, first.words
		}
	}
	if family.Needs.Database() {
		c.Drivers = report.Shell(targets.AppWSGI.Drivers().Python...)
	}
	parts := partsOf(family)
	if len(parts) != len(c.Faults) {
		return fmt.Errorf("the record has %d parts, and the family %s %d", len(c.Faults), family.ID, len(parts))
	}
	for i, f := range parts {
		path, name := "/fault", "misbehave"
		if len(c.Faults) > 1 {
			path, name = "/"+f.ID, strings.ReplaceAll(f.ID, "-", "_")
		}
		fault := &c.Faults[i]
		fault.Name, fault.Call, fault.Returns = name, name, name+"()"
		if err := c.add(f, path, fault); err != nil {
			return err
		}
	}
	return nil
}

// define looks through what the faults and the expectations do, and has the app and the
// client do their parts.
func (c *content) define() error {
	does := slices.Concat(c.Setup, c.After)
	for _, f := range c.Faults {
		does = append(does, f.Client)
	}
	for _, e := range c.Expects {
		does = append(does, e.Seen, e.Holds)
	}
	names := func(some ...string) bool {
		return slices.ContainsFunc(does, func(code string) bool {
			return slices.ContainsFunc(some, func(name string) bool { return strings.Contains(code, name) })
		})
	}
	c.Strays, c.Answered = names("errors"), names("answered", "workers()")
	c.Worker = c.Answered || names("who()")
	var code []string
	for _, r := range c.Routes {
		code = append(code, r.App)
	}
	if c.Worker || c.Drivers != "" {
		code = append(code, "os")
	}
	var err error
	c.Definitions, err = targets.Excerpt(targets.AppWSGI, strings.Join(code, "\n"))
	for _, r := range c.Routes {
		if name, calls := strings.CutSuffix(r.App, "()"); err == nil && calls && !strings.ContainsAny(name, " (") && !strings.Contains(c.Definitions, "def "+name+"(") {
			return fmt.Errorf("the app has no function %s, and its family has no script of its own", name)
		}
	}
	return err
}

// add is what one family does.
func (c *content) add(family scenarios.Fault, path string, f *fault) error {
	s := family.Script
	if need := family.Needs.AppFault; s.App == "" && need != "" {
		s.App = "fault_" + strings.ReplaceAll(need, "-", "_") + "()"
	}
	if s.App == "" && s.Client == "" {
		return fmt.Errorf("the family %s has no fault of the app and no script of its own", family.ID)
	}
	if s.App != "" {
		c.Routes = append(c.Routes, route{path, s.App})
	}
	if s.Client == "" && path != "/fault" {
		f.Call, f.Returns = fmt.Sprintf(`lambda: get("%s")`, path), fmt.Sprintf(`get("%s") == b"ok"`, path)
	} else if s.Client == "" {
		s.Client = `return get("/fault") == b"ok"`
	}
	if strings.Contains(s.Client, "{reload}") && c.reload == "" {
		return bench.Usagef("the server file names no signal to reload")
	}
	c.Boot = c.Boot || s.Boot
	if s.Kinds > 0 { // all that is left may be that of one kind
		c.kinds, c.share = true, strconv.FormatFloat(0.75/float64(s.Kinds), 'g', 3, 64)
	}
	if s.Before != "" {
		c.Setup = append(c.Setup, s.Before)
	}
	if s.After != "" {
		c.After = append(c.After, s.After)
	}
	s.Client = strings.NewReplacer("/fault", path, "{stop}", "signal.SIG"+c.stop, "{reload}", "signal.SIG"+c.reload).Replace(s.Client)
	if s.Client != "" {
		f.Client = "    " + strings.ReplaceAll(s.Client, "\n", "\n    ")
	}
	return nil
}

// mostMemory is how much the faults of a script may leak, MiB: it has no limit to keep.
const mostMemory = 2048

// load is how much comes, and for how long: as in the attempt.
func (c *content) load(h bench.Head) {
	c.Rate = h.Rate
	c.Seconds = int(math.Ceil(h.Phases.Fault.Seconds()))
	c.Limit = int(math.Ceil(h.Traits.Expects.SettleLimit(h.Target.Claims).Seconds()))
	each := func(perSecond float64) int {
		return max(1, int(min(math.Round(float64(h.Rate)/perSecond), math.MaxInt32)))
	}
	if len(h.Parts) == 0 {
		c.Faults = []fault{{Each: each(h.PerSecond()), Aged: h.Aged, traits: h.Traits}}
	}
	for _, p := range h.Parts {
		c.Faults = append(c.Faults, fault{Each: each(float64(h.Rate) * p.Ratio.Fraction()), Aged: p.Aged, traits: p.Traits})
	}
	for _, f := range c.Faults {
		if mib := int(f.traits.LeakBytes >> 20); mib > 0 {
			c.Seconds = min(c.Seconds, max(1, mostMemory/mib*f.Each/c.Rate))
		}
	}
	total := c.Rate * c.Seconds
	for i := range c.Faults {
		f := &c.Faults[i]
		f.Each = min(f.Each, total)
		f.First = (min(f.Each, 2*c.Rate)/2 + i*f.Each/len(c.Faults)) % f.Each
		f.count = max(0, (total-f.First+f.Each-1)/f.Each)
		c.Aged = c.Aged || f.Aged > 0
		c.Faulty += f.count
		switch {
		case f.traits.MustComplete:
			f.Into = "right"
			c.honest += f.count
		case f.traits.BreaksOff:
			f.Into = "told"
		}
	}
	c.Least = c.honest - max(1, c.honest/20) // one may be lost, or one in twenty
	if c.honest == 1 {
		c.Least = 1
	}
	if h.Surge != nil {
		c.Faulty = h.Surge.Requests()
		counts := make([]string, len(h.Surge.Counts))
		for i, n := range h.Surge.Counts {
			counts[i] = strconv.Itoa(n)
		}
		c.Surge = fmt.Sprintf("%g, [%s]", h.Surge.Step.Seconds(), strings.Join(counts, ", "))
	}
}
