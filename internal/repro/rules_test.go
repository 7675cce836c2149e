package repro

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

// rule is a reason for which a cell of a family fails.
type rule struct {
	family, reason string
	none           string // why no script looks at that; "" = one does
}

// rules are all that the judge fails a cell for, by the function that says so.
var rules = map[string][]rule{
	"facts.rate": {
		{family: "wedge", reason: "4 of 4 slots held by wedged requests"},
		{family: "pid-limit", reason: "3 other workers were there meanwhile"},
		{family: "pid-limit", reason: "another worker was there meanwhile"},
		{family: "wedge", reason: "1 of 1,200 victims got a wrong body", none: "all ordinary requests of a script have the same answer"},
		{family: "garbage", reason: "1 of 130 malformed requests got an answer that was meant for another client", none: "the same"},
		{family: "wedge", reason: "3 receipts are missing, and the file was truncated", none: "a script has no receipts"},
	},
	"facts.rateEnding":      {{family: "graceful-stop", reason: "not stopped in order: 1 process left behind"}},
	"facts.rateRefusal":     {{family: "boot-crash", reason: "broken app not refused: started with such an app, it serves"}},
	"facts.diskWords":       {{family: "large-upload", reason: "disk filled: its files took 1,100 MiB, the bound is 1,024 MiB", none: "a script has no bound of the disk"}},
	"facts.notBackWords":    {{family: "fd-limit", reason: "not back: served 0 % of 300 victims"}, {family: "db-lock", reason: "not back: served 0 % of 300 victims"}},
	"brokenOff.hiddenWords": {{family: "crash-midstream", reason: "truncation hidden: 13 of 13 broken answers"}},
	"brokenOff.unclosedWords": {
		{family: "exception-midstream", reason: "close() not called: for 13 of 13 broken answers"},
	},
	"facts.diedWords":         {{family: "garbage", reason: "workers died: 95 (exit code 1), although all that 130 malformed requests did was to send bytes"}},
	"facts.hungWords":         {{family: "garbage", reason: "left hanging: all 4 clients that sent a negative Content-Length"}},
	"facts.notRespawnedWords": {{family: "segfault", reason: "workers not replaced: 12 of 12 that died, 10 s later: 12 more and nobody serves"}},
	"facts.notReplacedWords": {
		{family: "reload", reason: "workers not replaced: after 2 of 3 signals, within 40 s: 4 workers that had served were still there"},
		{family: "kill-worker", reason: "workers not replaced: after 1 of 1 signal, within 12 s: no new worker came in its place"},
	},
	"facts.stopWords": {
		{family: "graceful-stop", reason: "not stopped in order: 12 victims sent 0.1 s or more before the signal got no right answer"},
		{family: "graceful-stop", reason: "not stopped in order: still there 35 s after the signal"},
		{family: "graceful-stop", reason: "not stopped in order: 1 process left behind"},
		{family: "graceful-stop", reason: "not stopped in order: its port could not be bound again"},
		{family: "graceful-stop", reason: "not stopped in order: ended with exit code 1, which a process manager takes for a failure"},
		{family: "graceful-stop", reason: "not stopped in order: idle, it was still there 35 s after the signal"},
		{family: "graceful-stop", reason: "not stopped in order: idle, it took 30.0 s to end, its whole grace of 30 s"},
		{family: "graceful-stop", reason: "not stopped in order: idle, it took 6.0 s to end; the limit is 5 s"},
	},
	"facts.takeoverWords": {
		{family: "kill-master", reason: "not taken over: the same command, started again at once, ended with exit code 1"},
		{family: "kill-master", reason: "not taken over: when the second start served, 3 of 40 requests went to processes of the first one"},
		{family: "kill-master", reason: "not taken over: when the second start served, 2 of 40 requests got no answer"},
	},
	"facts.honestWords": {{family: "large-upload", reason: "honest requests lost: 11 of 12 (9 answered with status 400, 2 cut off)"}},
	"facts.strayWords": {
		{family: "recycle", reason: "requests lost: 3 victims (2 reset, 1 refused); a fault that is planned need cost nobody"},
		{family: "reload", reason: "requests lost: 1 of 3 requests of the fault (1 cut off)"},
	},
	"facts.growthWords": {{family: "reload", reason: "resources piled up: 4 fds and 1.3 threads with each of 3 faults"}},
	"left.words": {
		{family: "abort-upload", reason: "resources piled up: 1 fds, 1 threads and 1 MiB with each of 120 clients"},
		{family: "abort-upload", reason: "resources piled up: 1 sockets in CLOSE_WAIT with each of 120 clients"},
		{family: "abort-upload", reason: "resources piled up: 1 files with each of 120 clients"},
		{family: "abort-upload", reason: "resources piled up: 0.97 CPUs more than before any fault"},
	},
	"facts.rateKept": {
		{family: "leak", reason: "memory kept: 96 of 96 MiB"},
		{family: "leak-fd", reason: "leak kept: 1,920 of 1,920 descriptors"},
	},
	"facts.killedWords":      {{family: "starve", reason: "workers killed: 2 (2 of SIGKILL), although every request was honest"}},
	"race.cutWords":          {{family: "keepalive-race", reason: "cut in flight: 12 of 20 requests on kept connections"}},
	"facts.notRepairedWords": {{family: "boot-crash", reason: "repaired app not served: within 40.0 s of the next reload"}},
	"facts.notRefusedWords":  {{family: "boot-crash", reason: "broken app not refused: started with such an app, it was still there after 10 s"}},
	"facts.busyWords":        {{family: "fd-limit", reason: "busy while full: it used 0.97 CPUs (0.05 before any fault), although it had nothing to do"}},
}

