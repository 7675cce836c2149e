package plan

import (
	"cmp"
	"slices"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// DuelCells are the cells of two targets, each "server[/profile][@version]", in
// turn: A's cell of a scenario before B's. A target that names no profile takes
// the one given, or else TargetCells' own choice.
func DuelCells(reg *targets.Registry, a, b, profile string, scenarios []string) ([]Cell, error) {
	var sides [2][]Cell
	for i, word := range []string{a, b} {
		cells, err := TargetCells(reg, word, profile, scenarios)
		if err != nil {
			return nil, err
		}
		sides[i] = cells
	}
	var out []Cell
	for i := range sides[0] {
		out = append(out, sides[0][i], sides[1][i])
	}
	return out, nil
}

// WithArgsOfSides gives the targets of a duel's cells the arguments of --args, each a line: one
// line is for both targets, two are A's and B's. More are a bench.UsageError.
func WithArgsOfSides(cells []Cell, lines []string) ([]Cell, error) {
	switch len(lines) {
	case 0:
		return cells, nil
	case 1:
		lines = []string{lines[0], lines[0]}
	case 2:
	default:
		return nil, &bench.UsageError{Problem: "--args is given more than twice", Hint: "once: for both targets; twice: for A and for B"}
	}
	out := slices.Clone(cells)
	for side, line := range lines {
		words, err := targets.ArgWords(line)
		if err != nil {
			return nil, err
		}
		for i := side; i < len(out); i += 2 {
			one, err := WithArgs(out[i:i+1], words)
			if err != nil {
				return nil, err
			}
			out[i] = one[0]
		}
	}
	return out, nil
}

// Paired marks both cells of a pair as unsupported if one of them is: half a pair
// says nothing, so it is not measured.
func Paired(cells []Cell) []Cell {
	for i := 0; i+1 < len(cells); i += 2 {
		a, b := &cells[i], &cells[i+1]
		a.Unsupported, b.Unsupported = cmp.Or(a.Unsupported, b.Unsupported), cmp.Or(b.Unsupported, a.Unsupported)
	}
	return cells
}
