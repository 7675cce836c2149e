package bench_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "benchrun"

// rooms do not know each other; layer says what may import what.
var layer = map[string]int{
	"internal/bench":      0,
	"internal/console":    1,
	"internal/intake":     1,
	"internal/strictyaml": 1,
	"internal/procfs":     1,
	"internal/postgresql": 1,
	"internal/release":    1,
	"clients":             2, "targets": 2, "results": 2, "templates": 2, "internal/project": 2,
	"internal/launch": 2, "internal/observe": 2, "internal/judge": 2, "internal/gate": 2, "report": 2,
	"scenarios":     3,
	"internal/plan": 4, "internal/guide": 4, "internal/repro": 4, "internal/stored": 4,
	"internal/place": 5, "internal/cijob": 5,
	"internal/attempt": 6, "internal/probe": 6,
	"internal/checkserver": 7, "internal/campaign": 7,
	"internal/calibrate": 8, "internal/ladder": 8, "internal/doctor": 8, "internal/cost": 8, "internal/live": 8,
	"cmd/benchrun": 9,
}

// room is the layered folder that a package belongs to, the longest one.
func room(pkg string) string {
	best := ""
	for name := range layer {
		if (pkg == name || strings.HasPrefix(pkg, name+"/")) && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// eachSource calls each for the Go files of the module, tests left out: path to
// read it, rel as it stands in the module.
func eachSource(t *testing.T, each func(path, rel string) error) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "benchrun-out") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return each(path, filepath.ToSlash(rel))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsPointOneWay(t *testing.T) {
	checked, told := 0, 0
	eachSource(t, func(at, rel string) error {
		from := room(path.Dir(rel))
		if from == "" {
			t.Errorf("%s is in no room of ARCHITECTURE.md", rel)
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), at, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			inside, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				if from == "internal/bench" && strings.Contains(imported, ".") {
					t.Errorf("%s imports %s: bench keeps to the standard library", rel, imported)
				}
				continue
			}
			checked++
			if shows := inside == "report" || strings.HasPrefix(inside, "report/"); shows && from == "internal/campaign" {
				t.Errorf("%s imports %s: a campaign tells events, and knows nobody who shows them", rel, imported)
			} else if shows && from == "internal/live" {
				told++
			}
			if to := room(inside); to != from && layer[to] >= layer[from] {
				t.Errorf("%s imports %s: %s may only import what is below it", rel, imported, from)
			}
		}
		return nil
	})
	if told == 0 {
		t.Error("nobody listens to campaigns any more: this test looks at nothing")
	}
	if checked < 20 {
		t.Errorf("only %d imports were looked at", checked)
	}
}
