package strictyaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

type word string

type sample struct {
	Name  word
	Size  int
	Items []string
	Inner struct{ Ratio float64 }
	By    map[string]struct{ Ratio float64 }
}

func TestDecode(t *testing.T) {
	var s sample
	src, err := Decode("f", []byte("name: a\ninner:\n  ratio: 0.5\nitems: [x,\n  y]\n"), &s, "strictyaml.word")
	if err != nil || s.Name != "a" || s.Inner.Ratio != 0.5 || len(s.Items) != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	for path, want := range map[string]int{"name": 1, "inner.ratio": 3, "items[1]": 5} {
		if line, ok := src.Line(path); !ok || line != want {
			t.Errorf("%s stands in line %d", path, line)
		}
	}
	if _, ok := src.Line("size"); ok {
		t.Error("a field that is not there has a line")
	}
	if got := src.Errorf("inner.other[2]", "bad").Error(); got != "f:2: inner.other[2]: bad" { // the nearest part that is there
		t.Error(got)
	}
}

func TestSchemaOfAFile(t *testing.T) {
	src, err := Decode("f", []byte("name: a\nitems: [x]\n"), &sample{}, "strictyaml.word")
	if err != nil {
		t.Fatal(err)
	}
	for named, want := range map[string]string{
		"a/v1": "<nil>", "": "f:1: schema: missing; want a/v1", "a/v2": `f:1: schema: "a/v2" is not known to this benchrun; want a/v1`,
	} {
		if got := fmt.Sprint(src.Schema(named, "a/v1")); got != want {
			t.Errorf("%q: %s, want %s", named, got, want)
		}
	}
}

func TestIndentOfAList(t *testing.T) {
	for text, want := range map[string]string{
		"items:\n  - x\n  - y\n": "  ", "items:\n- x\n": "", "name: a\nitems:\n      - x\n": "      ",
		"items: []\n": "none", "items:\n": "none", "name: a\n": "none",
	} {
		src, err := Decode("f", []byte(text), &sample{}, "strictyaml.word")
		if err != nil {
			t.Fatal(err)
		}
		got, ok := src.Indent("items")
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// What is written is read again, on one line.
func TestScalarsAreReadAgain(t *testing.T) {
	for _, text := range []string{"plain", "*/x", "a: b", "a #b", " a", "", "yes", "1", "it's", `"q"`, `\`, "null", "@gate", "ü", "a\nb\ttail"} {
		var s sample
		written := Scalar(text)
		_, err := Decode("f", []byte("name: "+written+"\n"), &s, "strictyaml.word")
		if err != nil || string(s.Name) != text || strings.Contains(written, "\n") {
			t.Errorf("%q is written %s and read %q: %v", text, written, s.Name, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "f:1: the file is empty"},
		{"name: a\nnme: b\n", "f:2: nme: unknown field"},
		{"name: a\nnme: b\n", `unknown field; did you mean "name"? known: name, size, items, inner, by`},
		{"inner:\n  raito: 1\n", `f:2: inner.raito: unknown field; did you mean "ratio"?`},
		{"by:\n  size:\n    raito: 1\n", `f:3: by.size.raito: unknown field; did you mean "ratio"?`},
		{"zzzz: 1\n", "f:1: zzzz: unknown field; known: name"},
		{"name: a\ninner:\n\tratio: 1\n", "f:3: this line is indented with a tab: YAML needs spaces"},
		{"name: a\n\nlist:\n  -\tx\n", "f:4: this line is indented with a tab: YAML needs spaces"},
		{"name: |\n  a\n \t b\n  \tc\n", "f:3: this line is indented with a tab: YAML needs spaces"},
		{"name: |\n  a\n  \tb\nlist: [1\n", "f:3: not YAML, near this line"}, // the tab is text
		{"name: a\n\x00\x01\x02", "f: not a text file"},
		{"\xff\xfe\x80 ELF", "f: not a text file"},
		{"name: a\nname: b\n", "f:2: name: appears twice, first in line 1"},
		{"name: [a]\n", "f:1: name: want text, found a list"},
		{`"x\n::error::by\e[2J\u202e": 1` + "\n", `f:1: x ::error::by\x1b[2J\u202e: unknown field; known: name`},
		{`"x\ny": 1` + "\n" + `"x\ny": 1` + "\n", "f:2: x y: appears twice"},
		{"size: much\n", `f:1: size: want a whole number, found "much"`},
		{"items: {a: b}\n", "f:1: items: want a list of texts, found a mapping"},
		{"inner: 3\n", `f:1: inner: want a mapping (field: value), found "3"`},
		{"name: a\n---\nname: b\n", "f: more than one YAML document in a file"},
		{"name: [\n", "not YAML, near this line"},
		{"items:\n  - */x: h > 1\n", "; a text that begins with * needs quotes"},
		{"items:\n  - x: h > 1\n", `f:2: items[0]: want text, found a mapping; a text with ": " in it needs quotes`},
	} {
		_, err := Decode("f", []byte(tt.text), &sample{}, "strictyaml.word")
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
}
