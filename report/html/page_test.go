package html

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"benchrun/internal/bench"
	"benchrun/report"
)

func render(t *testing.T, run bench.Run, stories []Story) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, run, stories, Options{Folder: "out/run"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func renderWith(t *testing.T, run bench.Run, opts Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, run, nil, opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parse(t *testing.T, page string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// below visits everything in a node, in the order of the page.
func below(n *html.Node) iter.Seq[*html.Node] {
	return func(yield func(*html.Node) bool) {
		var walk func(*html.Node) bool
		walk = func(n *html.Node) bool {
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				if !yield(c) || !walk(c) {
					return false
				}
			}
			return true
		}
		walk(n)
	}
}

// find lists the elements that match "tag", ".class" or "tag.class".
func find(n *html.Node, what string) []*html.Node {
	tag, class, _ := strings.Cut(what, ".")
	var out []*html.Node
	for d := range below(n) {
		if d.Type == html.ElementNode && (tag == "" || d.Data == tag) &&
			(class == "" || strings.Contains(" "+attr(d, "class")+" ", " "+class+" ")) {
			out = append(out, d)
		}
	}
	return out
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range below(n) {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// content compares a page with its run: the matrix has every cell's verdict and H, and links to
// its story.
func content(t *testing.T, page string, run bench.Run) {
	t.Helper()
	doc := parse(t, page)
	links, rows := find(doc, "a.v"), report.NewView(run).Rows
	stories := find(doc, ".story")
	if len(links) != len(rows) {
		t.Fatalf("%d cells in the matrix, %d in the run", len(links), len(rows))
	}
	ids := map[string]*html.Node{}
	for _, n := range find(doc, "") {
		if id := attr(n, "id"); id != "" {
			if ids[id] != nil {
				t.Errorf("two elements are %q", id)
			}
			ids[id] = n
		}
	}
	for _, a := range links {
		target := ids[strings.TrimPrefix(attr(a, "href"), "#")]
		if target == nil {
			t.Fatalf("%s leads nowhere", attr(a, "href"))
		}
		i := 1 + slices.IndexFunc(stories, func(n *html.Node) bool { return n == target })
		if i == 0 {
			t.Fatalf("%s leads to no story", attr(a, "href"))
		}
		// When a link's target is inside a fold, the browser unfolds it.
		fold := target.Parent
		story := fold.Parent
		if fold.Data != "details" || story.Data != "article" {
			t.Fatalf("story %d lies in <%s> in <%s>", i, fold.Data, story.Data)
		}
		back := find(find(story, "p.back")[0], "a")[0]
		if row := ids[strings.TrimPrefix(attr(back, "href"), "#")]; row == nil || row.Data != "tr" || !slices.Contains(find(row, "a.v"), a) {
			t.Errorf("%s does not lead back to the row of cell %d", attr(back, "href"), i)
		}
		row := rows[i-1]
		glyph, verdict, _ := strings.Cut(report.Badge(row.Verdict), " ")
		want := fmt.Sprintf("%s %s %s", glyph, row.H, verdict)
		switch {
		case row.Other != "":
			want = fmt.Sprintf("%s %s %s", glyph, row.Other, verdict)
		case row.Recover != report.None && row.Verdict != bench.Broken:
			want += " · " + row.Recover
		}
		if got := textOf(a); got != strings.Join(strings.Fields(want), " ") {
			t.Errorf("cell %d reads %q, want %q", i, got, want)
		}
		head := textOf(find(story, "h3")[0])
		if want := report.Badge(row.Verdict) + " " + row.Target + " " + row.Scenario; head != strings.Join(strings.Fields(want), " ") {
			t.Errorf("story %d is headed %q, want %q", i, head, want)
		}
		body := textOf(story)
		for _, reason := range row.Reasons {
			if !strings.Contains(body, strings.Join(strings.Fields(reason), " ")) {
				t.Errorf("story %d does not give the reason %q", i, reason)
			}
		}
	}
	for _, use := range find(doc, "use") {
		if ids[strings.TrimPrefix(attr(use, "href"), "#")] == nil {
			t.Errorf("nothing is drawn for %s", attr(use, "href"))
		}
	}
}

func TestPageStructure(t *testing.T) {
	run, stories := sample()
	page := render(t, run, stories)
	content(t, page, run)
	doc := parse(t, page)
	for what, want := range map[string]int{"h1": 1, "article": 8, "section.strips": 2, "div.strip": 8 + 2, "figure": 7, "use": 7 * 3, "pre": 7,
		"section.matrix": 1, "section.trust": 1, "script": 0, "img": 0, "link": 0, "iframe": 0, "td": 8} {
		if got := len(find(doc, what)); got != want {
			t.Errorf("%d of %s, want %d", got, what, want)
		}
	}
	order := []string{"<h1>", `class="matrix"`, `class="trust"`, `class="strips"`, "<article>"}
	for i := 1; i < len(order); i++ {
		if strings.Index(page, order[i-1]) > strings.Index(page, order[i]) {
			t.Errorf("%s comes before %s", order[i], order[i-1])
		}
	}
	for _, th := range find(doc, "th") {
		if s := attr(th, "scope"); s != "col" && s != "row" {
			t.Errorf("a heading of nothing: %q", textOf(th))
		}
	}
	named := 0
	for _, svg := range find(doc, "svg") {
		if attr(svg, "role") == "img" {
			named++
			if first := find(svg, "")[0]; first.Data != "title" || textOf(first) == "" {
				t.Error("a figure without a title")
			}
		}
	}
	if named != 7+7 {
		t.Errorf("%d figures with a title", named)
	}
	first := find(doc, "article")[0]
	text := textOf(first)
	for _, want := range []string{"aged: slots were taken", "python3 -m alpha --args 'a b'", "benchrun --server alpha@1.2.3 --profile default",
		"log of cell 0", "1 process born, 1 died (1 by SIGSEGV) before shutdown", "attempt 1: failed, H 45.7 %, records/alpha.ndjson.gz", "45.7 %"} {
		if !strings.Contains(text, want) {
			t.Errorf("the first story lacks %q: %s", want, text)
		}
	}
	if last := textOf(find(doc, "article")[7]); !strings.Contains(last, "Nothing was recorded") {
		t.Error("a cell without a story does not say so")
	}
}

func TestPageAsksForNothing(t *testing.T) {
	run, stories := sample()
	page := render(t, run, stories)
	for _, n := range find(parse(t, page), "") {
		for _, a := range n.Attr {
			if a.Key == "src" || a.Key == "srcset" || a.Key == "action" || strings.HasPrefix(a.Key, "on") ||
				(a.Key == "href" && !strings.HasPrefix(a.Val, "#")) || a.Key == "style" {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
	for _, bad := range []string{"@import", "url(http", "url(//", "expression("} {
		if strings.Contains(style, bad) {
			t.Errorf("the style sheet has %s", bad)
		}
	}
}

func TestHostileTextIsShownNotObeyed(t *testing.T) {
	hostile := []string{"<script>alert(1)</script>", `"><img src=http://e/x onerror=alert(1)>`, "</style><b>", "</title></svg><script>", "]]>", "--><!--",
		"\x1b[2J\x1b[31mred", "\u202egnp.exe", "zero\u200bwidth", "null\x00", "bad \xff utf-8", "a\r\nb\tc", "line\u2028sep", "&lt;&#0;", "javascript:alert(1)", "{{.}}", "`'"}
	run, _ := sample()
	run.Cells = nil
	var stories []Story
	for _, h := range hostile {
		c := cellOf(h, h, h, bench.Failed, 10)
		c.Version, c.Front, c.Command, c.Reasons, c.Flags = h, h, []string{h, h}, []string{h}, []string{h}
		c.Attempts[0].Record, c.Attempts[0].Log = h, h
		c.Measures["h"] = bench.Measure{Value: c.Measures["h"].Value, Unit: h, Censored: h}
		run.Cells = append(run.Cells, c)
		run.ID, run.Mode, run.FinishedAt = run.ID+h, run.Mode+bench.Mode(h), run.FinishedAt+h
		run.Args = append(run.Args, h, "--python", h)
		run.Environment.Hostname += h
		run.Environment.Limits.User += h
		rec := record(2, 2, 1, lostIn{0, 5, bench.Outcome(h)})
		rec.Head.MemorySource = h
		rec.Procs = []bench.ProcEvent{{T: 3 * second, Event: bench.Died, Name: h, Exit: &bench.ExitStatus{Signal: h}}}
		rec.Doubts = []bench.Doubt{{From: second, To: 2 * second, Cause: h, Note: h}}
		stories = append(stories, story(c, rec, strings.Repeat(h+"\n", 3)))
	}
	page := render(t, run, stories)
	for i, r := range page {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == unicode.ReplacementChar) {
			t.Fatalf("%U after %q", r, page[max(0, i-60):i])
		}
	}
	clean := run
	clean.Cells = append([]bench.Cell{}, run.Cells...)
	content(t, page, clean)
	// Hostile text makes no element that an honest page has not.
	allowed := map[string]bool{}
	honest, told := sample()
	for _, n := range find(parse(t, render(t, honest, told)), "") {
		allowed[n.Data] = true
	}
	for _, n := range find(parse(t, page), "") {
		if !allowed[n.Data] {
			t.Errorf("an element <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || (a.Key == "href" && !strings.HasPrefix(a.Val, "#")) {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
	}
}

// many is a run of n cells under three scenarios, with all that a cell can have.
func many(n int) (bench.Run, []Story) {
	run, _ := sample()
	run.Cells = nil
	var stories []Story
	for i := range n {
		c := cellOf(fmt.Sprintf("server-%d", i/6), fmt.Sprintf("profile-%d", i/3%2), fmt.Sprintf("wedge-%dpct", i%3), bench.Failed, 50)
		for _, spec := range bench.MeasureTable {
			c.Measures.Set(spec.Name, 1234.5, 10)
		}
		c.Reasons = []string{strings.Repeat("a long reason ", 8), strings.Repeat("another one ", 8), strings.Repeat("theory ", 12)}
		var lost []lostIn
		for s := range 18 { // no second like the one before
			lost = append(lost, lostIn{s, 17 * (s + i) % 90, bench.VictimLosses[(s+i)%3]})
		}
		rec := record(4, 13, 5, lost...)
		for s := range int64(13) {
			rec.Procs = append(rec.Procs, bench.ProcEvent{T: (5 + s) * second, PID: int(s), Event: bench.Died, Exit: &bench.ExitStatus{Signal: "SIGSEGV"}},
				bench.ProcEvent{T: (5+s)*second + 1e7, PID: 100 + int(s), Event: bench.Born})
		}
		run.Cells = append(run.Cells, c)
		stories = append(stories, story(c, rec, strings.Repeat("[2026-11-21 13:05:54 +0000] [15] [INFO] Booting worker with a pid\n", 60)))
	}
	return run, stories
}

// TestSizeAndTime: 100 cells with every measure fit into 940 kB, so that 210 stay below 2 MB. Drawing them costs no more than a
// few times what counting does, and grows with their number, not with its square: by CPU time,
// since other programs may take turns with this one.
func TestSizeAndTime(t *testing.T) {
	began := cpuTime(t)
	run, stories := many(100)
	counting := cpuTime(t) - began
	took := func(n int) time.Duration {
		best := time.Hour
		for range 3 {
			began := cpuTime(t)
			render(t, bench.Run{Cells: run.Cells[:n]}, stories[:n])
			best = min(best, cpuTime(t)-began)
		}
		return best
	}
	ten, hundred := took(10), took(100)
	size := len(render(t, run, stories))
	t.Logf("100 cells: %d bytes; 100 drawn in %v, 10 in %v, 100 built in %v", size, hundred, ten, counting)
	if size > 940_000 {
		t.Errorf("100 cells take %d bytes", size)
	}
	if hundred > 40*ten || hundred > 5*counting {
		t.Errorf("100 cells take %v, 10 take %v, counting %v", hundred, ten, counting)
	}
}

// cpuTime is the CPU time that this program has used so far.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestPageOfLittle(t *testing.T) {
	page := render(t, bench.Run{ID: "x", Interrupted: true}, nil)
	doc := parse(t, page)
	if got := textOf(find(doc, "h1")[0]); got != "No cell was measured." {
		t.Error(got)
	}
	if len(find(doc, "article")) != 0 || !strings.Contains(page, "; interrupted: ") {
		t.Error("an interrupted run without cells does not say so")
	}
}

// TestPageOfTrouble: what was not measured, or not twice alike, says so.
func TestPageOfTrouble(t *testing.T) {
	broken, flaky := cellOf("a", "default", "wedge-1pct", bench.Broken, 0), cellOf("b", "default", "wedge-1pct", bench.Held, 99)
	unsupported, invalid := cellOf("c", "default", "wedge-1pct", bench.Unsupported, 0), cellOf("d", "default", "wedge-1pct", bench.Invalid, 0)
	broken.Reasons = []string{"never ready", "exited with code 1"}
	flaky.Flags = []string{"flaky"}
	flaky.Attempts = append(flaky.Attempts, bench.Attempt{Attempt: 2, Verdict: bench.Failed})
	unsupported.Attempts, unsupported.Command, unsupported.Reasons = nil, nil, nil
	run := bench.Run{ID: "x", Cells: []bench.Cell{broken, flaky, unsupported, invalid}}
	page := render(t, run, []Story{
		story(broken, &bench.Record{Boot: bench.Boot{LogTail: "ImportError: no module"}}, ""),
		story(flaky, record(4, 6, 3), strings.Repeat("a line\n", 9)+strings.Repeat("long", 99)),
	})
	content(t, page, run)
	articles := find(parse(t, page), "article")
	for i, wants := range [][]string{
		{"never ready", "exited with code 1", "Nothing was recorded", "ImportError: no module"},
		{"attempts of the cell disagree", "attempt 1: held, H 99.0 %, shown here", "attempt 2: failed", "1,300 served", "long…"},
		{"Nothing was recorded", "unsupported"},
		{"? invalid", "Nothing was recorded"},
	} {
		text := textOf(articles[i])
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("story %d lacks %q: %s", i+1, want, text)
			}
		}
	}
	if n := strings.Count(textOf(find(articles[1], "pre")[0]), "a line"); n != heldLines-1 {
		t.Errorf("%d lines of the log of what held", n)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteErrors(t *testing.T) {
	run, stories := sample()
	if err := Write(brokenPipe{}, run, stories, Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}
