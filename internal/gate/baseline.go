package gate

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
)

// BaselineFlag is where checks against a baseline come from: the Place of their
// rules.
const BaselineFlag = "--baseline"

// ResolveBaseline checks a baseline against the run that is about to be made, or
// was: its testbed, mode and cells. name is what the user calls the baseline.
// A bench.UsageError says that nothing can be compared, or, unless anyway is
// set, that it was not measured alike.
func ResolveBaseline(name string, base bench.Run, cells []Selected, testbed string, mode bench.Mode, anyway bool) error {
	shared, ok := firstShared(base, cells)
	if !ok {
		return &bench.UsageError{
			Problem: fmt.Sprintf("%s %s: it measured none of this run's cells", BaselineFlag, name),
			Hint:    fmt.Sprintf("it has %s; this run has %s", someNames(baseCells(base)), someNames(cells)),
		}
	}
	var differs []string
	switch there := base.Environment.Testbed; {
	case there == "" || testbed == "":
		differs = append(differs, "it is not known that both are of one testbed")
	case there != testbed:
		differs = append(differs, fmt.Sprintf("it is of testbed %s, this is %s", there, testbed))
	}
	if base.Mode != mode {
		differs = append(differs, fmt.Sprintf("it is %s, this is %s", base.Mode, mode))
	}
	if len(differs) == 0 || anyway {
		return nil
	}
	before := shared.Version
	if before == "" || strings.Contains(before, "+") { // a checkout's is no release
		before = "previous"
	}
	return &bench.UsageError{
		Problem: fmt.Sprintf("%s %s: not measured alike: %s", BaselineFlag, name, strings.Join(differs, ", and ")),
		Hint: fmt.Sprintf("a duel measures both here and now, in turn, for example: benchrun duel %s@%s %s; %s-anyway compares all the same",
			shared.Server, before, shared.Server, BaselineFlag),
	}
}

// firstShared is the first cell of the baseline that says something about one
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

func measured(c bench.Cell) bool { return c.Verdict >= bench.Broken }

// known lists the cells of a name and family version, of any server version.
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
