package guide

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

func builtin(t *testing.T) *targets.Registry {
	t.Helper()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// Every line of a table has as many cells as its head.
func wantTables(t *testing.T, page string) {
	t.Helper()
	cells := 0
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if cells != 0 && n != cells {
			t.Errorf("%d cells, the head has %d: %s", n-1, cells-1, line)
		}
		cells = n
	}
}

func TestServersPageSaysWhatIsNotAvailable(t *testing.T) {
	page, err := ServersPage(builtin(t))
	if err != nil {
		t.Fatal(err)
	}
	wantTables(t, page)
	list, err := targets.NotAvailable()
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	_, section, _ := strings.Cut(page, "\n## Not available\n")
	for _, u := range list {
		for _, w := range append([]string{"| `" + u.Name + "` | " + u.Title + " | " + u.Version + " |", cell(strings.TrimSuffix(strings.TrimSpace(u.Why), "."))}, u.Sources...) {
			if !strings.Contains(section, w) {
				t.Errorf("%s: %q is not told", u.Name, w)
			}
		}
	}
}

func TestServersPage(t *testing.T) {
	reg := builtin(t)
	page, err := ServersPage(reg)
	if err != nil {
		t.Fatal(err)
	}
	wantTables(t, page)
	for _, name := range reg.Names() {
		s, err := reg.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		_, section, ok := strings.Cut(page, "\n## "+name+"\n")
		if !ok {
			t.Errorf("%s has no section", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		want := append([]string{s.Title}, s.Sources...)
		for _, p := range s.ProfileNames() {
			want = append(want, "| `"+p+"` |", "\n# "+p+"\n", cell(strings.TrimSuffix(s.Profiles[p].Why, ".")))
			want = append(want, s.Profiles[p].Args...) // those with spaces stand in quotes
		}
		for _, w := range want {
			if !strings.Contains(section, w) {
				t.Errorf("%s: %q is not told", name, w)
			}
		}
		reloads := false
		for _, p := range s.ProfileNames() {
			signal := s.ReloadSignal(s.Profiles[p])
			reloads = reloads || signal != ""
			reload := " | SIG" + signal + " | "
			if signal == "" {
				reload = " | none | "
			}
			_, line, _ := strings.Cut(section, "\n| `"+p+"` |")
			line, _, _ = strings.Cut(line, "\n")
			if !strings.Contains(line, reload+cell(strings.TrimSuffix(s.Profiles[p].Why, "."))) {
				t.Errorf("%s/%s reloads on %q, and the page does not say so: %s", name, p, signal, line)
			}
		}
		if told := strings.Contains(section, "\n- a reload that replaces its workers while it serves\n"); told == reloads {
			t.Errorf("%s: a profile has a reload: %v, and the page says that none has: %v", name, reloads, told)
		}
		for _, lack := range s.Lacks {
			if !strings.Contains(section, "\n- "+lack+"\n") {
				t.Errorf("%s: lacking %q is not told", name, lack)
			}
		}
		if strings.Contains(section, "{args}") || strings.Contains(section, "{version}") {
			t.Errorf("%s: a placeholder is left that the page must fill in", name)
		}
	}
}

func TestLacks(t *testing.T) {
	profile := func(workers int, watchdog float64) targets.Profile {
		return targets.Profile{Workers: workers, Claims: bench.Claims{Watchdog: watchdog}}
	}
	for _, tt := range []struct {
		name     string
		profiles map[string]targets.Profile
		reload   string
		own      []string // what the file says
		want     []string // beginnings
	}{
		{"all", map[string]targets.Profile{"default": profile(1, 0), "hardened": profile(2, 3)}, "HUP", nil, nil},
		{"threads", map[string]targets.Profile{"default": profile(1, 0), "hardened": profile(1, 0)}, "HUP", nil, []string{"a watchdog", "a second worker"}},
		{"plain", map[string]targets.Profile{"default": profile(4, 30)}, "HUP", nil, []string{"a profile `hardened`"}},
		{"no reload", map[string]targets.Profile{"default": profile(1, 0), "hardened": profile(2, 3)}, "", []string{"tea"}, []string{"a reload", "tea"}},
	} {
		got := Lacks(&targets.Server{Profiles: tt.profiles, Reload: targets.Reload{Signal: tt.reload}, Lacks: tt.own})
		if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
			t.Errorf("%s lacks %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A reload that one profile has is not lacking.
func TestLacksNoReloadThatAProfileHas(t *testing.T) {
	s := &targets.Server{Profiles: map[string]targets.Profile{"default": {}, "hardened": {Reload: &targets.Reload{Signal: "HUP"}}}}
	if got := Lacks(s); slices.ContainsFunc(got, func(l string) bool { return strings.HasPrefix(l, "a reload") }) {
		t.Errorf("lacks %q", got)
	}
}

// contract.md names every kind of app where it shows a server file.
func TestContractNamesTheKindsOfApps(t *testing.T) {
	page, err := os.ReadFile("../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := "# app kind: " + strings.Join(targets.AppKinds(), " | ") + "\n"; !strings.Contains(string(page), want) {
		t.Errorf("docs/contract.md does not have %q", want)
	}
}

// Each kind of app that lacks a fault is named at each family that needs it, with the reason.
func TestFamiliesNameTheKindsWithoutThem(t *testing.T) {
	page := ScenariosPage()
	named := 0
	for _, f := range scenarios.All() {
		_, section, _ := strings.Cut(page, "\n## "+f.ID+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		explained, err := Explain(f.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range targets.AppKinds() {
			why := targets.AppKind(kind).Lacks(f.Needs.AppFault)
			if f.Needs.AppFault == "" || why == "" {
				continue
			}
			named++
			line := ""
			for l := range strings.Lines(section) {
				if strings.HasPrefix(l, "- ") && strings.Contains(l, "`"+kind+"`") && strings.HasSuffix(l, ": "+why+".\n") {
					line = l
				}
			}
			if line == "" || !strings.Contains(unwrapped(explained), why+".") || !strings.Contains(explained, "no such fault: unsupported") {
				t.Errorf("%s: %s lacks it (%s), and is not named:\n%s\n%s", f.ID, kind, why, section, explained)
			}
		}
		if len(lacking(f.Family)) == 0 && strings.Contains(section+explained, "unsupported`:") {
			t.Errorf("%s: no kind lacks it", f.ID)
		}
	}
	if named == 0 {
		t.Error("no kind lacks anything")
	}
	mix := bench.Family{Mix: []bench.Scenario{{Family: bench.Family{Needs: bench.Needs{AppFault: "cpu"}}}, {Family: bench.Family{Needs: bench.Needs{AppFault: "starve"}}}}}
	if got := lacking(mix); len(got) != 2 || got[0].kind != "go" || got[1].kind != "php" {
		t.Errorf("a mix lacks what a part lacks: %v", got)
	}
}

func TestScenariosAndMeasuresPages(t *testing.T) {
	scens, measures := ScenariosPage(), MeasuresPage()
	wantTables(t, scens)
	wantTables(t, measures)
	for _, f := range scenarios.All() {
		wants := append([]string{"\n## " + f.ID + "\n", cell(f.Why), f.Magnitude, "--scenario " + f.ID, "held as " + f.Sound}, f.References...)
		for _, p := range f.Planted() {
			wants = append(wants, "flaw "+p.Profile+" (")
		}
		for _, want := range wants {
			if !strings.Contains(scens, want) {
				t.Errorf("%s: %q is not told", f.ID, want)
			}
		}
	}
	var words []string
	for _, v := range bench.VerdictTable {
		words = append(words, v.Verdict.String())
	}
	for _, f := range bench.FlagTable {
		words = append(words, f.Name)
	}
	for _, m := range bench.MeasureTable {
		words = append(words, m.Name)
	}
	for _, w := range words {
		if !strings.Contains(measures, "| `"+w+"` |") {
			t.Errorf("%s is not in the page", w)
		}
	}
}

func TestCLIPage(t *testing.T) {
	page := CLIPage([]Command{
		{Usage: "x run [flags]", Short: "runs", Example: "  x run a\n  x run b",
			Flags: []Flag{{Name: "-f, --format", Value: "string", Default: "a|b", Text: "one of a|b"}}},
		{Usage: "x list", Long: "Lists."},
	}, "0 fine")
	wantTables(t, page)
	for _, want := range []string{"\n## x run\n\nruns.\n", "\nx run a\nx run b\n", `| one of a\|b |`, "\n## x list\n\nLists.\n", "0 fine"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing:\n%s", want, page)
		}
	}
}

func TestCommandLine(t *testing.T) {
	s := &targets.Server{CommandWords: []string{"{python}", "-c", "it's", "{args}", "app"}}
	got := commandLine(s, targets.Profile{Args: []string{"-w", "2"}})
	if want := `{python} -c 'it'\''s' -w 2 app`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := commandLine(s, targets.Profile{Command: []string{"{env}/bin/x"}}); got != "{env}/bin/x" {
		t.Errorf("a profile's own command: %s", got)
	}
}

// Each family's page says what decides, and each rule leads to its section of the method.
func TestRulesLeadToTheirSections(t *testing.T) {
	b, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	method := string(b)
	used := map[string]bool{"verdict-of-an-attempt": strings.Contains(method, "\n## Verdict of an attempt\n")}
	if !used["verdict-of-an-attempt"] {
		t.Error("docs/method.md has no section about the verdict of an attempt")
	}
	for _, f := range scenarios.All() {
		rules := decisions(f.Family)
		if len(rules) == 0 {
			t.Errorf("%s: no rule decides", f.ID)
		}
		for _, r := range rules {
			if r.section != "verdict-of-an-attempt" && !strings.Contains(method, "\n<a id=\""+r.section+"\"></a>**") {
				t.Errorf("%s: docs/method.md has no section %s for: %s", f.ID, r.section, r.text)
			}
			used[r.section] = true
		}
		if !strings.Contains(familySection(f), "- "+rules[0].text+" ([rule](method.md#"+rules[0].section+"))\n") {
			t.Errorf("%s: its page does not link to %s", f.ID, rules[0].section)
		}
	}
	// What no single family's rule leads to: it is about all, or about a group of them.
	for _, about := range []string{"at-the-memory-cap", "too-much-load"} {
		used[about] = true
	}
	for _, m := range regexp.MustCompile(`<a id="([^"]+)">`).FindAllStringSubmatch(method, -1) {
		if !used[m[1]] {
			t.Errorf("no family's page leads to the section %s of docs/method.md", m[1])
		}
	}
}

// The table of deploys names every family of the operator's, and only families that exist.
func TestEachLifecycleFamilyFitsADeploy(t *testing.T) {
	named := map[string]bool{}
	for _, k := range scenarios.Deploys {
		for _, f := range k.Families {
			if _, ok := scenarios.ByID(f); !ok {
				t.Errorf("%s: there is no family %s", k.What, f)
			}
			named[f] = true
		}
	}
	for _, f := range scenarios.All() {
		if f.Group == bench.GroupLifecycle && !named[f.ID] {
			t.Errorf("%s is in no row of the table", f.ID)
		}
	}
	if page := ScenariosPage(); !strings.Contains(page, deploys()) {
		t.Error("the page has no table of deploys")
	}
}
