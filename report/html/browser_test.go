package html

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// chromium is the path of the browser in Debian's package.
const chromium = "/usr/bin/chromium"

// browse opens a file without a window and returns the browser's output.
func browse(t *testing.T, path string, flags ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	args := []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr", "--v=0", "--user-data-dir=" + t.TempDir()}
	cmd := exec.CommandContext(ctx, chromium, append(append(args, flags...), "file://"+path)...)
	var out, logged bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &logged, 5*time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", chromium, flags, err, logged.String())
	}
	return out.String(), logged.String()
}

// complaints are the lines that a page or its policy wrote to the console.
func complaints(stderr string) []string {
	var out []string
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, "CONSOLE") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// TestInTheBrowser opens the page from a file in Debian's Chromium. It shows what the run says,
// writes no complaint, obeys its policy, fits a phone, and follows the reader's colour scheme.
func TestInTheBrowser(t *testing.T) {
	if _, err := os.Stat(chromium); err != nil {
		t.Skipf("no %s here (apt-get install chromium): the page is not opened in a browser", chromium)
	}
	dir := t.TempDir()
	run, stories := sample()
	page := render(t, run, stories)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	report := write("report.html", page)

	dom, stderr := browse(t, report, "--dump-dom")
	content(t, dom, run)
	if c := complaints(stderr); len(c) > 0 {
		t.Errorf("the console says %q", c)
	}
	for _, what := range []string{"article", "div.strip", "figure", "td", "path", "details"} {
		if got, want := len(find(parse(t, dom), what)), len(find(parse(t, page), what)); got != want || got == 0 {
			t.Errorf("%d of %s in the browser, %d written", got, what, want)
		}
	}

	// If a script got into the page, the policy would stop it, and the console would say so.
	const script = "<script>" + measured + "; document.title = measured()</script>"
	scripted := strings.Replace(page, "</main>", "</main>"+script, 1)
	dom, stderr = browse(t, write("scripted.html", scripted), "--dump-dom")
	if title := textOf(find(parse(t, dom), "title")[0]); title != "3 servers, 3 of 6 cells held: alpha, beta, gamma – benchrun" || len(complaints(stderr)) == 0 {
		t.Errorf("a script changed the title to %q; the console says %q", title, complaints(stderr))
	}

	unfolds(t, write, page)

	// Without the policy, the script measures the page. Nothing may be wider than the window,
	// also with wide names. Many tiles get the longest possible text.
	measuring := func(page string) string { return strings.Replace(page, "</main>", "</main>"+script, 1) }
	pages := map[string]string{"few": measuring(page), "published": measuring(render(t, published(), nil))}
	others := published()
	others.Cells = slices.DeleteFunc(others.Cells, func(c bench.Cell) bool { return c.OtherReason() == "" && c.Family != "slow" })
	for i := range others.Cells { // few scenarios give wide tiles
		others.Cells[i].Scenario = fmt.Sprintf("slow-%d-1pct", i%3)
	}
	pages["others"] = measuring(render(t, others, nil))
	broad, told := broad()
	pages["broad"] = measuring(render(t, broad, told))
	long := strings.Repeat("x", 300)
	for i, c := range run.Cells {
		c.Server, c.Profile, c.Scenario, c.Reasons, c.Command = c.Server+long, long, c.Scenario+long, []string{long}, []string{long}
		run.Cells[i] = c
		stories[i%7].Server, stories[i%7].Profile, stories[i%7].Scenario = c.Server, c.Profile, c.Scenario
	}
	pages["long"] = measuring(render(t, run, stories))
	fits(t, write, map[string]bool{"few": true, "published": true, "broad": true, "others": true}, pages)

	light, dark := paper(t, report, dir, 1), paper(t, report, dir, 0)
	if light < 0.9 || dark > 0.2 {
		t.Errorf("paper is %.2f bright in light mode, %.2f in dark mode", light, dark)
	}
}

// paper is the brightness of the page's corner under a colour scheme (0 dark, 1 light). It also
// checks that something is drawn on it.
func paper(t *testing.T, path, dir string, scheme int) float64 {
	t.Helper()
	shot := filepath.Join(dir, fmt.Sprintf("shot-%d.png", scheme))
	browse(t, path, "--screenshot="+shot, "--window-size=800,1600", fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme))
	f, err := os.Open(shot)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	bright := func(x, y int) float64 {
		r, g, b, _ := img.At(x, y).RGBA()
		return float64(r+g+b) / 3 / 0xffff
	}
	corner, inked := bright(2, 2), 0
	size := img.Bounds().Size()
	for y := 0; y < size.Y; y += 3 {
		for x := 0; x < size.X; x += 3 {
			if d := bright(x, y) - corner; d > 0.05 || d < -0.05 {
				inked++
			}
		}
	}
	if share := float64(inked) / float64(size.X*size.Y/9); share < 0.03 || share > 0.8 {
		t.Errorf("%.0f %% of the page is drawn on", share*100)
	}
	return corner
}
