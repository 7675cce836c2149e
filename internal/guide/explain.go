package guide

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
	"benchrun/targets/reference"
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

// who misbehaves, for the one sentence about a fault's magnitude.
func who(f bench.Family) string {
	switch f.Group {
	case bench.GroupApp:
		return "The app"
	case bench.GroupClient:
		return "The client"
	case bench.GroupResources:
		return "The host"
	case bench.GroupLoad:
		return "The load"
	case bench.GroupMixed:
		return "App and clients"
	case bench.GroupDependency:
		return "The app's database"
	}
	return "The operator"
}

func howOften(c bench.Cadence) string {
	switch {
	case c.Every == bench.Once:
		return "It comes once."
	case c.Every > 0:
		return fmt.Sprintf("It comes every %g s.", c.Every.Seconds())
	}
	return "The magnitude is fixed; the ratio says how many requests do it."
}

// known is how benchrun makes the fault of a family.
func known(f bench.Family) scenarios.Fault {
	fault, _ := scenarios.ByID(f.ID)
	return fault
}

func explainFamily(s bench.Scenario) string {
	f := s.Family
	var b strings.Builder
	b.WriteString(heading(f.ID, fmt.Sprintf("family, version %d", f.Version)))
	b.WriteString(wrap("  ", f.Title+"."))
	section := func(title, text string) {
		if text != "" {
			b.WriteString("\n" + title + "\n" + wrap("  ", text))
		}
	}
	section("Why it matters", f.Why)
	section("A good server", f.Good)
	section("Who misbehaves, and how much", who(f)+": "+f.Magnitude+". "+howOften(f.Cadence))
	if len(f.Mix) > 0 {
		b.WriteString("\nWhat comes together\n")
		for _, p := range s.Parts() {
			b.WriteString(labelled(p.Family.ID, fmt.Sprintf("%g %% of the requests: %s.", p.Ratio.Percent(), p.Family.Title)))
		}
	}
	if lines := lackingLines(f, func(kind string) string { return kind }); len(lines) > 0 {
		b.WriteString("\nKinds of apps that have no such fault: unsupported\n")
		for _, line := range lines {
			b.WriteString(wrap("  ", line+"."))
		}
	}
	section("People report it as", strings.Join(known(f).Searched, ", "))
	section("What decides the verdict", deciding(f))
	section("What proves that it can tell", provenBy(f))
	b.WriteString("\nWhat is measured beside the verdict\n")
	for _, name := range MeasuresOf(f) {
		if m, ok := bench.MeasureByName(name); ok {
			b.WriteString(labelled(name, m.Text))
		}
	}
	if len(f.References) > 0 {
		b.WriteString("\nPublic reports\n")
		for _, r := range f.References {
			b.WriteString("  " + r + "\n")
		}
	}
	b.WriteString("\nRun it\n")
	for _, c := range Commands(s) {
		b.WriteString("  " + c + "\n")
	}
	return b.String()
}

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

// decision is a rule of docs/method.md in short, and the section of that page that has it.
type decision struct{ text, section string }

// deciding says in short which rules decide cells of a family.
func deciding(f bench.Family) string {
	var rules []string
	for _, d := range decisions(f) {
		rules = append(rules, d.text)
	}
	return strings.Join(rules, "; ") + ". docs/method.md has every rule."
}

