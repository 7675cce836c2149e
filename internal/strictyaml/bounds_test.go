package strictyaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// aliased is ten levels of lists, each of nine times the one before.
func aliased() string {
	var b strings.Builder
	b.WriteString("list: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "k%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	return b.String() + "name: *a9\n"
}

// What would take minutes or gigabytes is refused where it stands.
func TestBounds(t *testing.T) {
	deep := "deep:\n"
	for i := 1; i < 2000; i++ {
		deep += strings.Repeat(" ", i) + "a:\n"
	}
	for name, tt := range map[string]struct{ text, want string }{
		"aliases of aliases":  {aliased(), "f.yaml:2: k1: unknown field"},
		"one key, many times": {strings.Repeat("a: 1\n", 100_000), "f.yaml:2: a: appears twice, first in line 1"},
		"many keys":           {manyKeys(60_000), "more than 20000 fields"},
		"many items":          {"list: [" + strings.Repeat("x,", 100_000) + "]", "f.yaml:1: more than 20000 fields"},
		"deep":                {deep, "f.yaml:32: more than 30 levels deep"},
		"deep in brackets":    {strings.Repeat("[", 100_000), "exceeded max depth"},
		"a long key":          {strings.Repeat("k", 500) + ": 1\n", "longer than 200 bytes"},
	} {
		var into struct {
			List []string `yaml:"list"`
			Name string   `yaml:"name"`
		}
		_, err := Decode("f.yaml", []byte(tt.text), &into)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %.300v; want a usage error with %q", name, err, tt.want)
		} else if len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	return b.String()
}
