package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Origin is a run that a merged one was made from: when, by what and on what it
// was measured.
type Origin struct {
	ID          string      `json:"id"`
	StartedAt   string      `json:"started_at"` // RFC 3339
	Benchrun    string      `json:"benchrun"`   // version
	Mode        Mode        `json:"mode"`
	Environment Environment `json:"environment"`
}

// Origins are the runs that a run was made from: itself, where it was measured as
// one.
func (r Run) Origins() []Origin {
	if len(r.Merged) > 0 {
		return r.Merged
	}
	return []Origin{{ID: r.ID, StartedAt: r.StartedAt, Benchrun: r.Benchrun, Mode: r.Mode, Environment: r.Environment}}
}

// OriginOf is where one of the run's cells was measured. What is not known of it
// is as the run has it.
func (r Run) OriginOf(c Cell) Origin {
	for _, o := range r.Merged {
		if o.ID == c.Run {
			return o
		}
	}
	return Origin{ID: r.ID, StartedAt: r.StartedAt, Benchrun: r.Benchrun, Mode: r.Mode, Environment: r.Environment}
}

// Difference is a condition that runs were not measured alike in.
type Difference struct {
	What   string      // "kernel"
	Values []Condition // two at least, in the order of the runs
}

// Condition is one value of it, and the runs that were measured under it.
type Condition struct {
	Value string // "unknown" where the run does not say
	Runs  []string
}

// conditions are what runs must agree in before their figures stand side by side.
// The host's name and its load are none of them.
var conditions = []struct {
	what string
	of   func(Origin) string
}{
	{"mode", func(o Origin) string { return string(o.Mode) }},
	{"testbed", func(o Origin) string { return o.Environment.Testbed }},
	{"kernel", func(o Origin) string { return o.Environment.Kernel }},
	{"benchrun", func(o Origin) string { return o.Benchrun }},
	{"supervision", func(o Origin) string { return o.Environment.Supervision }},
	{limitsCondition, func(o Origin) string { return o.Environment.Limits.String() }},
	{pythonCondition, func(o Origin) string { return o.Environment.Python }},
	{postgresqlCondition, func(o Origin) string { return o.Environment.PostgreSQL }},
}

// Three conditions are like no other: a run that names no Python or no PostgreSQL needed
// none, and limits are many.
const (
	pythonCondition     = "Python"
	postgresqlCondition = "PostgreSQL"
	limitsCondition     = "limits"
)

// Differences lists what runs were not measured alike in, in a fixed order; none
// means that their figures may stand side by side.
func Differences(origins ...Origin) []Difference {
	var out []Difference
	for _, c := range conditions {
		d := Difference{What: c.what}
		for _, o := range origins {
			value := c.of(o)
			if value == "" {
				if c.what == pythonCondition || c.what == postgresqlCondition {
					continue
				}
				value = "unknown"
			}
			at := slices.IndexFunc(d.Values, func(v Condition) bool { return v.Value == value })
			if at < 0 {
				at = len(d.Values)
				d.Values = append(d.Values, Condition{Value: value})
			}
			d.Values[at].Runs = append(d.Values[at].Runs, o.ID)
		}
		if len(d.Values) > 1 {
			if c.what == limitsCondition {
				d.leaveOutCommon()
			}
			out = append(out, d)
		}
	}
	return out
}

// leaveOutCommon keeps of lists with commas what is not in all of them.
func (d Difference) leaveOutCommon() {
	count := map[string]int{}
	for _, v := range d.Values {
		for part := range strings.SplitSeq(v.Value, ", ") {
			count[part]++
		}
	}
	for i := range d.Values {
		own := slices.DeleteFunc(strings.Split(d.Values[i].Value, ", "), func(part string) bool { return count[part] == len(d.Values) })
		if d.Values[i].Value = strings.Join(own, ", "); len(own) == 0 {
			d.Values[i].Value = "none of these"
		}
	}
}

// String is "kernel 6.1.0 in a and b, 6.2.0 in c".
func (d Difference) String() string {
	var words []string
	for _, v := range d.Values {
		words = append(words, v.Value+" in "+some(v.Runs))
	}
	return d.What + " " + strings.Join(words, ", ")
}

