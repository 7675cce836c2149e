package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func annotationsOf(t *testing.T, run bench.Run, findings ...bench.Finding) []string {
	t.Helper()
	var b bytes.Buffer
	if err := Annotations(&b, run, findings, nil); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestAnnotations(t *testing.T) {
	var b bytes.Buffer
	if err := Annotations(&b, sampleRun(), nil, []string{"waiver: w.yaml:3: expired\non 2020-12-31"}); err != nil {
		t.Fatal(err)
	}
	if want := "::warning title=benchrun::waiver: w.yaml:3: expired on 2020-12-31\n"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in %s", want, b.String())
	}
	got := annotationsOf(t, sampleRun(), sampleFindings()...)
	want := []string{
		"::error title=gunicorn/default/wedge-1pct::want verdict >= degraded, seen failed%0A",
		"::error title=waitress/default/wedge-1pct::flagged flaky%0AH 97.9 %25: lost",
		"::error title=mod_wsgi/default/segfault-1pct::the host stalled%0A",
		"::warning title=mod_wsgi/hardened/segfault-1pct::broken; no gate fails because of it%0A",
	}
	if len(got) != len(want) {
		t.Fatalf("%d lines:\n%s", len(got), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
	if got = annotationsOf(t, sampleRun()); len(got) != 3 || !strings.Contains(got[1], "::flaky: its attempts disagree%0Adegraded; no gate") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// A text from outside can neither end its command nor begin another.
func TestAnnotationsEscape(t *testing.T) {
	run := bench.Run{Cells: []bench.Cell{{Server: "a,b:c%", Profile: "p\r\n::error::x", Scenario: "s", Verdict: bench.Failed, Reasons: []string{"1%0A,:\n::add-mask::y"}}}}
	got := annotationsOf(t, run)
	if want := "::warning title=a%2Cb%3Ac%25/p  %3A%3Aerror%3A%3Ax/s::failed; no gate fails because of it%0A1%250A,: ::add-mask::y"; len(got) != 1 || got[0] != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAnnotationsAreCapped(t *testing.T) {
	for _, cells := range []int{MostAnnotations, MostAnnotations + 1, 200} {
		run := bench.Run{}
		var findings []bench.Finding
		for i := range 2 * cells {
			run.Cells = append(run.Cells, bench.Cell{Server: "s", Profile: "p", Scenario: fmt.Sprint(i), Verdict: bench.Failed})
			if i < cells {
				findings = append(findings, bench.Finding{Cell: i, Broken: true, By: "rule", Text: "x"})
			}
		}
		got := annotationsOf(t, run, findings...)
		if len(got) != 2*MostAnnotations {
			t.Fatalf("%d lines of %d cells", len(got), cells)
		}
		more := fmt.Sprintf("::error title=benchrun::%d more", cells-MostAnnotations+1)
		if last := got[MostAnnotations-1]; (cells > MostAnnotations) != strings.HasPrefix(last, more) {
			t.Errorf("%d cells: %s", cells, last)
		}
	}
}

func TestStepSummary(t *testing.T) {
	write := func(room int) string {
		var b bytes.Buffer
		if err := StepSummary(&b, sampleView(), append(sampleFindings(), bench.Finding{Cell: bench.WholeRun, By: "run", Text: "a|b"}), []string{"waived: c*d"}, room); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	all := write(MostSummaryBytes)
	for _, want := range []string{
		"- **broken** gunicorn 23.0.0 default wedge-1pct: want verdict &gt;= degraded, seen failed\n",
		"- **not measured** a\\|b\n", "- waived: c\\*d\n", "benchrun judge benchrun-out/",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	for room := range len(all) {
		got := write(room)
		kept, cut := strings.CutSuffix(got, fmt.Sprintf("\n**Cut here:** GitHub accepts no more than %s bytes. The run's folder has everything.\n", bench.Grouped(len(all))))
		if len(got) > room || got != "" && (!cut || !strings.HasPrefix(all, kept) || kept != "" && !strings.HasSuffix(kept, "\n")) {
			t.Fatalf("room %d: %q", room, got)
		}
	}
}
