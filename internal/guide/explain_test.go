package guide

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Every word of a result can be looked up, and says what its table says.
func TestEveryWordIsExplained(t *testing.T) {
	texts := map[string][]string{}
	for _, f := range scenarios.All() {
		texts[f.ID] = append(texts[f.ID], f.Title, f.Why, f.Good, f.Magnitude, "held as "+f.Sound)
		for _, p := range f.Planted() {
			texts[f.ID] = append(texts[f.ID], "flaw "+p.Profile+" (")
		}
		texts[f.ID] = append(texts[f.ID], f.References...)
	}
	for _, s := range scenarios.Sets() {
		texts[s.Name] = append(texts[s.Name], s.Title, s.Why)
		for _, m := range s.Members {
			texts[s.Name] = append(texts[s.Name], m.Family, m.Why)
		}
	}
	for _, v := range bench.VerdictTable {
		texts[v.Verdict.String()] = append(texts[v.Verdict.String()], v.Text)
	}
	for _, f := range bench.FlagTable {
		texts[f.Name] = append(texts[f.Name], f.Text)
	}
	for _, m := range bench.MeasureTable {
		texts[m.Name] = append(texts[m.Name], m.Text)
	}
	for _, s := range bench.SabotageTable {
		texts[string(s.Sabotage)] = append(texts[string(s.Sabotage)], s.Text, s.Cause)
	}
	for _, d := range bench.DoubtTable {
		texts[d.Name] = append(texts[d.Name], d.Text)
	}
	for _, w := range bench.WordTable {
		for _, name := range append([]string{w.Name}, w.Also...) {
			texts[name] = append(texts[name], w.Text)
		}
	}
	for _, f := range scenarios.All() {
		for _, s := range f.Searched {
			texts[s] = append(texts[s], f.ID, f.Title)
			texts[f.ID] = append(texts[f.ID], s)
		}
	}
	for _, k := range targets.AppKinds() {
		texts[k] = append(texts[k], "kind of app that a server serves", targets.AppKind(k).Title(), targets.AppKind(k).Gets(), "--app-kind "+k)
	}
	reg := builtin(t)
	for _, name := range reg.Names() {
		s, err := reg.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = append(texts[name], name+" (server)", s.Title, "it serves: "+string(s.App), "benchrun show "+name)
		for _, p := range s.Profiles {
			texts[name] = append(texts[name], strings.TrimSuffix(strings.TrimSpace(p.Why), "."))
		}
	}
	for word, said := range texts {
		if plain := bench.PlainWord(word); plain != word {
			texts[plain] = append(texts[plain], said...)
			delete(texts, word)
		}
	}
	words := Words()
	if len(words) != len(texts) {
		t.Errorf("%d words, %d texts", len(words), len(texts))
	}
	for _, w := range words {
		got, err := Explain(w)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, want := range texts[bench.PlainWord(w)] {
			if !strings.Contains(unwrapped(got), unwrapped(want)) {
				t.Errorf("%s: %q is not told:\n%s", w, want, got)
			}
		}
		for line := range strings.Lines(got) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > textWidth && !strings.HasPrefix(line, "  benchrun ") {
				t.Errorf("%s: a line of %d characters: %s", w, n, line)
			}
		}
	}
}

func unwrapped(s string) string { return strings.Join(strings.Fields(s), " ") }

// The name of a group is enough to find its set.
func TestGroupWithoutItsSign(t *testing.T) {
	if got, err := Explain("client"); err != nil || !strings.HasPrefix(got, "@client (set of scenarios)") {
		t.Errorf("%s, %v", got, err)
	}
}

// A flag and a measure may share a name: the answer has both.
func TestWordOfTwoKinds(t *testing.T) {
	got, err := Explain("survivors")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"survivors (flag", "survivors (measure"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
}

func TestExplainScenario(t *testing.T) {
	got, err := Explain("wedge-0.5pct")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--scenario wedge-0.5pct", "--scenario wedge-0.2pct --dry-run", "default,no-watchdog"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
	if least, err := Explain("wedge-0.1pct"); err != nil || strings.Contains(least, "--dry-run") {
		t.Errorf("there is no smaller ratio than 0.1 %%: %v\n%s", err, least)
	}
}

func TestUnknownWords(t *testing.T) {
	for word, hint := range map[string]string{
		"wegde":          `"wedge"`,
		"time-to-reclam": `"time_to_reclaim"`,
		"heldd":          `"held"`,
		"zzzzzzzz":       "benchrun list measures",
		"wedge-3pct":     "0.1pct",
		"wegde-1pct":     "",
		"":               "",
	} {
		_, err := Explain(word)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), hint) {
			t.Errorf("Explain(%q): %v, want a usage error with %s", word, err, hint)
		}
	}
}

