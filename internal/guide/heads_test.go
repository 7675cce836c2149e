package guide

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/report"
	"benchrun/report/html"
	"benchrun/scenarios"
)

// headsRun is a run in which reports leave no column and no label out.
func headsRun() (bench.Run, []html.Story) {
	cell := bench.Cell{
		Server: "toy", Version: "1.0", Profile: "default", Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1,
		Verdict: bench.Failed, Reasons: []string{"lost"}, Flags: []string{bench.FlagFlaky}, Command: []string{"toy"},
		Attempts: []bench.Attempt{{Attempt: 1, Verdict: bench.Failed, Record: "r", Log: "l", Company: 1, Note: "n"}}, Measures: bench.Measures{}, Own: true,
		Source: &bench.Source{Version: "1.0"}, Run: "r",
	}
	for _, m := range bench.MeasureTable {
		cell.Measures.Set(m.Name, 3, 1)
	}
	cell.Measures.Set("needed_sigkill", 1, 1)
	run := bench.Run{ID: "20261121-120000-3fa9", Mode: "quick", Cells: []bench.Cell{cell}, Args: []string{"--server", "toy"}}
	run.Environment.Supervision, run.Environment.Testbed, run.Environment.Mixed = "process-group", "1a2b", []string{"kernel"}
	story := html.Story{Server: cell.Server, Version: cell.Version, Profile: cell.Profile, Scenario: cell.Scenario, FamilyVer: 1, Rate: 100,
		Phases: []html.Phase{{Name: bench.MarkFault, To: 2}}, Doubts: []html.Doubt{{Cause: bench.DoubtCompany}},
		Seconds: []html.Second{{To: 1, Counts: map[bench.Outcome]int{}}, {From: 1, To: 2, Why: "host-busy"}}}
	for _, o := range []bench.Outcome{bench.OK, bench.Late, bench.TimedOut, bench.HTTP5xx, bench.Refused, bench.Wrong, bench.Unsent} {
		story.Seconds[0].Counts[o] = 2
	}
	return run, []html.Story{story}
}

