package html

import (
	"fmt"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// measured tells how wide a page is and has room for, and how high the lowest
// of the things is that a finger must hit. In a frame it tells the page around.
const measured = `
function measured() {
	let low = 1e9, what = ''
	for (const e of document.querySelectorAll('a, summary')) {
		const h = e.getBoundingClientRect().height
		if (h > 0 && h < low) { low = h; what = e.textContent.trim().slice(0, 20).replace('|', ' ') }
	}
	const text = document.documentElement.scrollWidth + ' of ' + innerWidth + ' low ' + Math.round(low) + ' ' + what
	if (parent !== window) parent.postMessage(text, '*')
	return text
}`

// broad is a run whose matrix is wide: nine targets under eight scenarios, with
// a cell of each verdict.
func broad() (bench.Run, []Story) {
	run, _ := sample()
	run.Cells = nil
	var stories []Story
	for i := range 72 {
		verdict := bench.Held
		switch profile := i / 8 % 2; {
		case i < 6:
			verdict = bench.Verdict(i)
		case profile == 0:
			verdict = bench.Failed
		}
		c := cellOf(fmt.Sprintf("server-%d", i/16), []string{"default", "hardened"}[i/8%2], fmt.Sprintf("wedge-sideways-%d-1pct", i%8), verdict, 99)
		run.Cells = append(run.Cells, c)
		stories = append(stories, NewStory(c, record(4, 6, 3, lostIn{1, i, bench.TimedOut}), "a line"))
	}
	return run, stories
}

// fits opens pages in frames as wide as a desktop, a tablet and a phone (no
// window of Chromium is as narrow as that): nothing is wider than there is room
// for, and what a finger must hit is high enough (WCAG 2.2 asks for 24 pixels).
func fits(t *testing.T, write func(name, text string) string, pages ...string) {
	t.Helper()
	var frames strings.Builder
	want := 0
	for i, page := range pages {
		name := fmt.Sprintf("measuring-%d.html", i)
		write(name, strings.Replace(page, `http-equiv="Content-Security-Policy"`, `name="x"`, 1))
		for _, width := range []int{1280, 768, 360} {
			fmt.Fprintf(&frames, `<iframe width="%d" height="700" style="border:0" src="%s"></iframe>`, width, name)
			want++
		}
	}
	dom, _ := browse(t, write("frames.html", `<!DOCTYPE html><title></title><script>onmessage = e => { document.title += e.data + '|' }</script>`+frames.String()),
		"--dump-dom", "--virtual-time-budget=10000", "--window-size=1300,900")
	told := strings.Split(strings.Trim(textOf(find(parse(t, dom), "title")[0]), "|"), "|")
	widths := map[int]int{}
	for _, text := range told {
		var needed, room, low int
		if _, err := fmt.Sscanf(text, "%d of %d low %d", &needed, &room, &low); err != nil || needed > room {
			t.Errorf("a page is %q pixels wide: %v", text, err)
		}
		if low < 24 {
			t.Errorf("a finger must hit %q", text)
		}
		widths[room]++
	}
	if len(told) != want || len(widths) != 3 || widths[360] != len(pages) {
		t.Errorf("%d of %d frames told their width: %v", len(told), want, widths)
	}
}

// unfolds holds that a link from the matrix opens the story that it leads to,
// and no other.
func unfolds(t *testing.T, write func(name, text string) string, page string) {
	t.Helper()
	folded := strings.ReplaceAll(page, "<details open>", "<details>")
	if folded == page {
		t.Fatal("no story is unfolded on a page of a few")
	}
	dom, stderr := browse(t, write("folded.html", folded)+"#cell-3", "--dump-dom")
	for i, article := range find(parse(t, dom), "article") {
		open := false
		for _, a := range find(article, "details")[0].Attr {
			open = open || a.Key == "open"
		}
		if open != (i == 2) {
			t.Errorf("after a link to the third story, number %d is open: %v", i+1, open)
		}
	}
	if c := complaints(stderr); len(c) > 0 {
		t.Errorf("the console says %q", c)
	}
}
