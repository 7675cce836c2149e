package guide

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Words lists everything that Explain knows: families, their sets, verdicts, flags,
// measures, sabotages, causes of doubt, other words of reports, words by which people search,
// kinds of apps, and servers. A word that is two of these stands here once.
func Words() []string {
	var words []string
	add := func(word string) {
		if !slices.ContainsFunc(words, func(w string) bool { return bench.SameWord(w, word) }) {
			words = append(words, word)
		}
	}
	for _, f := range scenarios.All() {
		add(f.ID)
	}
	for _, s := range scenarios.Sets() {
		add(s.Name)
	}
	for _, v := range bench.VerdictTable {
		add(v.Verdict.String())
	}
	for _, f := range bench.FlagTable {
		add(f.Name)
	}
	for _, m := range bench.MeasureTable {
		add(m.Name)
	}
	for _, s := range bench.SabotageTable {
		add(string(s.Sabotage))
	}
	for _, d := range bench.DoubtTable {
		add(d.Name)
	}
	for _, w := range bench.WordTable {
		add(w.Name)
		for _, also := range w.Also {
			add(also)
		}
	}
	for _, s := range scenarios.SearchWords() {
		add(s)
	}
	for _, k := range targets.AppKinds() {
		add(k)
	}
	if reg, err := builtInServers(); err == nil {
		for _, s := range reg.Names() {
			add(s)
		}
	}
	return words
}

// Explain says what a word means, or each thing that it means. Case does not matter, nor
// does whether words are joined by _, - or a space. An unknown word is a bench.UsageError
// that suggests the nearest known one.
func Explain(word string) (string, error) {
	var parts []string
	if s, ok, err := scenario(word); err != nil {
		return "", err
	} else if ok {
		parts = append(parts, explainFamily(s))
	}
	if s, ok := scenarios.SetByName(bench.PlainWord(word)); ok {
		parts = append(parts, explainSet(s))
	}
	if found := scenarios.Named(word); len(found) > 0 {
		parts = append(parts, explainSearched(word, found))
	}
	for _, v := range bench.VerdictTable {
		if bench.SameWord(v.Verdict.String(), word) {
			parts = append(parts, heading(v.Verdict.String(), "verdict")+wrap("  ", v.Text+".")+
				"  The rules: docs/method.md, \"Verdict of an attempt\".\n")
		}
	}
	for _, f := range bench.FlagTable {
		if bench.SameWord(f.Name, word) {
			parts = append(parts, heading(f.Name, "flag: qualifies a verdict")+wrap("  ", f.Text+"."))
		}
	}
	w, isWord := bench.WordByName(word)
	if isWord {
		parts = append(parts, heading(w.Name, "word of tables and reports")+wrap("  ", w.Text+"."))
	}
	for _, m := range bench.MeasureTable {
		if bench.SameWord(m.Name, word) || bench.SameWord(m.Name, "lost_"+word) || isWord && m.Name == w.Measure {
			parts = append(parts, explainMeasure(m))
		}
	}
	for _, s := range bench.SabotageTable {
		if bench.SameWord(string(s.Sabotage), word) {
			parts = append(parts, heading(string(s.Sabotage), "sabotage of the harness, by benchrun calibrate")+wrap("  ", s.Text+".")+
				wrap("  ", "The verdict must be invalid, and say: "+s.Cause+"."))
		}
	}
	for _, d := range bench.DoubtTable {
		if bench.SameWord(d.Name, word) {
			parts = append(parts, heading(d.Name, "cause of doubt: what is in doubt does not count")+wrap("  ", d.Text+"."))
		}
	}
	reg, err := builtInServers()
	if err != nil {
		return "", err
	}
	for _, k := range targets.AppKinds() {
		if bench.SameWord(k, word) {
			parts = append(parts, explainKind(targets.AppKind(k), reg))
		}
	}
	for _, name := range reg.Names() {
		if s, err := reg.Lookup(name); err == nil && bench.SameWord(name, word) {
			parts = append(parts, explainServer(s))
		}
	}
	if s, ok := scenarios.SetByName("@" + bench.PlainWord(word)); ok && len(parts) == 0 {
		parts = append(parts, explainSet(s))
	}
	if len(parts) == 0 { // a line of a log may have a known word in it
		if found := scenarios.Searched(word); len(found) > 0 {
			return explainSearched(word, found), nil
		}
		return "", unknownWord(word)
	}
	return strings.Join(parts, "\n"), nil
}

