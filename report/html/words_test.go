package html

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/report"
)

func viewOf(cells ...bench.Cell) report.View { return report.NewView(bench.Run{Cells: cells}) }

func answerOf(run bench.Run) string {
	var b strings.Builder
	for _, c := range answer(newMatrix(cells(run, report.NewView(run), nil))) {
		b.WriteString(c.Text)
	}
	return b.String()
}

func TestAnswer(t *testing.T) {
	run, _ := sample()
	want := "1 of 4 targets kept serving everybody else under wedge-1pct and segfault-1pct: alpha hardened; " +
		"2 did not: alpha default (failed under wedge-1pct), beta default (degraded under wedge-1pct; broken under segfault-1pct); " +
		"nothing is claimed about 1: gamma default (invalid under wedge-1pct; unsupported under segfault-1pct)."
	if got := answerOf(run); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	run.Cells = nil
	if got := answerOf(run); got != "No cell was measured." {
		t.Error(got)
	}
	for _, p := range []string{"a", "b", "c", "d", "e"} {
		run.Cells = append(run.Cells, cellOf("alpha", p, "wedge-1pct", bench.Failed, 1), cellOf("beta-"+p, "x", "wedge-1pct", bench.Held, 99))
	}
	if got := answerOf(run); !strings.Contains(got, "5 did not: alpha (a, b, c, d, e).") {
		t.Error(got)
	}
	for i := range 100 {
		run.Cells = append(run.Cells, cellOf("s"+strings.Repeat("i", i), "x", "wedge-1pct", bench.Held, 99))
	}
	if got := answerOf(run); len(got) > 700 || !strings.Contains(got, " and 93 more; ") {
		t.Error(got)
	}
}

// With one target, the answer is a sentence about it.
func TestAnswerAboutOneTarget(t *testing.T) {
	of := func(verdicts ...bench.Verdict) bench.Run {
		var run bench.Run
		for i, v := range verdicts {
			run.Cells = append(run.Cells, cellOf("alpha", "default", string(rune('a'+i))+"-1pct", v, 50))
		}
		return run
	}
	for want, run := range map[string]bench.Run{
		"alpha default kept serving everybody else under a-1pct.":                                                                                           of(bench.Held),
		"alpha default did not keep serving everybody else: failed under a-1pct, b-1pct; degraded under c-1pct.":                                            of(bench.Failed, bench.Failed, bench.Degraded),
		"alpha default kept serving everybody else under a-1pct and c-1pct; failed under b-1pct.":                                                           of(bench.Held, bench.Failed, bench.Held),
		"Nothing is claimed about alpha default: invalid under a-1pct.":                                                                                     of(bench.Invalid),
		"alpha default kept serving everybody else under a-1pct. Nothing is claimed about the others: invalid under b-1pct.":                                of(bench.Held, bench.Invalid),
		"alpha default kept serving everybody else under 5 of 6 scenarios; failed under a-1pct. Nothing is claimed about the others: invalid under g-1pct.": of(bench.Failed, bench.Held, bench.Held, bench.Held, bench.Held, bench.Held, bench.Invalid),
	} {
		if got := answerOf(run); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestAgain(t *testing.T) {
	run, _ := sample()
	for i, want := range map[int]string{
		0: "benchrun --server alpha@1.2.3 --profile default --scenario wedge-1pct --seed 11 --full --server-file 'my file.yaml'",
		4: "benchrun --server beta --profile default --scenario wedge-1pct --seed 11 --full --server-file 'my file.yaml'",
	} {
		if got := report.Again(run, run.Cells[i]); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	run.Mode, run.Args = bench.ModeQuick, []string{"--config", "x.yaml", "--python=/usr/bin/python3.12", "--verbose", "--config=", "-s"}
	if got := report.Again(run, run.Cells[4]); got != "benchrun --server beta --profile default --scenario wedge-1pct --seed 11 --python /usr/bin/python3.12 --config ''" {
		t.Error(got)
	}
}

func TestTrust(t *testing.T) {
	run, stories := sample()
	run.Cells[0].Measures.Set("control_misses", 3, 200)
	run.Cells[4].Flags = []string{"flaky"}
	run.Cells[0].Attempts = append(run.Cells[0].Attempts, bench.Attempt{Attempt: 2, Verdict: bench.Failed})
	stories[0].Seconds[5].Why = "a stall"
	got := map[string]string{}
	for _, f := range trust(run, report.NewView(run), stories, Options{Folder: "out/a b"}) {
		got[f.About] = f.Text
	}
	for about, want := range map[string]string{
		"noise":        "3 control requests missed the SLO, in 1 cell; 1 of 42 seconds with faults do not count; 1 of 8 cells invalid: gamma/default/wedge-1pct",
		"confirmation": "each verdict other than held rests on 1 attempt; attempts disagreed in 1 cell",
		"judge again":  "benchrun judge 'out/a b'",
		"supervision":  "pid-namespace; 1.5 CPUs, user nobody",
	} {
		if got[about] != want {
			t.Errorf("%s: %q, want %q", about, got[about], want)
		}
	}
	if !strings.Contains(got["machine"], "2 CPUs, 4 GiB") || !strings.HasPrefix(got["run"], run.ID+", full, seed 11, begun ") {
		t.Errorf("%v", got)
	}
}

func TestLossText(t *testing.T) {
	s := story(bench.Cell{}, record(4, 6, 3, lostIn{0, 3, bench.HTTP5xx}, lostIn{1, 40, bench.TimedOut}, lostIn{2, 1, "\x1b[2J"}), "")
	if got := lossText(s); got != "40 timeout, 3 http 5xx, 1 unknown" {
		t.Error(got)
	}
	if got := lossText(Story{}); got != "nothing was recorded" {
		t.Error(got)
	}
}

// With many scenarios, the answer counts cells, names the targets that held most, and says for
// how many cells nothing is claimed.
func TestOverview(t *testing.T) {
	run, _ := broad()
	want := "34 of 69 cells held (hardened 32 of 32, default 2 of 37): in each of them, the server kept serving everybody else under one of 8 scenarios. " +
		"4 targets held in all their cells: server-0 hardened, server-1 hardened, server-2 hardened, server-3 hardened. " +
		"Nothing is claimed about 3 cells (2 invalid, 1 unsupported)."
	run.Cells[70].Verdict, run.Cells[71].Verdict = bench.Invalid, bench.Held
	got := answerOf(run)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for i := range run.Cells {
		if i%8 == 0 {
			run.Cells[i].Verdict = bench.Failed
		}
	}
	if got := answerOf(run); !strings.Contains(got, "No target held in all its cells; next: server-0 hardened (7 of 8), server-1 hardened (7 of 8), ") {
		t.Error(got)
	}
	for i := range run.Cells {
		run.Cells[i].Verdict = bench.Invalid
	}
	if got := answerOf(run); got != "Nothing is claimed about 72 cells (72 invalid)." {
		t.Error(got)
	}
}

// The report says what each flag means, in the words of every other page.
func TestFlagText(t *testing.T) {
	for _, f := range bench.FlagTable {
		if got := flagText(f.Name); got != f.Name+": "+f.Text {
			t.Errorf("%s is explained by %q", f.Name, got)
		}
	}
	if got := flagText("of-another-version"); got != "of-another-version" {
		t.Errorf("an unknown flag is explained by %q", got)
	}
}
