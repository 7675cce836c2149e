package gate

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"benchrun/internal/bench"
)

// draft drafts waivers for the cells of a run that do not hold.
func draft(t *testing.T, old string, cells ...bench.Cell) Draft {
	t.Helper()
	checks := Evaluate([]Rule{rule(t, "verdict >= held")}, cells, family)
	d, err := DraftWaivers("w.yaml", []byte(old), checks, cells, "20261121-120000-3fa9", day(today).Add(23*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func because(v bench.Verdict, profile string, reasons ...string) bench.Cell {
	return with(measuredCell(v, 1), func(c *bench.Cell) { c.Profile, c.Reasons = profile, reasons })
}

func TestDraftOfANewFile(t *testing.T) {
	d := draft(t, "", because(bench.Failed, "p", "H 0.0 %: lost 12 of 12", "more"), because(bench.Held, "q"),
		because(bench.Broken, "r", "never ready"), because(bench.Invalid, "s", "the host stalled"))
	want := newWaiverFile + `waivers:
  # drafted from run 20261121-120000-3fa9: H 0.0 %: lost 12 of 12
  - cell: s/p/wedge-1pct
    verdict: failed
    reason: "" # why this is expected; the entry waives nothing until it is written
    expires: 2027-02-19
  # drafted from run 20261121-120000-3fa9: never ready
  - cell: s/r/wedge-1pct
    verdict: broken
    reason: "" # why this is expected; the entry waives nothing until it is written
    expires: 2027-02-19
`
	if string(d.Text) != want || len(d.Added) != 2 || len(d.Told) != 0 {
		t.Errorf("%s\n%q", d.Text, d.Told)
	}
	// A second draft adds nothing, and says that the entries are still drafts.
	again := draft(t, want, because(bench.Failed, "p"), because(bench.Broken, "r"))
	if string(again.Text) != want || len(again.Added) != 0 || len(again.Told) != 2 || !strings.Contains(again.Told[0], "w.yaml:6: s/p/wedge-1pct is a draft") {
		t.Errorf("%s\n%q", again.Text, again.Told)
	}
	if none := draft(t, "", because(bench.Held, "p")); len(none.Text) != 0 {
		t.Errorf("%s", none.Text)
	}
}

// Drafting changes nothing in the file: its old content, comments included, is a
// prefix of the new one.
func TestDraftKeepsWhatIsThere(t *testing.T) {
	for name, old := range map[string]string{
		"indented":      "# ours\n" + waiverText + "    # the end\n",
		"not indented":  "schema: benchrun.waivers/v1\nwaivers:\n- cell: s/default\n  verdict: failed\n  reason: x\n  expires: 2027-01-31\n",
		"no last line":  strings.TrimSuffix(waiverText, "\n"),
		"empty list":    "schema: benchrun.waivers/v1\nwaivers: # none yet\n",
		"no list":       "schema: benchrun.waivers/v1\n# none yet\n",
		"schema behind": "waivers: []\nschema: benchrun.waivers/v1\n",
		"empty":         " \n",
	} {
		cells := []bench.Cell{because(bench.Failed, "p", "slow: # no")}
		checks := Evaluate([]Rule{rule(t, "verdict >= held")}, cells, family)
		d, err := DraftWaivers("w.yaml", []byte(old), checks, cells, "r", day(today))
		if name == "schema behind" {
			if err == nil || !strings.Contains(err.Error(), "cannot add entries") {
				t.Errorf("%s: %v: %s", name, err, d.Text)
			}
			continue
		}
		if err != nil || !strings.HasPrefix(string(d.Text), strings.TrimSpace(old)) {
			t.Errorf("%s: %v: %s", name, err, d.Text)
			continue
		}
		got, err := ParseWaivers("w.yaml", d.Text)
		if err != nil || len(got) == 0 || got[len(got)-1].Cell != "s/p/wedge-1pct" || got[len(got)-1].Reason != "" || !strings.Contains(string(d.Text), "# drafted from run r: slow: # no\n") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// Entries that people wrote stay as they are, right or wrong; Told names them.
func TestDraftLeavesEntriesAlone(t *testing.T) {
	entry := func(verdict, expires string) string {
		return "schema: benchrun.waivers/v1\nwaivers:\n  - cell: s/p\n    verdict: " + verdict + "\n    reason: x\n    expires: " + expires + "\n"
	}
	for _, tt := range []struct {
		old  string
		cell bench.Cell
		told string
	}{
		{entry("failed", "2027-01-31"), because(bench.Failed, "p"), ""},
		{entry("degraded", "2027-01-31"), because(bench.Failed, "p"), "failed is worse than w.yaml:3 expects degraded"},
		{entry("failed", "2027-01-31"), because(bench.Held, "p"), "unexpected pass: held"},
		{entry("failed", "2026-01-31"), because(bench.Failed, "p"), "expired on 2026-01-31"},
	} {
		d := draft(t, tt.old, tt.cell)
		told := strings.Join(d.Told, "\n")
		if string(d.Text) != tt.old || !strings.Contains(told, tt.told) || tt.told == "" && told != "" {
			t.Errorf("%s: %q\n%s", tt.cell.Verdict, told, d.Text)
		}
	}
}

// Of two versions of a server, the entry expects the worse verdict. A cell that
// breaks two rules gets one entry.
func TestDraftOnceACell(t *testing.T) {
	cells := []bench.Cell{because(bench.Degraded, "p", "first"), because(bench.Failed, "p", "second")}
	checks := Evaluate([]Rule{rule(t, "verdict >= held"), rule(t, "s: verdict > degraded")}, cells, family)
	d, err := DraftWaivers("w.yaml", nil, checks, cells, "r", day(today))
	if err != nil || len(d.Added) != 1 || d.Added[0].Verdict != bench.Failed {
		t.Errorf("%+v, %v", d.Added, err)
	}
}

// A draft waives nothing until a person has written the reason. A reason that says
// TODO does not count.
func TestDraftWaivesNothing(t *testing.T) {
	cells := []bench.Cell{because(bench.Failed, "p", "lost 12 of 12")}
	checks := Evaluate([]Rule{rule(t, "verdict >= held")}, cells, family)
	drafted := string(draft(t, "", cells...).Text)
	for _, tt := range []struct {
		reason string
		want   Outcome
	}{{`""`, Broken}, {"TODO", Broken}, {"'todo: ask'", Broken}, {"", Broken}, {"one process, and nobody starts it again", Waived}} {
		text := strings.Replace(drafted, `reason: ""`, "reason: "+tt.reason, 1)
		waivers, err := ParseWaivers("w.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, told := Waive(checks, cells, waivers, day("2999-01-01")); got[0].Outcome != tt.want || tt.want == Broken && len(told) != 0 {
			t.Errorf("reason %s: %s, %q", tt.reason, got[0].Outcome, told)
		}
		told := strings.Join(ResolveWaivers(waivers, []Selected{{Name: cells[0].Name()}}), "\n")
		if want := "w.yaml:6: s/p/wedge-1pct is a draft and waives nothing"; strings.Contains(told, want) != (tt.want == Broken) {
			t.Errorf("reason %s: %q", tt.reason, told)
		}
	}
}

// If a cell gives no reason, the draft quotes the rule.
func TestDraftSays(t *testing.T) {
	d := draft(t, "", because(bench.Failed, "p"))
	if got := d.Added[0].Said; got != "s/p/wedge-1pct: want verdict >= held, seen failed" {
		t.Error(got)
	}
	if got := draft(t, "", because(bench.Failed, "p", strings.Repeat("ü", 1000))).Added[0].Said; utf8.RuneCountInString(got) != mostSaid {
		t.Errorf("%d characters", utf8.RuneCountInString(got))
	}
}

// FuzzDraft: whatever a server's last words were, the file that quotes them says
// the same as the draft.
func FuzzDraft(f *testing.F) {
	for _, s := range []string{"", "yes", "~", "2027-01-31", "- a", "a: b #c", "\"'", "\x00\x1b[1m\u2028", "\xff", "| x", "%YAML", "--- a", "… \\n", "0x1f", "=", "!tag"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, reason string) {
		cells := []bench.Cell{because(bench.Failed, "p", reason)}
		checks := Evaluate([]Rule{rule(t, "verdict >= held")}, cells, family)
		d, err := DraftWaivers("w.yaml", nil, checks, cells, reason, day(today))
		if err != nil {
			t.Fatalf("%q: %v", reason, err)
		}
		got, err := ParseWaivers("w.yaml", d.Text)
		if err != nil || len(got) != 1 || got[0].Cell != d.Added[0].Cell || !got[0].draft() {
			t.Fatalf("%q: %+v, %v", reason, got, err)
		}
	})
}