// explainSearched names the families that reproduce what people call by a word.
func explainSearched(word string, found []scenarios.Fault) string {
	var b strings.Builder
	b.WriteString(heading(word, "word of incident reports"))
	b.WriteString(wrap("  ", "benchrun reproduces it with:"))
	var ids []string
	for _, f := range found {
		b.WriteString(labelled(f.ID, f.Title+"."))
		ids = append(ids, f.ID)
	}
	b.WriteString("\nRun it\n  benchrun --server gunicorn --scenario " + strings.Join(ids, ",") + "\n")
	return b.String()
}

// scenario reads "wedge", "wedge-0.5pct" and the name of a mix. The error is that of a ratio
// which no scenario has, or of a mix that cannot be.
func scenario(word string) (bench.Scenario, bool, error) {
	if strings.HasPrefix(word, scenarios.MixPrefix) {
		f, err := scenarios.MixByName(word)
		return f.Scenario(), err == nil, err
	}
	word = bench.PlainWord(word)
	if f, ok := scenarios.ByID(word); ok {
		return f.Scenario(), true, nil
	}
	i := strings.LastIndexByte(word, '-')
	if i < 0 || !strings.HasSuffix(word, "pct") {
		return bench.Scenario{}, false, nil
	}
	f, ok := scenarios.ByID(word[:i])
	if !ok || f.Cadence.Share == 0 {
		return bench.Scenario{}, false, nil
	}
	r, err := bench.ParseRatio(word[i+1:])
	if err != nil {
		return bench.Scenario{}, false, &bench.UsageError{Problem: word + ": " + err.Error()}
	}
	return bench.Scenario{Family: f.Family, Ratio: r}, true, nil
}

func unknownWord(word string) error {
	e := &bench.UsageError{
		Problem: fmt.Sprintf("unknown word %q", word),
		Hint:    "see benchrun list scenarios, benchrun list servers, benchrun list measures, benchrun --help for flags, or docs/method.md",
	}
	number := strings.Trim(word, "0123456789") == "" // a status is not another one
	if near := bench.Nearest(word, Words()); near != "" && !number {
		e.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}

func heading(word, kind string) string { return fmt.Sprintf("%s (%s)\n\n", word, kind) }

func explainSet(s scenarios.Set) string {
	var b strings.Builder
	b.WriteString(heading(s.Name, "set of scenarios"))
	b.WriteString(wrap("  ", s.Title+"."))
	b.WriteString("\nWhat it is for\n" + wrap("  ", s.Why))
	if s.Chosen() {
		b.WriteString("\nWhat is in it, and why\n")
		for i, sc := range s.Scenarios() {
			b.WriteString(labelled(sc.Name(), s.Members[i].Why))
		}
	} else {
		b.WriteString("\nWhat is in it\n" + wrap("  ", strings.Join(names(s), " ")))
	}
	b.WriteString("\nRun it\n")
	for _, c := range SetCommands(s) {
		b.WriteString("  " + c + "\n")
	}
	return b.String()
}

// SetCommands are command lines that run a set.
func SetCommands(s scenarios.Set) []string {
	if !s.Chosen() {
		return []string{"benchrun --server gunicorn --profile hardened --scenario " + s.Name}
	}
	return []string{
		"benchrun --server gunicorn --profile hardened --scenario " + s.Name + " --dry-run",
		"benchrun --server gunicorn --profile hardened --scenario " + s.Name + " --fail-on 'verdict >= held'",
	}
}

// labelled is a line with a name in front, its further lines below the text.
func labelled(name, text string) string {
	const column = 22
	lines := wrap(strings.Repeat(" ", column), text)
	return fmt.Sprintf("  %-*s", column-2, name) + strings.TrimPrefix(lines, strings.Repeat(" ", column))
}

var betterWords = map[bench.Better]string{
	bench.Higher: "higher is better", bench.Lower: "lower is better", bench.Neither: "neither high nor low is better",
}

func explainMeasure(m bench.MeasureSpec) string {
	kind := "measure, " + betterWords[m.Better]
	if m.Unit != "" {
		kind = "measure in " + m.Unit + ", " + betterWords[m.Better]
	}
	return heading(m.Name, kind) + wrap("  ", m.Text+".") +
		"  \">\" before a value means that the true value is above.\n  The formula: docs/method.md, \"Measures\".\n"
}
