package bench_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// Only internal/procfs names what it reads in /proc, so each format is parsed in one place.
// The reference server is a program under test.
func TestProcIsReadByProcfs(t *testing.T) {
	seen := 0
	eachSource(t, func(path, rel string) error {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			switch {
			case !ok || !readsProc(call):
			case strings.HasPrefix(rel, "internal/procfs/"):
				seen++
			case !strings.HasPrefix(rel, "targets/reference/"):
				t.Errorf("%s reads /proc by itself: let internal/procfs do it", rel)
			}
			return true
		})
		return nil
	})
	if seen == 0 {
		t.Error("internal/procfs reads nothing any more: this test looks at nothing")
	}
}

// readsProc says that a call reads a file, folder or link whose path begins with /proc.
func readsProc(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Open", "ReadFile", "ReadDir", "Readlink", "Glob"}, f.Sel.Name) {
		return false
	}
	of, ok := f.X.(*ast.Ident)
	if !ok || of.Name != "os" && of.Name != "filepath" {
		return false
	}
	found := false
	for _, arg := range call.Args {
		ast.Inspect(arg, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			found = found || ok && strings.HasPrefix(strings.Trim(lit.Value, "\"`"), "/proc")
			return true
		})
	}
	return found
}