// decisions are the rules that decide cells of a family.
func decisions(f bench.Family) []decision {
	const verdict = "verdict-of-an-attempt"
	if len(f.Mix) > 0 {
		return []decision{
			{"held: at least 98 % of the ordinary requests are served right and in time while all the faults come", verdict},
			{"what each family demands of its own requests, and what else it says that decides, holds for its part (benchrun explain FAMILY)", "mixes"},
			{"what clients leave behind counts only where it can be told from what the other parts hold", "left-behind"},
		}
	}
	t, once := f.Traits, f.Cadence.Every == bench.Once
	rules := []decision{{"held: at least 98 % of the ordinary requests are served right and in time while faults come", verdict}}
	if t.Fills {
		rules = []decision{{"held: at least 98 % of the ordinary requests are served right and in time at the end of the recovery; what is lost while faults come does not count", "not-back"}}
	}
	if t.Fills && t.Expects == bench.ExpectsReplacement {
		rules = []decision{{"held: at least 98 % of the ordinary requests are served right and in time at the end of the recovery, and while faults come too, if the server has another worker", "a-resource-that-is-taken-away"}}
	}
	add := func(applies bool, section, rule string) {
		if applies {
			rules = append(rules, decision{rule, section})
		}
	}
	add(t.Returns, "the-app-s-database", "at the end of the recovery, when what the faults wait for is there again, at least 98 % of the ordinary requests must be served")
	add(t.MustComplete && once, "honest-requests-lost", "the fault's own request is honest: if it gets no right answer, the cell is failed")
	add(t.MustComplete && !once, "honest-requests-lost", "the fault's own requests are honest: more than one of them, and more than 5 %, without a right answer is failed")
	add(t.Uploads(), "honest-requests-lost", "a whole answer with status 411, 413 or 417 refuses them by a limit of the server, and decides nothing")
	add(t.BreaksOff, "truncation-hidden", "more than one of the broken answers, and more than 5 %, that look whole to their clients is failed")
	add(t.Closes, "close-not-called", "the app must learn of the end of each broken answer (in WSGI by close()): more than one, and more than 5 %, of which it does not is failed")
	add(t.Spares, "requests-lost-to-a-planned-fault", "the fault is planned: more than one request lost to it, ordinary or its own, is failed")
	add(t.Expects == bench.ExpectsDeath, "crashed-workers-not-replaced", fmt.Sprintf("a worker that died %g s before the end of the recovery, or earlier, must have a successor, unless as many as there should be are left", bench.RespawnLimit.Seconds()))
	add(t.Expects == bench.ExpectsRenewal, "workers-not-replaced", "every worker must be replaced within the documented grace and 10 s")
	add(t.Expects == bench.ExpectsRenewal, "resources-piled-up", "memory, descriptors and threads must not pile up")
	add(t.Expects == bench.ExpectsReplacement, "a-worker-not-replaced", fmt.Sprintf("each worker that got the signal must be gone and replaced within %g s, or %g times a documented watchdog longer", bench.ReplacementLimit(bench.Claims{}).Seconds(), bench.RefutedAfter(1)-bench.RefutedAfter(0)))
	add(t.Expects == bench.ExpectsTurnover, "requests-lost-to-a-planned-fault", "workers must have ended by themselves, or there was no fault")
	add(t.Expects == bench.ExpectsEnd, "not-stopped-in-order", "what was sent 0.1 s or more before the signal must be answered, but not what comes later; the server must be gone 5 s after its documented grace at the latest, "+
		"with nothing left and an exit code that is no failure, and an idle one must not wait its grace out")
	add(t.KillsNobody, "workers-killed", "a process that serves must not be killed or fail, nor end with a request of the fault")
	add(t.Refuses, "a-broken-app", fmt.Sprintf("a start with the broken app must end within %g s, with a code that is not 0; the repaired app must be served within 10 s and the documented grace of the next reload", bench.RestartLimit.Seconds()))
	add(t.Expects == bench.ExpectsTakeover, "not-taken-over", fmt.Sprintf("the second start must answer within %g s, and alone; what is lost in between does not count", bench.RestartLimit.Seconds()))
	add(t.Vanishes, "left-behind", "once its clients are gone, the server must not keep descriptors, threads, memory or files for them, nor a busy loop")
	add(t.Rests, "busy-while-full", "while it is full, a server that burns a CPU (0.8 CPUs more than before) or floods its log (1 MB a second more) is failed, because it has nothing to do")
	add(t.SparesWorkers, "workers-died", "the clients only send bytes: if two or more processes that serve end of it, even if they are replaced, the cell is failed")
	add(t.Reuses != "", "cut-in-flight", "more than one request that the app had begun, and whose kept connection the server then closed, is failed; a request that met the end of an idle connection is no loss")
	add(t.LeakBytes > 0, "memory-kept", "leaked memory that is not given back is failed")
	add(t.Leaks.Amount > 0, "leak-kept", "if half of what the faults left behind, or of what there is room for, is still there at the end of the recovery, the cell is failed")
	add(known(f).Script.Kinds > 0, "left-hanging", "a text to which none of its clients gets an answer or the end of the connection is failed, unless it promises more than it has")
	return rules
}