func TestMeasuresOf(t *testing.T) {
	for _, f := range scenarios.All() {
		got := MeasuresOf(f.Family)
		if !slices.Contains(got, "h") {
			t.Errorf("%s: %v lacks h", f.ID, got)
		}
		if slices.Contains(got, "reclaimed") != slices.ContainsFunc(f.Each(), bench.Traits.Wedges) {
			t.Errorf("%s: what holds without an end, and only that, is reclaimed: %v", f.ID, got)
		}
		for _, name := range got {
			if _, ok := bench.MeasureByName(name); !ok {
				t.Errorf("%s: no measure is called %s", f.ID, name)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, tt := range []struct{ in, want string }{
		{"", "\n"},
		{"a  b\nc", "  a b c\n"},
		{long + " y", "  " + long + "\n  y\n"},
		{strings.Repeat("word ", 16), "  " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n  word\n"},
	} {
		if got := wrap("  ", tt.in); got != tt.want {
			t.Errorf("wrap(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// Every cause of doubt that the code gives is explained, and every one that is
// explained is given.
func TestDoubtsAreExplained(t *testing.T) {
	names := map[string]string{} // of the constants
	source := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, m := range regexp.MustCompile(`(Doubt\w+) += "([a-z-]+)"`).FindAllStringSubmatch(source("../bench/doubt.go"), -1) {
		names["bench."+m[1]] = m[2]
	}
	cause := regexp.MustCompile(`(?:Cause: |endEarly\()(?:"([a-z-]+)"|(bench\.Doubt\w+))`)
	given := map[string]bool{}
	for _, room := range []string{"../place", "../attempt", "../observe", "../judge"} {
		files, err := filepath.Glob(room + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, m := range cause.FindAllStringSubmatch(source(file), -1) {
				name := m[1] + names[m[2]]
				given[name] = true
				if got, err := Explain(name); err != nil || !strings.Contains(got, "cause of doubt") {
					t.Errorf("%s: %s: %s, %v", file, name, got, err)
				}
			}
		}
	}
	for _, d := range bench.DoubtTable {
		if !given[d.Name] {
			t.Errorf("%s is explained, but nothing gives it", d.Name)
		}
	}
}

func TestCadenceInWords(t *testing.T) {
	for c, want := range map[bench.Cadence][2]string{
		{Share: 1000}:            {"1 %", "the ratio says how many requests do it"},
		{Every: 5 * time.Second}: {"every 5 s", "It comes every 5 s."},
		{Every: bench.Once}:      {"once", "It comes once."},
	} {
		honest := deciding(bench.Family{Cadence: c, Traits: bench.Traits{Honest: true, MustComplete: true}})
		if only := strings.Contains(honest, "the fault's own request is honest"); only != (c.Every == bench.Once) {
			t.Errorf("%+v: %s", c, honest)
		}
		if short, long := cadence(c), howOften(c); short != want[0] || !strings.Contains(long, want[1]) {
			t.Errorf("%+v: %q and %q", c, short, long)
		}
	}
}

// A mix says what comes together, and at which share.
func TestExplainMix(t *testing.T) {
	for word, want := range map[string][]string{
		"bad-day-1pct":                     {"bad-day (family", "What comes together", "wedge 0.2 % of the requests", "slow-upload 0.2 % of the requests", "benchrun calibrate bad-day", "--scenario bad-day-0.5pct --dry-run"},
		"bad-day-5pct":                     {"wedge 1 % of the requests", "--scenario bad-day-5pct"},
		"mix_wedge-1pct_cpu-10pct":         {"a mix of wedge and cpu", "wedge 1 % of the requests", "cpu 10 % of the requests", "--scenario mix_wedge-1pct_cpu-10pct", "time_to_reclaim"},
		"mix_cpu-10pct_wedge-1pct_io-1pct": {"a mix of wedge, cpu and io"},
	} {
		got, err := Explain(word)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(unwrapped(got), w) {
				t.Errorf("%s: %q is missing:\n%s", word, w, got)
			}
		}
		if strings.HasPrefix(word, "mix_") && (strings.Contains(got, "calibrate mix") || strings.Contains(got, "Public reports")) {
			t.Errorf("%s: what only families have:\n%s", word, got)
		}
	}
	if _, err := Explain("mix_wedge-1pct_reload-1pct"); err == nil || !strings.Contains(err.Error(), "cannot be mixed") {
		t.Error(err)
	}
}
