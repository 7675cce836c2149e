package html

import (
	"net/url"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// Existing files of a run are linked with a correct address, whatever their names are. Missing
// ones are only named.
func TestFilesAreLinked(t *testing.T) {
	names := []string{"records/a b.ndjson.gz", "records/100%25 #1?.gz", "logs/javascript:alert(1)", "javascript:alert(1)", "records/ü\"'<b>", "//host/share"}
	there := map[string]string{}
	run := bench.Run{}
	for i, name := range names {
		there[name] = name
		c := cellOf("s"+strings.Repeat("x", i), "default", "wedge-1pct", bench.Failed, 1)
		c.Attempts[0].Record, c.Attempts[0].Log = name, "logs/gone.log"
		run.Cells = append(run.Cells, c)
	}
	there["//host/share"] = "./host/share" // what filepath.Rel would make of it
	page := renderWith(t, run, Options{Find: func(rel string) (string, bool) { path, ok := there[rel]; return path, ok }})
	doc := parse(t, page)
	for i, story := range find(doc, ".story") {
		var links []string
		for _, a := range find(find(story, "dl.how")[0], "a") {
			links = append(links, attr(a, "href"))
			if textOf(a) != names[i] {
				t.Errorf("the link reads %q", textOf(a))
			}
		}
		if len(links) != 1 {
			t.Fatalf("%d links to files: %q", len(links), links)
		}
		u, err := url.Parse(links[0])
		if err != nil || u.IsAbs() || u.Host != "" || u.RawQuery != "" || u.Fragment != "" || strings.TrimPrefix(u.Path, "./") != strings.TrimPrefix(there[names[i]], "./") {
			t.Errorf("%q is linked as %q: %+v, %v", names[i], links[0], u, err)
		}
	}
	if strings.Contains(page, "logs/gone.log") {
		t.Error("a log that is not there is named")
	}
	for _, a := range find(parse(t, render(t, run, nil)), "a") {
		if !strings.HasPrefix(attr(a, "href"), "#") {
			t.Errorf("a link to a file of no folder: %s", attr(a, "href"))
		}
	}
}

// Where an attempt is listed, the page says what ran beside it.
func TestAttemptsTellWhatRanBeside(t *testing.T) {
	c := cellOf("alpha", "default", "wedge-1pct", bench.Failed, 1)
	again := c.Attempts[0]
	c.Attempts[0].Company, c.Attempts[0].Disturbed, c.Attempts[0].Published = 2, true, false
	again.Attempt = 2
	c.Attempts = append(c.Attempts, again)
	text := textOf(parse(t, render(t, bench.Run{Cells: []bench.Cell{c}}, nil)))
	for _, want := range []string{
		"attempt 1: failed, H 1.0 %; 2 other cells at most ran beside it and may have disturbed it, so the next one ran alone",
		"attempt 2: failed, H 1.0 %, shown here",
		"other cells ran beside 1 of 2 attempts, up to 3 cells at once; 1 was made again alone",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

// All doubts of one cause are one line, which unfolds to each of them.
func TestDoubtsFold(t *testing.T) {
	c := cellOf("alpha", "default", "wedge-1pct", bench.Failed, 1)
	rec := record(4, 30, 3)
	for i := range int64(25) {
		from := (5 + i) * second
		rec.Doubts = append(rec.Doubts, bench.Doubt{From: from, To: from + second + second/10, Cause: "host-busy", Note: "other programs used 1.7 CPUs"})
	}
	rec.Doubts = append(rec.Doubts, bench.Doubt{From: 6 * second, To: 7 * second, Cause: "observer-gap"}, bench.Doubt{Cause: "control-dead"},
		bench.Doubt{Cause: "control-dead"}, bench.Doubt{From: 5 * second, To: 6 * second, Cause: "control-dead"})
	page := render(t, bench.Run{Cells: []bench.Cell{c}}, []Story{story(c, rec, "")})
	doc := parse(t, page)
	folds := find(doc, "details.doubt")
	if len(folds) != 2 || textOf(find(folds[0], "summary")[0]) != "host-busy, 25 seconds" || len(find(folds[0], "li")) != 25 ||
		textOf(find(folds[0], "li")[0]) != "host-busy: other programs used 1.7 CPUs (0.7 to 1.8 s)" || attr(folds[0], "open") != "" {
		t.Errorf("%d folds", len(folds))
	}
	if text := textOf(find(folds[1], "summary")[0]); text != "control-dead, the whole record" {
		t.Error(text)
	}
	if text := textOf(find(doc, "dl.how")[0]); !strings.Contains(text, "doubt observer-gap (1.7 to 2.7 s)") {
		t.Error(text)
	}
}