// provenBy names the flaws that a family must find, and what it must find sound.
func provenBy(f bench.Family) string {
	if f.Sound == "" {
		return "calibration, for each of its families."
	}
	var planted []string
	for _, p := range f.Planted() {
		what := ""
		for _, flaw := range reference.Flaws {
			if flaw.Name == p.Profile {
				what = " (" + flaw.Text + ")"
			}
		}
		planted = append(planted, p.Profile+what)
	}
	return fmt.Sprintf("benchrun's own reference server must be held as %s, and failed with the planted flaw %s.", f.Sound, strings.Join(planted, ", with the flaw "))
}

// labelled is a line with a name in front, its further lines below the text.
func labelled(name, text string) string {
	const column = 22
	lines := wrap(strings.Repeat(" ", column), text)
	return fmt.Sprintf("  %-*s", column-2, name) + strings.TrimPrefix(lines, strings.Repeat(" ", column))
}

// MeasuresOf names the measures that tell most about a family, in the order of
// bench.MeasureTable. Every cell carries all of them.
func MeasuresOf(f bench.Family) []string {
	names := []string{"h", "longest_outage", "time_to_recover"}
	for _, p := range f.Mix {
		names = append(names, MeasuresOf(p.Family)...)
	}
	switch t := f.Traits; {
	case t.HoldsSlot():
		names = append(names, "slots", "aged_slots", "time_to_collapse")
		if t.Wedges() {
			names = append(names, "watchdog", "reclaimed", "time_to_reclaim")
		}
	case t.Expects == bench.ExpectsDeath, t.Expects == bench.ExpectsReplacement, t.Expects == bench.ExpectsTurnover:
		names = append(names, "blast_radius", "worker_deaths", "worker_births", "live_workers_min")
	}
	if f.Traits.Expects.BySignal() {
		names = append(names, "time_to_replace")
	}
	if f.Traits.Expects == bench.ExpectsRenewal {
		names = append(names, "live_workers_min", "memory_per_fault", "fds_per_fault", "threads_per_fault")
	}
	switch f.Traits.Expects {
	case bench.ExpectsEnd:
		names = append(names, "stop_time", "stop_code", "idle_stop_time", "inflight_lost", "queued_lost", "backlog_reset")
	case bench.ExpectsRefusal:
		names = append(names, "boot_attempts", "boot_cpu", "boot_log", "start_attempts", "start_cpu", "start_log", "worker_deaths", "live_workers_min")
	case bench.ExpectsTakeover:
		names = append(names, "time_to_serve_again")
	}
	if f.Traits.Vanishes {
		names = append(names, "memory_per_fault", "fds_per_fault", "threads_per_fault", "close_wait_per_fault", "files_per_fault", "cpus_kept")
	}
	if f.Cadence.Surge != nil {
		names = append(names, "knee", "goodput_best", "goodput_top", "queueing", "stale_work")
	}
	if f.Traits.Reuses != "" {
		names = append(names, "idle_timeout", "reused", "reused_late", "reused_cut")
	}
	if f.Traits.MustComplete {
		names = append(names, "honest_lost")
	}
	if f.Traits.LeakBytes > 0 {
		names = append(names, "memory_kept", "memory_growth")
	}
	if f.Traits.Leaks.Amount > 0 {
		names = append(names, "leak_kept", "fds_peak", "threads_peak")
	}
	var ordered []string
	for _, m := range bench.MeasureTable {
		if slices.Contains(names, m.Name) {
			ordered = append(ordered, m.Name)
		}
	}
	return ordered
}

// Commands are command lines that run a scenario: on a real server, at a
// smaller ratio, on the flaw of the reference server that it must find, and as
// calibration does.
func Commands(s bench.Scenario) []string {
	out := []string{"benchrun --server gunicorn --scenario " + s.Name()}
	if i := slices.Index(bench.RatioLadder, s.Ratio); i > 0 && !s.Family.Fixed {
		smaller := bench.Scenario{Family: s.Family, Ratio: bench.RatioLadder[i-1]}
		out = append(out, "benchrun --server '*' --scenario "+smaller.Name()+" --dry-run")
	}
	if s.Family.Sound == "" {
		return out
	}
	return append(out,
		"benchrun --server reference --profile "+s.Family.Sound+","+s.Family.Flaw+" --scenario "+s.Name(),
		"benchrun calibrate "+s.Family.ID)
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
