package guide

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// stilted are turns that readers had to read twice. Say instead who does what.
var stilted = turns(
	`gone on with|go(es)? on with`, `asked for are`, `(is|are|was|were) told`, `nor need`, `be it that`, `all the same`, `to be had|c(an|ould) be had`,
	`for ever`, `comes? to its end|came to its end`, `made anew`, `in the place of`, `and be it`, `what (comes|came|becomes) of`,
	`says? nothing of`, `is claimed of`, `thereof|therein`, `stands? beside`, `want of`, `whichever the`, `hears? of`, `at one blow`,
	`in peace`, `of whatever`, `for want`, `less than nothing`, `where there is none`, `of which \w+ (is|are)`, `there it (is|stands)`, `no more than that`,
)

// alsoStilted are turns that pages avoid too. In comments some of them are fine: names of
// identifiers, or "if there is none".
var alsoStilted = turns(`foreseen|foretell(s|ing)?`, `mend(ed)?`, `is none\b`)

func turns(words ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(` + strings.Join(words, "|") + `)\b`)
}

// The texts of commands, flags, families and measures are in the generated pages,
// so the pages stand for them.
func TestPagesAreInPlainEnglish(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../ARCHITECTURE.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, turn := range append(stilted.FindAllString(line, -1), alsoStilted.FindAllString(line, -1)...) {
				t.Errorf("%s:%d: %q: say who does what", filepath.Base(page), i+1, turn)
			}
		}
	}
}

// A comment is read by strangers too.
func TestCommentsAreInPlainEnglish(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || d.Name() == "english_test.go" {
			return err
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, group := range file.Comments {
			for _, c := range group.List {
				for _, turn := range stilted.FindAllString(c.Text, -1) {
					t.Errorf("%s: %q: say who does what", set.Position(c.Pos()), turn)
				}
			}
		}
		return nil
	})
	if err != nil || files < 300 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestStilted(t *testing.T) {
	for text, want := range map[string]bool{
		"A run that ended early is gone on with.":      true,
		"What is missing is told.":                     true,
		"Nor need it be so.":                           true,
		"benchrun says what is missing.":               false,
		"The recommended way, where a tool is untold.": false,
	} {
		if got := stilted.MatchString(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