// All that a report writes above a column or beside a figure can be looked up.
func TestHeadsOfReportsAreExplained(t *testing.T) {
	run, stories := headsRun()
	v := report.NewView(run)
	v.Folder = "out"
	drawn := func(write func(io.Writer) error) string {
		t.Helper()
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	gaps, cells := regexp.MustCompile(`\s{2,}`), regexp.MustCompile(`\s*\|\s*`)
	split := func(at *regexp.Regexp, line string) []string { return at.Split(strings.Trim(line, " |"), -1) }
	first := func(text, begin string) string { // the first line that begins so
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, begin) {
				return strings.TrimSpace(line)
			}
		}
		t.Errorf("no line begins with %q:\n%s", begin, text)
		return ""
	}
	table := drawn(func(w io.Writer) error { return report.Table(w, v, report.TableOptions{}) })
	heads := map[string][]string{"table": split(gaps, first(table, "target"))}
	_, facts, _ := strings.Cut(table, "1 cell:")
	for _, m := range regexp.MustCompile(`(?m)^(\w+(?: \w+)*)  +\S`).FindAllStringSubmatch(facts, -1) {
		heads["facts"] = append(heads["facts"], m[1])
	}
	narrow := drawn(func(w io.Writer) error { return report.Table(w, v, report.TableOptions{Width: 60}) })
	heads["facts"] = append(heads["facts"], split(gaps, first(narrow, "left out"))[0])
	heads["markdown"] = split(cells, first(drawn(func(w io.Writer) error { return report.Markdown(w, v) }), "| target"))
	heads["matrix"] = split(cells, first(drawn(func(w io.Writer) error { return report.Matrix(w, v) }), "| target"))
	rows, err := csv.NewReader(strings.NewReader(drawn(func(w io.Writer) error { return report.CSV(w, v) }))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	heads["csv"] = rows[0]
	var doc struct{ Cells []map[string]json.RawMessage }
	if err := json.Unmarshal([]byte(drawn(func(w io.Writer) error { return report.JSON(w, run) })), &doc); err != nil {
		t.Fatal(err)
	}
	for key := range doc.Cells[0] {
		heads["json"] = append(heads["json"], key)
	}
	calibration := report.Calibration{Run: run, Rows: []report.CalibrationRow{{Scenario: "wedge-1pct"}}}
	heads["calibration"] = split(gaps, first(drawn(func(w io.Writer) error { return report.CalibrationTable(w, calibration, report.TableOptions{}) }), "scenario"))
	heads["calibration"] = append(heads["calibration"], split(cells, first(drawn(func(w io.Writer) error { return report.CalibrationPage(w, calibration) }), "| scenario"))...)
	duel := report.DuelView{Bouts: []report.DuelRow{{Scenario: "wedge-1pct"}}}
	heads["duel"] = split(gaps, first(drawn(func(w io.Writer) error { return report.Duel(w, duel, 0) }), "scenario"))
	heads["duel"] = append(heads["duel"], split(cells, first(drawn(func(w io.Writer) error { return report.DuelSummary(w, duel, 1e6) }), "| scenario"))...)
	for _, a := range []bench.Answer{bench.DuelSame, bench.DuelWorse, bench.DuelBetter, bench.DuelInvalid} {
		heads["duel"] = append(heads["duel"], string(a))
	}
	page := drawn(func(w io.Writer) error { return html.Write(w, run, stories, html.Options{Folder: "out"}) })
	amount := regexp.MustCompile(`^\d+ `)
	for _, m := range regexp.MustCompile(`<dt>([^<]+)|<th scope="col">(target)|<i class="[^"]*"></i>([^<]+)`).FindAllStringSubmatch(page, -1) {
		heads["html"] = append(heads["html"], amount.ReplaceAllString(strings.Join(m[1:], ""), ""))
	}
	for _, name := range []bench.MarkName{"probe", bench.MarkBoot, bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault, bench.MarkRecovery, bench.MarkShutdown} {
		heads["progress"] = append(heads["progress"], string(name))
	}
	for format, least := range map[string]int{"table": 12, "facts": 6, "markdown": 12, "matrix": 3, "csv": 22 + len(bench.MeasureTable), "json": 17,
		"calibration": 11, "duel": 16, "html": 40, "progress": 7} {
		if len(heads[format]) < least {
			t.Errorf("%s: only %q were found", format, heads[format])
		}
		for _, h := range heads[format] {
			if _, err := Explain(h); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
	}
	for _, want := range []string{"longest outage", "doubt", "does not count", "error answer"} {
		if !slices.Contains(heads["html"], want) {
			t.Errorf("the page has no %q: %q", want, heads["html"])
		}
	}
}

// So can the words that reasons, notes and the method use for them, joined as people type
// them.
func TestWordsOfReasonsAreExplained(t *testing.T) {
	for word, says := range map[string]string{
		"theory": "slots and watchdog", "victim": "ordinary request", "victims": "ordinary request", "jobs": "--jobs", "company": "other cells of the same run",
		"τ": "watchdog (measure", "tau": "holds its slot", "R·p·τ": "a server survives while", "R p tau": "a server survives while",
		"disturbed": "runs alone", "alone": "no other cell", "auto": "--jobs",
		"masked": "do not count", "slot": "slots (measure", "watchdog": "wedged request", "goodput": "h (measure", "blast radius": "blast_radius (measure",
		"Blast-Radius": "blast_radius (measure", "h": "h (measure", "H": "h (measure", "prefork": "starts workers", "open loop": "does not wait",
		"reset": "lost_reset (measure", "orphan": "survivors (measure", "HELD": "verdict",
	} {
		if got, err := Explain(word); err != nil || !strings.Contains(unwrapped(got), says) {
			t.Errorf("%s does not say %q: %v\n%s", word, says, err, got)
		}
	}
}

// A word that a column shows a measure by names one that exists.
func TestWordsNameMeasures(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range bench.WordTable {
		if _, ok := bench.MeasureByName(w.Measure); !ok && w.Measure != "" {
			t.Errorf("%s shows %s, which is no measure", w.Name, w.Measure)
		}
		for _, name := range append([]string{w.Name}, w.Also...) {
			if seen[bench.PlainWord(name)] {
				t.Errorf("%s is in the table twice", name)
			}
			seen[bench.PlainWord(name)] = true
		}
	}
}

// What people search leads to families.
func TestSearchedWordsLeadToFamilies(t *testing.T) {
	for word, family := range map[string]string{
		"slowloris": "slow-headers", "OOM": "leak", "oom": "leak", "memory leak": "leak", "reset": "segfault", "502": "reload", "reload": "reload", "orphan": "reload",
		"hang": "wedge", "timeout": "legit-slow", "deadlock": "wedge", "Deadlock": "db-lock", "database": "db-restart", "postgres": "db-stall", "PostgreSQL": "db-lock", "lock": "db-lock", "pool": "pool-drain", "zero downtime": "reload", "graceful": "reload", "segfault": "segfault",
	} {
		if got, err := Explain(word); err != nil || !strings.Contains(got, "--scenario") || !strings.Contains(got, family) {
			t.Errorf("%s does not lead to %s: %v\n%s", word, family, err, got)
		}
	}
	// What logs and proxies say, as explain and as the error of --scenario.
	for text, families := range map[string]string{
		"graceful": "graceful-stop reload", "graceful restart": "reload", "reset": "abort-download abort-upload abort-keepalive keepalive-race segfault", "OOM": "leak oom-kill sigkill",
		"502 bad gateway": "segfault kill-worker", "bad gateway": "segfault reload", "recv() failed (104: Connection reset by peer)": "abort-upload segfault", "ECONNRESET": "keepalive-race",
		"RST": "abort-download", "[Errno 98] EADDRINUSE": "kill-master", "kill -9": "sigkill", "hanging": "wedge", "freeze": "wedge-gil stop-worker", "orphaned workers": "kill-master reload",
		"CrashLoopBackOff": "boot-crash", "request smuggling": "garbage", "upstream prematurely closed connection while reading": "segfault short-body", "unexpected EOF": "crash-midstream",
		"uncaught exception": "exception", "[CRITICAL] WORKER TIMEOUT (pid:7)": "wedge legit-slow", "100% cpu": "wedge-spin", "503": "overload", "zombie": "leak-child", "lost connection": "keepalive-race",
		"shutdown": "graceful-stop", "shutdown hangs": "graceful-stop wedge-deaf", "stall": "db-stall stop-worker", "connection refused": "reload slow-boot boot-crash exit-3",
		"connect() failed (111: Connection refused)": "reload", "ECONNREFUSED": "reload kill-master", "CLOSE_WAIT": "abort-keepalive silent half-close garbage", "memory leak": "leak",
		"too many open files": "fd-limit leak-fd", "EMFILE": "fd-limit leak-fd", "no space left": "tmp-full spool-full", "ENOSPC": "tmp-full spool-full", "broken pipe": "broken-pipe abort-download",
		"[Errno 32] Broken pipe": "broken-pipe", "SystemExit": "system-exit", "SystemExit: 3": "system-exit", "backlog": "burst overload", "thundering herd": "burst",
		"HTTP request smuggling": "garbage pipelining long-body", "no space left on device": "tmp-full",
		"OOMKilled": "oom-kill", "memory cap": "oom-kill", "exit code 137": "sigkill",
	} {
		got, err := Explain(text)
		found := scenarios.Searched(text)
		for _, want := range strings.Fields(families) {
			if err != nil || !regexp.MustCompile("--scenario .*\\b"+want+"\\b").MatchString(got) {
				t.Errorf("%s does not lead to %s: %v\n%s", text, want, err, got)
			}
			if !slices.ContainsFunc(found, func(f scenarios.Fault) bool { return f.ID == want }) {
				t.Errorf("%s does not find %s", text, want)
			}
		}
	}
	for _, number := range []string{"505", "599"} {
		if got, err := Explain(number); err == nil || strings.Contains(err.Error(), "did you mean") {
			t.Errorf("%s: %v %s", number, err, got)
		}
	}
	if _, err := Explain("dead lok"); err == nil || !strings.Contains(err.Error(), `did you mean "deadlock"?`) {
		t.Errorf("a word that is nearly one: %v", err)
	}
}
