package console

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestWriterShowsAndObeysNothing(t *testing.T) {
	for text, want := range map[string]string{
		"plain ünïcode ✓\tx\n":                "plain ünïcode ✓\tx\n",
		"\x1b[31mred\x1b[0m\n":                `\x1b[31mred\x1b[0m` + "\n",
		"\x1b]0;t\a\n":                        `\x1b]0;t\x07` + "\n",
		"a\rb\n":                              `a\x0db` + "\n",
		"\ufe0f::x\u034f\n":                   `\ufe0f::x\u034f` + "\n",
		"\u202egnp.exe\u200b\n":               `\u202egnp.exe\u200b` + "\n",
		"line\u2028sep \u009b2J \U000e0041\n": `line\u2028sep \u009b2J \U000e0041` + "\n",
		"\xff\xc3\n":                          `\xff\xc3` + "\n",
		"a::b\n::error::x\n":                  "a::b\n" + `\x3a:error::x` + "\n",
		" \u00a0\t::add-mask::y":              " \u00a0\t" + `\x3a:add-mask::y`,
		"x ##[add-mask]y\n###[\n":             `x #\x23[add-mask]y` + "\n" + `##\x23[` + "\n",
		"##vso[task.x] ##teamcity[x]":         `#\x23vso[task.x] #\x23teamcity[x]`,
		"## heading\n### [x]\n":               "## heading\n### [x]\n",
		"":                                    "",
		"one\ntwo":                            "one\ntwo",
	} {
		for _, piece := range []int{1, 2, 3, 1000} { // however it comes
			var b strings.Builder
			w := New(&b, 0)
			for rest := text; rest != ""; {
				n := min(piece, len(rest))
				if got, err := w.Write([]byte(rest[:n])); got != n || err != nil {
					t.Fatal(got, err)
				}
				rest = rest[n:]
			}
			if err := w.Flush(); err != nil || b.String() != want {
				t.Errorf("%q in pieces of %d: %q, want %q (%v)", text, piece, b.String(), want, err)
			}
		}
	}
}

func TestLongLinesAreCut(t *testing.T) {
	const most = 100
	for _, text := range []string{strings.Repeat("a", 5000), strings.Repeat("é", 5000), strings.Repeat("\x1b", 5000), "a" + strings.Repeat("日", 300)} {
		var b strings.Builder
		w := New(&b, most)
		for _, piece := range []string{text[:1], text[1:64], text[64:], "\nnext\n"} {
			_, _ = w.Write([]byte(piece))
		}
		line, next, _ := strings.Cut(b.String(), "\n")
		if next != "next\n" || len(line) > most+40 || !strings.Contains(line, " … [cut: ") || strings.ContainsRune(line, '\ufffd') || strings.Contains(line, `\xe6`) || strings.Contains(line, `\xc3`) {
			t.Errorf("%q, then %q", line, next)
		}
	}
	var b strings.Builder
	w := New(&b, most)
	_, _ = fmt.Fprintln(w, strings.Repeat("a", most))
	if b.String() != strings.Repeat("a", most)+"\n" {
		t.Errorf("%q: cut, and there was room", b.String())
	}
}

func TestDrawnKeepsItsOwnSequencesAlone(t *testing.T) {
	var b strings.Builder
	w := New(&b, 10)
	_, _ = w.Write([]byte("begun"))
	if _, err := Drawn(w).Write([]byte("\r\x1b[K\x1b[32mok\x1b[0m\x1b[2J\u202e, and more than ten\n::x")); err != nil {
		t.Fatal(err)
	}
	if want := "begun\r\x1b[K\x1b[32mok\x1b[0m" + `\x1b[2J\u202e, and more than ten` + "\n" + `\x3a:x`; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	if _, err := Data(w).Write([]byte("::error::x\x1b")); err != nil || b.String() != "::error::x\x1b" {
		t.Errorf("%v: %q", err, b.String())
	}
	if Behind(w) != &b || Behind(&b) != &b || Drawn(&b) != &b || Data(&b) != &b {
		t.Error("the writer behind is another")
	}
}

func TestTell(t *testing.T) {
	var b strings.Builder
	Tell(&b, "benchrun", errors.Join(errors.New("one\nbenchrun: two"), errors.New(strings.Repeat("x\n", 100))).Error())
	lines := strings.Split(b.String(), "\n")
	if lines[0] != "benchrun: one" || lines[1] != "  benchrun: two" || lines[len(lines)-2] != "  … [cut: 82 lines more]" || len(lines) != mostMessageLines+2 {
		t.Errorf("%q", b.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestWriterTellsOfErrors(t *testing.T) {
	if _, err := New(full{}, 0).Write([]byte("x\n")); err == nil {
		t.Error("a line was lost in silence")
	}
	w := New(full{}, 0)
	if _, err := w.Write([]byte("x")); err != nil || w.Flush() == nil {
		t.Error("a piece of a line was lost in silence")
	}
}
