package report

import (
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"unicode"

	"benchrun/internal/bench"
)

// hostile are texts that a server, an app or a forged run.json may contain.
var hostile = []string{
	"\x1b[2J\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b31m", "a\r\nb\tc", "\u202egnp.exe", "zero\u200bwidth", "\u009b2J",
	"bad \xff\xfe utf-8", "null\x00", "| a | b |", "`code` **bold** _it_ <script>alert(1)</script>", "[x](javascript:1) ![i](http://e/x)",
	"@everyone #1 $x$ ~~s~~", "=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "＝1", "a,b\"c\"", "\\`", "tag\U000e0041s", "line\u2028sep",
	"- item", "1. item", "---", "===", "GH-12 o/r#3 www.example.com :tada: a@b.example", "[ ] todo", "[^1]: note", "\\|", "~~~",
}

// hostileView has each text in each place.
func hostileView() View {
	run := sampleRun()
	run.Cells = nil
	for _, h := range hostile {
		c := sampleCell(h, h, h, h, bench.Failed, bench.Measures{}, []string{h, "why " + h}, []string{h})
		c.Family, c.Front, c.Group, c.ScheduleHash, c.Command = h, h, bench.Group(h), h, []string{h}
		c.Attempts[0].Record, c.Attempts[0].Log = h, h
		run.Cells = append(run.Cells, c)
		run.ID, run.Benchrun, run.StartedAt, run.Mode = run.ID+h, run.Benchrun+h, run.StartedAt+h, run.Mode+bench.Mode(h)
		run.Args = append(run.Args, h)
		e := &run.Environment
		for _, s := range []*string{&e.Testbed, &e.Hostname, &e.OS, &e.Kernel, &e.CPUModel, &e.Supervision, &e.Limits.User, &e.Limits.How} {
			*s += h
		}
	}
	v := NewView(run)
	v.Folder = strings.Join(hostile, "")
	return v
}

func TestNoRendererLetsControlCharactersThrough(t *testing.T) {
	v := hostileView()
	for name, render := range map[string]func(io.Writer) error{
		"table": func(w io.Writer) error { return Table(w, v, TableOptions{Width: 80, Verbose: true}) },
		"wide":  func(w io.Writer) error { return Table(w, v, TableOptions{}) },
		"md":    func(w io.Writer) error { return Markdown(w, v) },
		"csv":   func(w io.Writer) error { return CSV(w, v) },
	} {
		var b strings.Builder
		if err := render(&b); err != nil {
			t.Fatal(name, err)
		}
		for i, r := range b.String() {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == unicode.ReplacementChar) {
				t.Errorf("%s has %U after %q", name, r, b.String()[max(0, i-40):i])
			}
		}
	}
}

func TestHostileTextKeepsItsPlace(t *testing.T) {
	v := hostileView()
	var b strings.Builder
	if err := Table(&b, v, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	// Heading, rule, then per cell a row, two reasons and the flag.
	lines := strings.Split(b.String(), "\n")
	for i := range v.Rows {
		if row := lines[2+4*i]; !strings.Contains(row, "✗ failed") {
			t.Errorf("row %d is %q", i, row)
		}
	}
	b.Reset()
	if err := CSV(&b, v); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != len(hostile)+1 {
		t.Fatalf("csv: %d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if strings.IndexAny(cell, "=+-@＝\t\r") == 0 {
				t.Errorf("a spreadsheet would run %q in column %s", cell, rows[0][i])
			}
		}
	}
}

func TestMarkdownEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"a|b": `a\|b`, "`x`": "\\`x\\`", "<b>": "&lt;b&gt;", "*_~": `\*\_\~`, "[a](b)": `\[a\](b)`, `\|`: `\\\|`, "&lt;": "&amp;lt;",
		"@all": "@<!-- -->all", "#1 $x$ !": `\#<!-- -->1 <span>$</span>x<span>$</span> \!`, "✓ 97.3 %": "✓ 97.3 %",
		"http://e www.e GH-1": "http:<!-- -->//e www<!-- -->.e GH-<!-- -->1", ":cat:dog: 12:30:00": ":<!-- -->cat:<!-- -->dog: 12:30:00",
	} {
		if got := escaped(in); got != want {
			t.Errorf("%q is escaped to %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"- x": `\- x`, "+1": `\+1`, "---": `\---`, "12. x": `12\. x`, "3)": `3\)`, "0.5 s": "0.5 s", "# x": `\#<!-- --> x`, "1-2": "1-2"} {
		if got := item(in); got != want {
			t.Errorf("as an item, %q is %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"a": "`a`", "a`b": "``a`b``", "`": "`` ` ``"} {
		if got := code(in); got != want {
			t.Errorf("code %q is %q, want %q", in, got, want)
		}
	}
	// Every row of the table has as many cells as its heading.
	var b strings.Builder
	if err := Markdown(&b, hostileView()); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "|") {
			rows++
			plain := strings.ReplaceAll(strings.ReplaceAll(line, `\\`, ""), `\|`, "")
			if got := strings.Count(plain, "|"); got != len(tableColumns())+1 {
				t.Errorf("%d bars in %q", got, line)
			}
		}
	}
	if rows != len(hostile)+2 {
		t.Errorf("%d table lines for %d cells", rows, len(hostile))
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"one two three", 7, "one two|three"}, {"one two", 0, "one two"}, {"", 5, ""}, {"abcdefgh", 3, "abc|def|gh"},
		{"a abcdef b", 4, "a|abcd|ef b"}, {"日本語", 4, "日本|語"}, {"ab", 1, "a|b"}, {"日", 1, "日"},
	} {
		if got := strings.Join(wrap(c.in, c.width), "|"); got != c.want {
			t.Errorf("wrap(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
	for in, want := range map[string]string{"abcdef": "abc…", "abcd": "abcd", "日本語": "日…"} {
		if got := shorten(in, 4); got != want {
			t.Errorf("shorten(%q) = %q, want %q", in, got, want)
		}
	}
}
