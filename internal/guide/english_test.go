package guide

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// stilted are turns that readers had to read twice. Say instead who does what.
var stilted = regexp.MustCompile(`(?i)\b(` + strings.Join([]string{
	`gone on with`, `asked for are`, `(is|are|was|were) told`, `nor need`, `be it that`, `all the same`, `to be had`,
	`foreseen|foretell(s|ing)?`, `for ever`, `comes? to its end`, `made anew`, `mend(ed)?`, `in the place of`, `and be it`,
	`says? nothing of`, `is claimed of`, `thereof|therein`, `stands? beside`, `want of`, `whichever the`, `is none\b`,
	`in peace`, `of whatever`, `for want`, `less than nothing`, `where there is none`, `of which \w+ (is|are)`, `there it (is|stands)`, `no more than that`,
}, "|") + `)\b`)

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
			for _, turn := range stilted.FindAllString(line, -1) {
				t.Errorf("%s:%d: %q: say who does what", filepath.Base(page), i+1, turn)
			}
		}
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
