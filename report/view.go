package report

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// View is a run, ready to be shown. All its texts are clean.
type View struct {
	ID          string
	Benchrun    string // version
	Mode        string
	StartedAt   string   // as in run.json
	Resumed     []string // when it was continued, as in run.json
	Seed        uint64
	Interrupted bool
	MergedFrom  []string // IDs of the runs that were merged; nil = it was measured as one
	Hardware    string   // Machine without the host's name
	Machine     string   // "box: A CPU, 2 CPUs, 25 GiB, Debian GNU/Linux 12, kernel 6.1.0"
	Testbed     string
	Supervision string // "pid-namespace; 1.5 CPUs, 2 GiB, …"
	// Mixed says in what ways the merged runs were not measured alike, and which run has what;
	// "" = they were.
	Mixed string
	// Folder is the run's folder; "" = unknown. The caller sets it, because run.json does not say
	// where it is.
	Folder string
	// Reproduce is the command line that measures the same again; "" = none.
	Reproduce string
	Rows      []Row
	Tally     []Tally // the verdicts that occur, best first
	// Reference counts the cells of benchrun's own reference server, if other servers took part.
	// Nobody would choose it as a server, so Tally does not include it. nil = Tally counts all
	// cells.
	Reference []Tally
}

// Row is one cell. Its figures are in words, None if there is none.
type Row struct {
	Target       string // "gunicorn 23.0.0 hardened"
	Short        string // the same without the version, if that is unambiguous in the run
	Scenario     string
	Verdict      bench.Verdict
	H            string
	Reclaimed    string
	Collapse     string // time to collapse
	Recover      string // time to recover
	Outage       string // longest outage
	Deaths       string // of workers
	MemoryPeak   string
	MemoryGrowth string
	Stop         string // stop time, or "killed" if SIGTERM was not enough
	Other        string // two words for why it failed although victims were served; "" = they were lost
	Own          bool   // benchrun's own reference server beside others: it counts separately
	Reasons      []string
	Flags        []string
	Cell         bench.Cell // for renderers that show every measure; it has none if nothing is claimed
	Origin       Origin     // where it was measured

	neighbours map[int]string // by attempt that others may have disturbed: the cells that were measured meanwhile
}

// Origin says where and how a cell was measured, in clean texts.
type Origin struct{ Run, Testbed, Mode, Benchrun, Kernel, Supervision, Limits, Python string }

func shownOrigin(o bench.Origin) Origin {
	e := o.Environment
	return Origin{
		Run: clean(o.ID), Testbed: clean(e.Testbed), Mode: clean(string(o.Mode)), Benchrun: clean(o.Benchrun), Kernel: clean(e.Kernel),
		Supervision: clean(e.Supervision), Limits: clean(e.Limits.String()), Python: clean(e.Python),
	}
}

// severalVersions says for each cell whether another one differs from it only in the family's
// version.
func severalVersions(cells []bench.Cell) []bool {
	type key struct{ server, version, profile, front, scenario string }
	of := func(c bench.Cell) key { return key{c.Server, c.Version, c.Profile, c.Front, c.Scenario} }
	last := map[key]int{}
	several := map[key]bool{}
	for _, c := range cells {
		if version, ok := last[of(c)]; ok && version != c.FamilyVer {
			several[of(c)] = true
		}
		last[of(c)] = c.FamilyVer
	}
	out := make([]bool, len(cells))
	for i, c := range cells {
		out[i] = several[of(c)]
	}
	return out
}

// Tally is the number of cells with one verdict.
type Tally struct {
	Verdict bench.Verdict
	Cells   int
}

// NewView makes the view of a run. Cells keep their order.
func NewView(run bench.Run) View {
	e := run.Environment
	v := View{
		ID: clean(run.ID), Benchrun: clean(run.Benchrun), Mode: clean(string(run.Mode)), StartedAt: clean(run.StartedAt),
		Resumed: run.Resumed, Seed: run.Seed, Interrupted: run.Interrupted,
		Hardware: hardware(e), Machine: machine(e), Testbed: clean(e.Testbed), Supervision: supervision(e), Reproduce: reproduce(run),
		Mixed: clean(strings.Join(e.Mixed, "; ")),
	}
	if len(run.Args) > 0 && run.Args[0] == "merge" {
		v.MergedFrom = cleanAll(run.Args[1:])
	}
	versions := map[string]string{} // by server
	ambiguous := map[string]bool{}
	for _, c := range run.Cells {
		if before, ok := versions[c.Server]; ok && before != c.Version {
			ambiguous[c.Server] = true
		}
		versions[c.Server] = c.Version
	}
	others := slices.ContainsFunc(run.Cells, func(c bench.Cell) bool { return !c.Own })
	several, beside := severalVersions(run.Cells), neighbours(run)
	for i, c := range run.Cells {
		row := newRow(c, ambiguous[c.Server])
		if several[i] {
			row.Scenario += fmt.Sprintf(" (version %d)", c.FamilyVer)
		}
		row.Origin = shownOrigin(run.OriginOf(c))
		row.Own = others && c.Own
		row.neighbours = beside[i]
		v.Rows = append(v.Rows, row)
	}
	v.Tally, v.Reference = count(v.Rows, false), count(v.Rows, true)
	return v
}

