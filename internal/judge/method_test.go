package judge

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// docs/method.md is the specification that users read: it must name every
// verdict, flag and measure, and the numbers that decide.
func TestMethodIsWhole(t *testing.T) {
	b, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	var words []string
	for _, spec := range bench.MeasureTable {
		words = append(words, "`"+spec.Name+"`")
	}
	for v := bench.Invalid; v <= bench.Held; v++ {
		words = append(words, "`"+v.String()+"`")
	}
	for _, flag := range FlagTable {
		words = append(words, "`"+flag.Name+"`")
	}
	words = append(words,
		count(heldPercent)+" %", count(degradedPercent)+" %", count(claimPercent)+" %",
		figure(float64(bench.ControlSLO.Milliseconds()), 0)+" ms",
		figure(settleMargin.Seconds(), 2)+" s",
		"`collapse_ratio`", // and what is not measured
	)
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("docs/method.md does not mention %s", w)
		}
	}
}

// A flag that the table lacks could not be explained.
func TestFlagTableIsWhole(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "flags.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Flag") || spec.Names[0].Name == "FlagTable" {
			return true
		}
		declared++
		word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(FlagTable, func(f FlagSpec) bool { return f.Name == word && f.Text != "" }) {
			t.Errorf("flag %s is not in FlagTable", word)
		}
		return true
	})
	if declared != len(FlagTable) {
		t.Errorf("%d flags are declared, the table has %d", declared, len(FlagTable))
	}
}
