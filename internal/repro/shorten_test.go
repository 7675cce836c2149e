package repro

import (
	"os/exec"
	"strings"
	"testing"
)

// Whatever is shortened does what it did: Python reads the same from it.
func TestShortenedSaysTheSame(t *testing.T) {
	code, steps := helpers, 0
	for {
		short, ok := shortened(code)
		if !ok {
			break
		}
		if steps++; strings.Count(short, "\n") >= strings.Count(code, "\n") || steps > 1000 {
			t.Fatalf("step %d does not make it shorter:\n%s", steps, short)
		}
		code = short
	}
	if before, after := strings.Count(helpers, "\n"), strings.Count(code, "\n"); after > before*3/4 {
		t.Errorf("%d lines are still %d", before, after)
	}
	cmd := exec.CommandContext(t.Context(), "python3", "-c", `import ast, sys
long, short = (ast.dump(ast.parse(code)) for code in sys.stdin.read().split("\f"))
sys.exit(long != short)`)
	cmd.Stdin = strings.NewReader(helpers + "\f" + code)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, code)
	}
}

func TestShortened(t *testing.T) {
	long := strings.Repeat("x", widest)
	for name, c := range map[string]struct{ code, want string }{
		"a block":                  {"def f(x):  # why\n    y = x\n    return y\nf(1)", "def f(x): y = x; return y  # why\nf(1)"},
		"the inner one":            {"for x in y:\n    if x:\n        f(x)", "for x in y:\n    if x: f(x)"},
		"a comment at its end":     {"if x:\n    f()\n    g()  # why", "if x: f(); g()  # why"},
		"two statements":           {"f()\ng()", "f(); g()"},
		"two comments":             {"if x:  # why\n    f()  # how", ""},
		"a comment between":        {"f()  # why\ng()", ""},
		"a statement over lines":   {"f(1,\n  2,\n  3,\n  4)", ""},
		"what a condition rules":   {"if x: f()\ng()", ""},
		"too wide with its head":   {"if x:\n    " + long, ""},
		"brackets in a string":     {"f(b\"(\")\ng()", ""},
		"statements not as deep":   {"try: f()\nexcept E: pass\ng()", ""},
		"another depth in a block": {"if x:\n    try: f()\n    finally: g()", ""},
	} {
		got, ok := shortened(c.code)
		if c.want == "" {
			c.want = c.code
		}
		if got != c.want || ok != (got != c.code) {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, ok, got, c.want)
		}
	}
}
