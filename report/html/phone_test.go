package html

import (
	"fmt"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// measured is a script that measures a page in its window: its width and the available width;
// the height of the lowest thing that a finger must hit; whether the matrix scrolls, and whether
// the hint says so; how many tiles contain more than fits; how many different heights the rows
// of the matrix have; and how many links in the page lead nowhere. In a frame it measures the
// page around it.
const measured = `
function measured() {
	let low = 1e9, what = ''
	for (const e of document.querySelectorAll('a, summary')) {
		const h = e.getBoundingClientRect().height
		if (h > 0 && h < low) { low = h; what = e.textContent.trim().slice(0, 20).replace('|', ' ') }
	}
	const all = s => [...document.querySelectorAll(s)], scroll = document.querySelector('.scroll')
	const over = all('a.v').filter(e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight ||
		e.getBoundingClientRect().width > e.closest('td').getBoundingClientRect().width)
	const heights = new Set(all('.matrix tbody tr').map(e => e.getBoundingClientRect().height.toFixed(1)))
	const dead = all('a[href^="#"]').filter(e => !document.getElementById(decodeURIComponent(e.hash.slice(1))))
	const text = [document.documentElement.scrollWidth, innerWidth, Math.round(low),
		scroll.scrollWidth > scroll.clientWidth, document.querySelector('.hint').getBoundingClientRect().height > 0,
		over.length, heights.size, dead.length].join(' ') + ' ' + (what + ' ' + over.concat(dead).map(e => e.textContent).join(';')).slice(0, 200)
	if (parent !== window) parent.postMessage(window.name + ' ' + text, '*')
	return text
}`

// broad is a run with a wide matrix: nine targets under eight scenarios, with a cell of each
// verdict.
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
		stories = append(stories, story(c, record(4, 6, 3, lostIn{1, i, bench.TimedOut}), "a line"))
	}
	return run, stories
}

// published is a run like the one that the project publishes. Each cell has the longest possible
// text.
func published() bench.Run {
	run, _ := sample()
	run.Cells = nil
	families := []string{"wedge", "wedge-native", "wedge-gil", "segfault", "slow-upload", "slow-download", "slow", "legit-slow",
		"leak", "big-response", "wedge-spin", "cpu", "io", "cpu-io", "large-upload"}
	for _, target := range []struct{ server, version, profile string }{
		{"wsgiref", "3.11.2", "default"}, {"mod_wsgi", "6.1.1", "hardened"}, {"uwsgi", "2.0.31", "default"}, {"gunicorn", "27.0.1", "hardened"},
		{bench.ReferenceServer, "fa7d9bc", "default"}, {bench.ReferenceServer, "fa7d9bc", "hardened"},
	} {
		for i, family := range families {
			c := cellOf(target.server, target.profile, family+"-10pct", []bench.Verdict{bench.Held, bench.Failed, bench.Broken, bench.Degraded}[i%4], 100)
			c.Version, c.Own = target.version, target.server == bench.ReferenceServer
			c.Measures.SetCensored("time_to_recover", 5.6, 1)
			switch i {
			case 4, 5:
				c.Verdict = []bench.Verdict{bench.Invalid, bench.Unsupported}[i-4]
			case 6, 7:
				c.Verdict, c.Reasons = bench.Failed, []string{[]string{bench.MemoryKept, bench.HonestLost}[i-6] + ": all"}
			case 8:
				delete(c.Measures, "time_to_recover")
			case 9:
				c.Verdict, c.Flags = bench.Failed, []string{bench.FlagWrongBody}
			}
			run.Cells = append(run.Cells, c)
		}
	}
	return run
}

// fits opens pages in frames as wide as a desktop, a tablet and two phones (Chromium has no
// window as narrow as that). Nothing is wider than the space, no tile contains more than fits,
// what a finger must hit is high enough (WCAG 2.2 requires 24 pixels), links lead somewhere, and
// the matrix says that it scrolls exactly if it does. The pages in even have rows of one height.
func fits(t *testing.T, write func(name, text string) string, even map[string]bool, pages map[string]string) {
	t.Helper()
	var frames strings.Builder
	widths := []int{1280, 768, 390, 360}
	for name, page := range pages {
		write("measuring-"+name+".html", strings.Replace(page, `http-equiv="Content-Security-Policy"`, `name="x"`, 1))
		for _, width := range widths {
			fmt.Fprintf(&frames, `<iframe name="%s" width="%d" height="900" style="border:0" src="measuring-%s.html"></iframe>`, name, width, name)
		}
	}
	dom, _ := browse(t, write("frames.html", `<!DOCTYPE html><title></title><script>onmessage = e => { document.title += e.data + '|' }</script>`+frames.String()),
		"--dump-dom", "--virtual-time-budget=10000", "--window-size=1300,900")
	told := strings.Split(strings.Trim(textOf(find(parse(t, dom), "title")[0]), "|"), "|")
	hinted := map[bool]int{}
	for _, text := range told {
		var name string
		var needed, room, low, over, heights, dead int
		var scrolls, hint bool
		if _, err := fmt.Sscan(text, &name, &needed, &room, &low, &scrolls, &hint, &over, &heights, &dead); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if needed > room {
			t.Errorf("page %s is %d pixels wide in a window of %d", name, needed, room)
		}
		if low < 24 {
			t.Errorf("page %s at %d: a finger must hit %q", name, room, text)
		}
		if scrolls != hint {
			t.Errorf("page %s at %d: the matrix scrolls: %v; the hint shows: %v", name, room, scrolls, hint)
		}
		if over > 0 || dead > 0 {
			t.Errorf("page %s at %d: %d tiles overrun, %d links lead nowhere: %q", name, room, over, dead, text)
		}
		if even[name] && heights != 1 {
			t.Errorf("page %s at %d: rows of %d heights", name, room, heights)
		}
		hinted[hint]++
	}
	if len(told) != len(widths)*len(pages) || hinted[true] == 0 || hinted[false] == 0 {
		t.Errorf("%d of %d frames told their width; %v of them hint that the matrix scrolls", len(told), len(widths)*len(pages), hinted)
	}
}

// unfolds checks that a link in the matrix opens the story that it leads to, and no other.
func unfolds(t *testing.T, write func(name, text string) string, page string) {
	t.Helper()
	folded := strings.ReplaceAll(page, "<details open>", "<details>")
	if folded == page {
		t.Fatal("no story is unfolded on a page of a few")
	}
	dom, stderr := browse(t, write("folded.html", folded)+"#alpha-hardened-wedge-1pct", "--dump-dom")
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