// count counts the verdicts of the rows that are benchrun's own, or of the other rows, best first.
func count(rows []Row, own bool) []Tally {
	var out []Tally
	for verdict := bench.Held; verdict >= bench.Invalid; verdict-- {
		n := 0
		for _, r := range rows {
			if r.Own == own && r.Verdict == verdict {
				n++
			}
		}
		if n > 0 {
			out = append(out, Tally{verdict, n})
		}
	}
	return out
}

func newRow(c bench.Cell, ambiguous bool) Row {
	c = shown(c)
	m := c.Measures
	row := Row{
		Target: words(c.Server, c.Version, c.Profile), Short: words(c.Server, c.Profile), Scenario: c.Scenario, Verdict: c.Verdict,
		H: Figure(m["h"]), Reclaimed: Figure(m["reclaimed"]), Collapse: Figure(m["time_to_collapse"]),
		Recover: Figure(m["time_to_recover"]), Outage: Figure(m["longest_outage"]), Deaths: Count(m["worker_deaths"]),
		MemoryPeak: Figure(m["memory_peak"]), MemoryGrowth: Change(m["memory_growth"]), Stop: Figure(m["stop_time"]),
		Other: c.OtherReason(), Reasons: c.Reasons, Flags: c.Flags, Cell: c,
	}
	if ambiguous {
		row.Short = row.Target
	}
	if k := m["needed_sigkill"]; k.Value != nil && *k.Value != 0 {
		row.Stop = "killed"
	}
	return row
}

// shown is a cell as renderers may show it: every text cleaned, and without figures if the verdict
// claims nothing. Only here are figures dropped: run.json keeps them, because the record has them.
func shown(c bench.Cell) bench.Cell {
	if !c.Verdict.Claims() {
		c.Measures = bench.Measures{}
	}
	for _, s := range []*string{&c.Server, &c.Version, &c.Profile, &c.Front, &c.Scenario, &c.Family, &c.ScheduleHash, &c.Supervisor} {
		*s = clean(*s)
	}
	c.Group = bench.Group(clean(string(c.Group)))
	c.Reasons, c.Flags, c.Command = cleanAll(c.Reasons), cleanAll(c.Flags), cleanAll(c.Command)
	c.Attempts = slices.Clone(c.Attempts)
	for i := range c.Attempts {
		a := &c.Attempts[i]
		a.Record, a.Log, a.StartedAt, a.Note = clean(a.Record), clean(a.Log), clean(a.StartedAt), clean(a.Note)
		if !a.Verdict.Claims() {
			a.H = nil
		}
	}
	return c
}

// words joins the nonempty texts with spaces.
func words(list ...string) string {
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), " ")
}

func machine(e bench.Environment) string {
	if e.Hostname != "" {
		return clean(e.Hostname) + ": " + hardware(e)
	}
	return hardware(e)
}

func hardware(e bench.Environment) string {
	parts := []string{e.CPUModel, fmt.Sprintf("%d CPUs", e.CPUs), gibi(e.MemoryBytes), e.OS}
	if len(e.Mixed) > 0 && e.CPUs == 0 { // it differs between the machines
		parts[1] = ""
	}
	if len(e.Mixed) > 0 && e.MemoryBytes == 0 {
		parts[2] = ""
	}
	if e.Kernel != "" {
		parts = append(parts, "kernel "+e.Kernel)
	}
	if e.PostgreSQL != "" {
		parts = append(parts, "PostgreSQL "+e.PostgreSQL)
	}
	return clean(strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", "))
}

// supervision says how targets were supervised and limited.
func supervision(e bench.Environment) string {
	l := e.Limits
	var parts []string
	if l.CPUs > 0 {
		parts = append(parts, number(l.CPUs)+" CPUs")
	}
	if l.MemoryBytes > 0 {
		parts = append(parts, gibi(l.MemoryBytes))
	}
	if l.PIDs > 0 {
		parts = append(parts, bench.Grouped(l.PIDs)+" processes")
	}
	if l.NoFile > 0 {
		parts = append(parts, bench.Grouped(l.NoFile)+" files")
	}
	if l.DiskBytes > 0 {
		parts = append(parts, gibi(l.DiskBytes)+" of disk")
	}
	if l.TmpBytes > 0 {
		parts = append(parts, gibi(l.TmpBytes)+" of private /tmp")
	}
	if l.User != "" {
		parts = append(parts, "user "+l.User)
	}
	if l.How != "" {
		parts = append(parts, "by "+l.How)
	}
	if len(parts) == 0 {
		return clean(e.Supervision)
	}
	return clean(e.Supervision + "; " + strings.Join(parts, ", "))
}
