package html

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"benchrun/internal/bench"
	"benchrun/report"
)

// metas are the page's meta elements, by name or property.
func metas(doc *html.Node) map[string]string {
	out := map[string]string{}
	for _, m := range find(doc, "meta") {
		out[attr(m, "name")+attr(m, "property")] = attr(m, "content")
	}
	return out
}

// The preview of a link to the page names servers and the result.
func TestPreview(t *testing.T) {
	run, _ := sample()
	doc := parse(t, render(t, run, nil))
	const want = "3 servers, 3 of 6 cells held: alpha, beta, gamma"
	got := metas(doc)
	if title := textOf(find(doc, "title")[0]); title != want+" – benchrun" || got["og:title"] != want || got["twitter:title"] != want {
		t.Errorf("title %q, %q", title, got)
	}
	for _, name := range []string{"description", "og:description", "twitter:description"} {
		if text := got[name]; !strings.HasPrefix(text, "1 of 4 targets kept serving everybody else") || len([]rune(text)) > mostDescription || !strings.HasSuffix(text, "…") {
			t.Errorf("%s is %q", name, text)
		}
	}
	if got["twitter:card"] != "summary" || got["og:site_name"] != "benchrun" {
		t.Error(got)
	}
}

func TestTitle(t *testing.T) {
	one := cellOf("gunicorn", "default", "wedge-1pct", bench.Failed, 1)
	two := cellOf("gunicorn", "hardened", "wedge-1pct", bench.Held, 99)
	vague := cellOf("gunicorn", "hardened", "wedge-1pct", bench.Invalid, 0)
	many := bench.Run{}
	for range 40 {
		c := two
		c.Server += strings.Repeat("x", len(many.Cells))
		many.Cells = append(many.Cells, c)
	}
	for want, run := range map[string]bench.Run{
		"no cell was measured":                                 {},
		"gunicorn default failed under wedge-1pct":             {Cells: []bench.Cell{one}},
		"1 server, 1 of 2 cells held: gunicorn":                {Cells: []bench.Cell{one, two}},
		"1 server, 0 of 1 cells held: gunicorn":                {Cells: []bench.Cell{one, vague}},
		"1 server, nothing is claimed about 2 cells: gunicorn": {Cells: []bench.Cell{vague, vague}},
		"40 servers, 40 of 40 cells held: gunicorn, gunicor":   many,
	} {
		got := title(report.NewView(run))
		if !strings.HasPrefix(got, want) || len([]rune(got)) > mostTitle || (got != want && !strings.HasSuffix(got, "…")) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