// What a script cannot look at is refused, and whatever else a cell fails for, its script
// expects of the server.
func TestEachRuleOfTheJudgeHasAnExpectation(t *testing.T) {
	for where, all := range rules {
		for _, r := range all {
			t.Run(where+" "+r.reason, func(t *testing.T) {
				f, ok := scenarios.ByID(r.family)
				if !ok {
					t.Fatalf("no family %s", r.family)
				}
				everybody, nobody := 100.0, 0.0
				text, err := Script(t.Context(), found(t, f.Family, "gunicorn", "27.0.1", func(c *bench.Cell, rec *bench.Record) {
					c.Reasons, c.Attempts[0].H = []string{r.reason}, &everybody
					if r.family == "wedge" && r.none == "" { // the rule about lost victims
						c.Attempts[0].H = &nobody
					}
					rec.Head.Target.Claims, rec.Head.Target.Workers = bench.Claims{Grace: 30}, 8
				}), registry(t))
				if r.none != "" {
					if err == nil || !strings.Contains(err.Error(), "a script does not look at what it failed for: "+r.reason) {
						t.Errorf("%v, want that no script can show it: %s", err, r.none)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				about := slices.ContainsFunc(expectations, func(e expectation) bool {
					says := slices.MaxFunc(regexp.MustCompile(`\{\w+\}`).Split(e.Says, -1), func(a, b string) int { return len(a) - len(b) })
					named := e.broken([]string{r.reason}) || !e.specific()
					return e.of(f.Traits) && named && says != "" && strings.Contains(text, "expected: ") && strings.Contains(text, says)
				})
				if !about {
					t.Errorf("its script expects nothing about it:\n%s", text)
				}
			})
		}
	}
}

// No rule of the judge's is forgotten: each function that fails a cell, and each word with
// which a reason begins, is in the table.
func TestEachRuleOfTheJudgeIsInTheTable(t *testing.T) {
	begins := map[string]string{} // the reasons' first words, by the names of their constants
	ast.Inspect(parsed(t, "../bench/reason.go"), func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if text, ok := v.Values[0].(*ast.BasicLit); ok && v.Names[0].Name != "ReferenceServer" {
				begins[v.Names[0].Name], _ = strconv.Unquote(text.Value)
			}
		}
		return true
	})
	if len(begins) < 15 {
		t.Fatalf("only %d words with which a reason begins: %v", len(begins), begins)
	}
	for name, words := range begins {
		if !slices.ContainsFunc(slices.Concat(slices.Collect(maps.Values(rules))...), func(r rule) bool { return strings.HasPrefix(r.reason, words+":") }) {
			t.Errorf("no rule of the table begins with bench.%s, %q", name, words)
		}
	}
	says := map[string]int{} // how many of them the functions of the judge name, and how often they fail a cell
	files, err := filepath.Glob("../judge/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, d := range parsed(t, file).Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if strings.HasPrefix(nameOf(n.Fun), "strings.") { // it only looks for the words
						return false
					}
					if nameOf(n.Fun) == "say" {
						says["say in "+whole(f)]++
					}
				case *ast.ReturnStmt:
					if len(n.Results) > 1 && nameOf(n.Results[0]) == "bench.Failed" {
						says[whole(f)]++
					}
				case *ast.SelectorExpr:
					if name, ok := strings.CutPrefix(nameOf(n), "bench."); ok && begins[name] != "" {
						says[whole(f)]++
					}
				}
				return true
			})
		}
	}
	for f := range says {
		if _, of, isSay := strings.Cut(f, "say in "); isSay {
			if says[f] != len(rules[of]) {
				t.Errorf("%s has %d reasons, and the table %d", of, says[f], len(rules[of]))
			}
		} else if len(rules[f]) == 0 {
			t.Errorf("%s fails cells, and the table has no rule of it", f)
		}
	}
	for f := range rules {
		if says[f] == 0 {
			t.Errorf("%s of the table fails no cell", f)
		}
	}
	if n := says["facts.rate"]; n != 9 {
		t.Errorf("facts.rate fails a cell in %d places, and the table knows 9: lost victims (twice), a full disk, wrong bodies, answers of others, what a planned fault cost, the rules with words, other workers, spoiled receipts", n)
	}
}

func parsed(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// whole is the name of a function, with its receiver's type.
func whole(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	return nameOf(of) + "." + f.Name.Name
}

// nameOf is how a name is written: "strings.HasPrefix", "say".
func nameOf(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return nameOf(x.X) + "." + x.Sel.Name
	}
	return ""
}