// some names runs, the first few of many.
func some(runs []string) string {
	const few = 3
	if len(runs) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(runs[:few-1], ", "), len(runs)-few+1)
	}
	return strings.Join(runs, " and ")
}

// Mixed is the environment of a run that was made from these origins, at least one.
// It is that of the last one if they are alike. Otherwise it has every value of what
// differs, and Mixed says in words which run has which.
func Mixed(origins []Origin) (e Environment, benchrun string, mode Mode) {
	last := origins[len(origins)-1]
	e, benchrun, mode = last.Environment, last.Benchrun, last.Mode
	for _, o := range origins { // not each of them needed one
		e.Python, e.PostgreSQL = cmp.Or(e.Python, o.Environment.Python), cmp.Or(e.PostgreSQL, o.Environment.PostgreSQL)
	}
	for _, d := range Differences(origins...) {
		e.Mixed = append(e.Mixed, d.String())
		all := d.all()
		switch d.What {
		case "mode":
			mode = Mode(all)
		case "testbed":
			e.Testbed = all
			e.otherMachines(origins)
		case "kernel":
			e.Kernel = all
		case "benchrun":
			benchrun = all
		case "supervision":
			e.Supervision = all
		case limitsCondition:
			e.Limits = Limits{} // Mixed has them
		case pythonCondition:
			e.Python = all
		case postgresqlCondition:
			e.PostgreSQL = all
		}
	}
	if len(e.Mixed) > 0 {
		e.Load1 = 0 // of no single moment
	}
	return e, benchrun, mode
}

// all joins the values.
func (d Difference) all() string {
	var words []string
	for _, v := range d.Values {
		words = append(words, v.Value)
	}
	return strings.Join(words, " + ")
}

// otherMachines blanks what is not the same on all machines.
func (e *Environment) otherMachines(origins []Origin) {
	differ := func(of func(Environment) any) bool {
		return slices.ContainsFunc(origins, func(o Origin) bool { return of(o.Environment) != of(origins[0].Environment) })
	}
	for _, text := range []struct {
		is *string
		of func(Environment) string
	}{
		{&e.Hostname, func(e Environment) string { return e.Hostname }},
		{&e.OS, func(e Environment) string { return e.OS }},
		{&e.CPUModel, func(e Environment) string { return e.CPUModel }},
	} {
		var all []string
		for _, o := range origins {
			if v := text.of(o.Environment); v != "" && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
		*text.is = strings.Join(all, " + ")
	}
	if differ(func(e Environment) any { return e.CPUs }) {
		e.CPUs = 0
	}
	if differ(func(e Environment) any { return e.MemoryBytes }) {
		e.MemoryBytes = 0
	}
	if differ(func(e Environment) any { return e.Somaxconn }) {
		e.Somaxconn = 0
	}
}

// String is "1.5 CPUs, 2 GiB, 4096 processes, 8192 files, 1 GiB of disk, 256 MiB of
// private /tmp, user nobody, by cgroup-v1"; "none" without limits.
func (l Limits) String() string {
	var parts []string
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	if l.CPUs > 0 {
		parts = append(parts, number(l.CPUs)+" CPUs")
	}
	if l.MemoryBytes > 0 {
		parts = append(parts, number(float64(l.MemoryBytes)/(1<<30))+" GiB")
	}
	if l.PIDs > 0 {
		parts = append(parts, strconv.Itoa(l.PIDs)+" processes")
	}
	if l.NoFile > 0 {
		parts = append(parts, strconv.FormatUint(l.NoFile, 10)+" files")
	}
	if l.DiskBytes > 0 {
		parts = append(parts, number(float64(l.DiskBytes)/(1<<30))+" GiB of disk")
	}
	if l.TmpBytes > 0 {
		parts = append(parts, number(float64(l.TmpBytes)/(1<<20))+" MiB of private /tmp")
	}
	if l.User != "" {
		parts = append(parts, "user "+l.User)
	}
	if l.How != "" {
		parts = append(parts, "by "+l.How)
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
