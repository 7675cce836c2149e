package gate

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// BaselineFlag is the Place of the rules that compare with a baseline.
const BaselineFlag = "--baseline"

// ResolveBaseline checks a baseline against a run, before or after that is made:
// its cells, and where and how it is measured (now). name is what the user calls
// the baseline. It returns a bench.UsageError if nothing can be compared or,
// unless anyway is set, if the two were not measured alike. With anyway, it returns
// in words how they differ.
func ResolveBaseline(name string, base bench.Run, cells []Selected, now []bench.Origin, anyway bool) (differs []string, err error) {
	shared, ok := firstShared(base, cells)
	if !ok {
		return nil, &bench.UsageError{
			Problem: fmt.Sprintf("%s %s: it measured none of this run's cells", BaselineFlag, name),
			Hint:    whyNone(base, cells),
		}
	}
	differs = differences(base, now)
	if len(differs) == 0 || anyway {
		return differs, nil
	}
	before := shared.Version
	if before == "" || strings.Contains(before, "+") { // a checkout is no release
		before = "previous"
	}
	return nil, &bench.UsageError{
		Problem: fmt.Sprintf("%s %s: not measured alike: %s", BaselineFlag, name, strings.Join(differs, "; ")),
		Hint: fmt.Sprintf("a duel measures both here and now, in turn, for example: benchrun duel %s@%s %s; %s-anyway compares nonetheless",
			shared.Server, before, shared.Server, BaselineFlag),
	}
}

// The names of the two sides in texts, whatever their runs' ids.
const (
	theBaseline = "the baseline"
	thisRun     = "this run"
)

// differences says in what ways the baseline and this run were not measured alike.
// That includes what one side alone mixes, for example two machines.
func differences(base bench.Run, now []bench.Origin) []string {
	var all []bench.Origin
	for _, o := range base.Origins() {
		o.ID = theBaseline
		all = append(all, o)
	}
	for _, o := range now {
		o.ID = thisRun
		all = append(all, o)
	}
	var out []string
	known := func(o bench.Origin) bool { return o.Environment.Testbed != "" }
	if !known(all[0]) && !known(all[len(all)-1]) {
		out = append(out, "testbed unknown in "+theBaseline+" and "+thisRun)
	}
	for _, d := range bench.Differences(all...) {
		for i, v := range d.Values {
			d.Values[i].Runs = slices.Compact(v.Runs)
		}
		out = append(out, d.String())
	}
	return out
}

// firstShared returns the first cell of the baseline that can be compared with one
// of these cells.
func firstShared(base bench.Run, cells []Selected) (bench.Cell, bool) {
	for _, c := range cells {
		if c.Unsupported {
			continue
		}
		for _, b := range known(base, c.Name, c.Family.Version) {
			if measured(b) {
				return b, true
			}
		}
	}
	return bench.Cell{}, false
}

// whyNone says why a baseline has no measurement of any of these cells.
func whyNone(base bench.Run, cells []Selected) string {
	for _, c := range cells {
		for _, b := range base.Cells {
			switch {
			case b.Name() != c.Name:
			case b.FamilyVer != c.Family.Version:
				return fmt.Sprintf("its %s is of version %d of the family, this run's of version %d: measure the baseline again", c.Name, b.FamilyVer, c.Family.Version)
			case !measured(b):
				return fmt.Sprintf("its %s is %s", c.Name, b.Verdict)
			}
		}
	}
	return fmt.Sprintf("it has %s; this run has %s", someNames(baseCells(base)), someNames(cells))
}

func measured(c bench.Cell) bool { return c.Verdict >= bench.Broken }

// known lists the baseline's cells with this name and family version, whatever
// their server's version.
func known(base bench.Run, name string, family int) []bench.Cell {
	var out []bench.Cell
	for _, c := range base.Cells {
		if c.Name() == name && c.FamilyVer == family {
			out = append(out, c)
		}
	}
	return out
}

func baseCells(run bench.Run) []Selected {
	var out []Selected
	for _, c := range run.Cells {
		out = append(out, Selected{Name: c.Name()})
	}
	return out
}
