package scenarios

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What judges, plans, measures and reports knows traits. A family's name in its
// code would be a rule that no other family can have.
func TestNoCodeNamesAFamily(t *testing.T) {
	ids := map[string]bool{}
	for _, f := range All() {
		ids[f.ID] = true
	}
	// Words that mean something else as well: a controller of cgroups, a feature of
	// servers, a mark of records.
	for _, also := range []string{"cpu", "io", "slow", "reload", "tmp-full"} {
		delete(ids, also)
	}
	ratio := regexp.MustCompile(`-[0-9.]+pct$`)
	looked := 0
	for _, room := range []string{"../internal", "../report", "../results", "../cmd", "../clients"} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			switch rel := filepath.ToSlash(path); {
			case rel == "../results/record_v1.go": // the words of that time
				return nil
			case strings.HasPrefix(rel, "../internal/cost/"): // it measures benchrun on cells that it picks
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			looked++
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				if text, err := strconv.Unquote(lit.Value); err == nil && ids[ratio.ReplaceAllString(text, "")] {
					t.Errorf("%s names the family %s", path, text)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if looked < 100 {
		t.Errorf("only %d files were looked at", looked)
	}
}
