package bench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A flag that the table lacks could not be explained.
func TestFlagTableIsWhole(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "flag.go", nil, 0)
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
