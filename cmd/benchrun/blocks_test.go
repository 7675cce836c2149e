package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docBlock is one fenced block of a page that shows commands.
type docBlock struct {
	page     string // "docs/ci.md"
	line     int    // of its first command
	commands []docCommand
}

// docCommand is a command that a reader would type, and the output that the page shows for
// it; none = the page shows no output.
type docCommand struct {
	line int
	text string
	want []string
}

const (
	fence  = "```"
	prompt = "$ "
	gap    = "…" // any text; alone on a line: any lines
)

// notCommands are the info strings of blocks that show no commands. All others
// than these, console and sh are a mistake: nobody would run them.
var notCommands = []string{"", "text", "json", "yaml"}

// readBlocks finds the console and sh blocks of a page. In a console block
// commands stand behind "$ ", their output below; in an sh block every line is a
// command. A command goes on behind a backslash and up to the end of a here
// document.
func readBlocks(page, text string) (blocks []docBlock, err error) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		info, opens := strings.CutPrefix(strings.TrimSpace(lines[i]), fence)
		if !opens {
			continue
		}
		begin := i + 1
		length := slices.IndexFunc(lines[begin:], func(l string) bool { return strings.TrimSpace(l) == fence })
		if length < 0 {
			return nil, fmt.Errorf("%s:%d: the block has no end", page, begin)
		}
		i = begin + length
		if slices.Contains(notCommands, info) {
			continue
		}
		if info != "console" && info != "sh" {
			return nil, fmt.Errorf("%s:%d: a block of %q: commands are console or sh, all else is one of %q", page, begin, info, notCommands)
		}
		commands, err := readCommands(lines[begin:i], info == "console")
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", page, begin+1, err)
		}
		for c := range commands {
			commands[c].line += begin + 1
		}
		blocks = append(blocks, docBlock{page: page, line: begin + 1, commands: commands})
	}
	return blocks, nil
}

var hereDocument = regexp.MustCompile(`<<'?(\w+)'?`)

// readCommands reads the lines of one block; the commands' lines count from 0.
func readCommands(lines []string, console bool) (out []docCommand, err error) {
	for i := 0; i < len(lines); i++ {
		text, isCommand := lines[i], true
		if console {
			text, isCommand = strings.CutPrefix(lines[i], prompt)
		}
		if !isCommand {
			if len(out) == 0 {
				return nil, fmt.Errorf("output before the first command: %q", lines[i])
			}
			out[len(out)-1].want = append(out[len(out)-1].want, lines[i])
			continue
		}
		c := docCommand{line: i, text: text}
		for strings.HasSuffix(lines[i], `\`) && i+1 < len(lines) {
			i++
			c.text += "\n" + lines[i]
		}
		if m := hereDocument.FindStringSubmatch(c.text); m != nil {
			length := slices.Index(lines[i+1:], m[1])
			if length < 0 {
				return nil, fmt.Errorf("%q: the here document has no end", text)
			}
			c.text += "\n" + strings.Join(lines[i+1:i+2+length], "\n")
			i += length + 1
		}
		if strings.TrimSpace(c.text) == "" {
			return nil, fmt.Errorf("an empty command")
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("a block without a command")
	}
	return out, nil
}

// differs says where output is not as a page shows it: "" = it is.
func (c docCommand) differs(output string) string {
	if len(c.want) == 0 {
		return ""
	}
	var got strings.Builder
	for line := range strings.Lines(output) {
		got.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	matches := func(want []string, rest string) bool {
		var b strings.Builder
		for _, line := range want {
			if strings.TrimSpace(line) == gap {
				b.WriteString(`(?:[^\n]*\n)*`)
				continue
			}
			b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(line, " ")), gap, `[^\n]*`) + `\n`)
		}
		return regexp.MustCompile(`^` + b.String() + rest + `$`).MatchString(got.String())
	}
	if matches(c.want, "") {
		return ""
	}
	for n := len(c.want) - 1; n >= 0; n-- {
		if matches(c.want[:n], `(?:[^\n]*\n)*`) {
			return fmt.Sprintf("the page's line %q is not there, or more is, in\n%s", c.want[n], output)
		}
	}
	return "nothing is as the page shows it in\n" + output
}

// allBlocks are those of README.md and of every page of docs/.
func allBlocks(t *testing.T) []docBlock {
	t.Helper()
	const top = "../.."
	pages := []string{"README.md"}
	err := filepath.WalkDir(filepath.Join(top, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".md" {
			page, rerr := filepath.Rel(top, path)
			pages, err = append(pages, filepath.ToSlash(page)), rerr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []docBlock
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(top, page))
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := readBlocks(page, string(text))
		if err != nil {
			t.Error(err)
		}
		out = append(out, blocks...)
	}
	return out
}

func TestReadBlocks(t *testing.T) {
	page := "# A page\n\n```yaml\na: b\n```\n\n```console\n$ one \\\n    --two\nout\n…\n$ cat <<'END' >f\n$ no prompt\nEND\n$ three # said\n```\ntext\n\n```sh\nfour\nfive\n```\n"
	got, err := readBlocks("p.md", page)
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := []docCommand{
		{8, "one \\\n    --two", []string{"out", gap}},
		{12, "cat <<'END' >f\n$ no prompt\nEND", nil},
		{15, "three # said", nil},
		{20, "four", nil},
		{21, "five", nil},
	}
	for i, c := range append(got[0].commands, got[1].commands...) {
		if i >= len(want) || c.line != want[i].line || c.text != want[i].text || !slices.Equal(c.want, want[i].want) {
			t.Errorf("command %d is %+v", i, c)
		}
	}
	if len(got[0].commands)+len(got[1].commands) != len(want) {
		t.Errorf("%+v", got)
	}
}

// A block that cannot be run is a mistake, never passed over.
func TestReadBlocksRefuses(t *testing.T) {
	for text, problem := range map[string]string{
		"```console\n$ one\n":                      "the block has no end",
		"```console\nno prompt\n```\n":             "p.md:2: output before the first command",
		"```console\n```\n":                        "without a command",
		"```sh\n\n```\n":                           "an empty command",
		"```bash\nls\n```\n":                       `a block of "bash"`,
		"x\n```console\n$ cat <<END\nnever\n```\n": "p.md:3: \"cat <<END\": the here document has no end",
	} {
		if blocks, err := readBlocks("p.md", text); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q gives %+v, %v, and not: %s", text, blocks, err, problem)
		}
	}
}

func TestDiffers(t *testing.T) {
	const output = "first 17 s  \nsecond\nthird\nlast\n"
	for _, tt := range []struct {
		want    []string
		problem string
	}{
		{nil, ""},
		{[]string{"first … s", "second", "third", "last"}, ""},
		{[]string{"first …", gap, "last"}, ""},
		{[]string{gap, "third", gap}, ""},
		{[]string{gap, "last", gap}, ""},
		{[]string{gap}, ""},
		{[]string{"first 18 s", gap}, `"first 18 s"`},
		{[]string{"first …", "third", gap}, `"third"`},
		{[]string{gap, "third"}, `"third"`}, // more is there
		{[]string{gap, "second", "last"}, `"last"`},
		{[]string{"f.rst …", gap}, `"f.rst …"`},
	} {
		got := docCommand{want: tt.want}.differs(output)
		if (got == "") != (tt.problem == "") || !strings.Contains(got, tt.problem) {
			t.Errorf("%q: %q", tt.want, got)
		}
	}
}
