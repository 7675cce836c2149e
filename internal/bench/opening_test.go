package bench_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// opensItself are the folders and files that may open a file for reading without
// internal/intake, with the reason. All others read what somebody else has
// written: a pipe in its place would hang benchrun, a device fill its memory, a
// link lead anywhere.
var opensItself = map[string]string{
	"internal/intake":         "it is what opens",
	"internal/observe":        "/proc, /sys, and the receipts, which it opens alike",
	"internal/launch":         "/proc, cgroups, its own state in folders that nobody else can write to, and notices, which it locks",
	"internal/procfs":         "/proc",
	"internal/place/place.go": "the benchrun binary itself",
	"results/claim.go":        "the folder itself, to lock it",
	"results/write.go":        "the folder itself: what is written to it leaves it through no link",
	"results/attempts.go":     "the folder itself, likewise",
	"results/aside.go":        "the folder itself, likewise",
	"targets/apps":            "the apps are programs under test, which tests compile",
	"targets/reference":       "the reference server is a program under test, with files of its own",
}

func TestFilesAreOpenedByIntake(t *testing.T) {
	used := map[string]bool{}
	eachSource(t, func(path, rel string) error {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !opens(call) {
				return true
			}
			for allowed := range opensItself {
				if rel == allowed || strings.HasPrefix(rel, allowed+"/") {
					used[allowed] = true
					return true
				}
			}
			t.Errorf("%s opens a file by itself: read it with internal/intake, which takes regular files alone and bounds them", rel)
			return true
		})
		return nil
	})
	for allowed := range opensItself {
		if !used[allowed] {
			t.Errorf("%s opens nothing any more: take it off the list", allowed)
		}
	}
}

// opens says whether a call opens a file, or a folder to open files in, for
// reading. os.OpenFile does where its flags do not say that it is for writing;
// flags in a variable are taken for such.
func opens(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, ok := f.X.(*ast.Ident)
	if !ok || of.Name != "os" {
		return ok && of.Name == "ioutil"
	}
	if f.Sel.Name != "OpenFile" {
		return slices.Contains([]string{"Open", "ReadFile", "DirFS", "OpenRoot", "OpenInRoot"}, f.Sel.Name)
	}
	_, writes := call.Args[1].(*ast.Ident)
	ast.Inspect(call.Args[1], func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			writes = writes || s.Sel.Name == "O_WRONLY" || s.Sel.Name == "O_RDWR"
		}
		return true
	})
	return !writes
}
