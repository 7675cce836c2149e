package bench

// WordSpec describes a word of tables, reports and progress lines that is not in another
// table.
type WordSpec struct {
	Name    string
	Also    []string // other forms of it
	Text    string   // without a full stop
	Measure string   // the measure that a column or label of this name shows; "" = it shows none
}

// WordTable lists these words: first what a cell is, then what happens to it, then the
// columns and labels of reports.
var WordTable = []WordSpec{
	{Name: "cell", Also: []string{"cells"}, Text: "one server with one profile under one scenario: what gets a verdict"},
	{Name: "target", Also: []string{"targets"}, Text: "what is measured: a server in one version, with one profile"},
	{Name: "server", Also: []string{"servers"}, Text: "the program that serves the app. Its server file says how benchrun installs and starts it; in the story of a cell, it is the command line that started it"},
	{Name: "version", Text: "the version of the server that was installed"},
	{Name: "profile", Also: []string{"profiles"}, Text: "a set of settings of a server: default has those it comes with, hardened the best that its documentation offers"},
	{Name: "front", Text: "the program in front of the server that passes requests on to it; empty if clients reach the server directly. The server's name ends in it, as in gunicorn+nginx"},
	{Name: "scenario", Also: []string{"scenarios"}, Text: "a family of misbehaviour at a ratio: wedge-1pct is one wedged request in a hundred"},
	{Name: "family", Also: []string{"families"}, Text: "a kind of misbehaviour, whatever its ratio; benchrun list scenarios lists them"},
	{Name: "family_version", Text: "the version of a family: it is raised when results can no longer be compared with earlier ones"},
	{Name: "group", Text: "who misbehaves: the app, the client, the operator (lifecycle) or what the app depends on (dependency); or whether there is too much load"},
	{Name: "ratio", Also: []string{"ratio_pct"}, Text: "how many of 100 requests misbehave; 0 if faults do not come as a share of the requests"},
	{Name: "verdict", Also: []string{"verdicts"}, Text: "what a cell came to: held, degraded, failed, broken, unsupported or invalid"},
	{Name: "reasons", Also: []string{"reason", "why"}, Text: "why a cell has its verdict, the most important first"},
	{Name: "flags", Also: []string{"flag", "flagged"}, Text: "words that qualify a verdict, such as flaky or masked"},
	{Name: "measures", Also: []string{"measure"}, Text: "the figures of a cell; benchrun list measures lists them"},
	{Name: "attempt", Also: []string{"attempts"}, Text: "one measurement of a cell, from the server's launch to its end. A cell that did not hold is measured again before the verdict counts"},
	{Name: "command", Text: "the command line that started the server"},
	{Name: "source", Text: "where the target comes from, as far as its name does not say: the version asked for, a server file, a Python interpreter"},
	{Name: "own", Text: "the cell is about benchrun's own reference server, which counts apart"},
	{Name: "jobs", Also: []string{"job", "auto"}, Text: "how many cells benchrun measures at the same time, at most: --jobs. auto is as many as the machine has room for"},
	{Name: "disturbed", Text: "an attempt that other cells of the run may have spoiled: they ran beside it, and it is invalid or has seconds in doubt. If the cell needs another attempt, that one runs alone"},
	{Name: "alone", Text: "no other cell runs at the same time. A cell is measured alone if it would take all the CPU that it may have, and again alone if other cells may have disturbed it"},
	{Name: "side by side", Text: "how many attempts ran while other cells ran, how many cells at once at most, and how many attempts were repeated alone because of it"},
	{Name: "seed", Text: "the number that decides when each request and each fault comes. The same seed gives the same schedule"},
	{Name: "schedule_hash", Text: "a digest of when requests and faults were due: cells with the same one got the same load"},
	{Name: "mode", Text: "how long the phases last: quick or full (--quick, --full)"},

	{Name: "victim", Also: []string{"victims"}, Text: "an ordinary request, 100 of which come each second while others misbehave. The verdict depends on how many victims get a correct answer in time"},
	{Name: "fault", Also: []string{"faults"}, Text: "one misbehaving request, client or signal of the scenario"},
	{Name: "goodput", Also: []string{"goodput H"}, Text: "the share of victims that got a correct answer in time during the faults", Measure: "h"},
	{Name: "SLO", Text: "the time within which a victim must have its correct answer to count as served"},
	{Name: "theory", Text: "what the measured slots and watchdog predict: after how many faults no slot would be free, and so what the verdict should be. It decides nothing; the flag against-theory says that the verdict differs"},
	{Name: "slot", Text: "room in the server for one request: a thread, a worker or a coroutine, whichever limits it. A request that never ends keeps its slot", Measure: "slots"},
	{Name: "τ", Also: []string{"tau"}, Text: "how long one fault holds its slot: until the watchdog ends it, or for the time that a slow client stays", Measure: "watchdog"},
	{Name: "R·p·τ", Also: []string{"R·p", "R p tau"}, Text: "how many slots the faults hold at any time, if each holds one. R is how many victims come each second (100), and p is the ratio, so R·p faults come each second; τ is how long each holds its slot. The theory: a server survives while R·p·τ is less than its slots"},
	{Name: "prefork", Text: "a way to serve: a leader starts workers before requests come, and replaces those that die"},
	{Name: "worker", Also: []string{"workers"}, Text: "a process of the server that answers requests"},
	{Name: "open loop", Text: "a load that does not wait for answers: each request is sent when it is due, however slow the server is"},
	{Name: "control", Text: "a trivial server of benchrun's own, asked all the time. If its answers are late, the host stalled, and those seconds do not count"},
	{Name: "doubt", Also: []string{"doubts"}, Text: "something that makes evidence useless, such as a busy host. The seconds in doubt do not count"},
	{Name: "noise", Text: "how often the host stalled: control requests that missed the SLO, seconds that do not count, and invalid cells"},
	{Name: "receipt", Also: []string{"receipts"}, Text: "a line that the app writes when a fault begins, as proof that it was delivered"},

	{Name: "probe", Text: "the step before the first attempt that measures the slots and the watchdog of a target"},
	{Name: "boot", Text: "the phase in which the server starts, until every expected worker has answered"},
	{Name: "baseline", Text: "the phase before any fault, in which only victims come; with --baseline, an earlier run to compare with"},
	{Name: "ageing", Text: "the phase that takes slots before the faults begin, as many as an hour of the fault would hold"},
	{Name: "recovery", Text: "the phase after the last fault", Measure: "time_to_recover"},
	{Name: "shutdown", Text: "the phase from SIGTERM until the server is gone"},
	{Name: "born", Text: "processes of the server that began in this second"},
	{Name: "died", Text: "processes of the server that ended in this second"},
	{Name: "does not count", Text: "a second in which the host or benchrun was in trouble; the verdict ignores it"},
	{Name: "served", Text: "a victim that got a correct answer in time"},
	{Name: "error answer", Text: "a victim that got an answer with another status than 2xx"},
	{Name: "connection refused or broken", Text: "a victim that got no connection, or whose connection ended before the answer was complete"},
	{Name: "orphan", Text: "a process of the server that stays when the server is gone", Measure: "survivors"},
	{Name: "wrong body", Text: "a victim that got the answer to another request, or a corrupt one", Measure: "lost_wrong"},
	{Name: "never sent", Text: "a victim that benchrun did not send: it is no loss of the server"},

	{Name: "collapse", Text: "how long the server lasted after the first fault", Measure: "time_to_collapse"},
	{Name: "recover", Text: "how long the server needed after the last fault", Measure: "time_to_recover"},
	{Name: "outage", Text: "the worst gap in service", Measure: "longest_outage"},
	{Name: "deaths", Text: "how many workers died", Measure: "worker_deaths"},
	{Name: "memory", Text: "how much memory the server took at most", Measure: "memory_peak"},
	{Name: "growth", Text: "how much more memory the server took after the faults than before", Measure: "memory_growth"},
	{Name: "stop", Text: "how long the server took to end; \"killed\" if SIGTERM was not enough", Measure: "stop_time"},
	{Name: "killed", Text: "the server did not end after SIGTERM, so benchrun killed it", Measure: "needed_sigkill"},
	{Name: "censored", Text: "the measures of a cell whose true value is above the number"},
	{Name: "run", Also: []string{"measured_in"}, Text: "one start of benchrun, and the folder with what it measured; measured_in is the run that measured a cell of a merged run"},
	{Name: "benchrun", Text: "the version of benchrun that measured"},
	{Name: "machine", Text: "where the run was measured"},
	{Name: "testbed", Text: "a digest of what the machine is: results with different ones should not be compared"},
	{Name: "kernel", Text: "the version of the machine's kernel"},
	{Name: "python", Text: "the version of the Python interpreter that ran the servers"},
	{Name: "supervisor", Text: "the process manager that starts the server, and starts it again when it ends; the server's name ends in it, as in gunicorn+runit"},
	{Name: "supervision", Text: "how benchrun keeps a server's processes together and limits what they take"},
	{Name: "limits", Text: "how much CPU, memory, disk and processes a server may take"},
	{Name: "mixed", Text: "in what ways the parts of a merged run were not measured alike"},
	{Name: "confirmation", Also: []string{"confirmed"}, Text: "how many attempts the verdicts other than held rest on"},
	{Name: "not claimed", Text: "what the results say nothing about"},
	{Name: "results", Text: "the folder with the records, logs and reports of the run"},
	{Name: "judge again", Text: "the command that judges the stored records again, without measuring"},
	{Name: "measure again", Also: []string{"again", "reproduce"}, Text: "the command that measures the same again"},
	{Name: "left out", Text: "columns for which the terminal has no room"},

	{Name: "A", Text: "in a duel, the target to compare with: usually the released version"},
	{Name: "B", Text: "in a duel, the target in question: usually the changed version"},
	{Name: "B is", Text: "the answer of a duel: B is same, worse or better than A, or the answer is invalid"},
	{Name: "same", Text: "a duel found no difference between A and B"},
	{Name: "worse", Text: "in a duel, A held and B did not, or B lost clearly more victims than A, and that repeated"},
	{Name: "better", Text: "in a duel, B held and A did not, or B lost clearly fewer victims than A, and that repeated"},
	{Name: "loss", Text: "in a duel, how much larger a share of a second's victims B lost than A, in the median of all seconds"},
	{Name: "pairs", Also: []string{"pair"}, Text: "in a duel, how often A and B were attempted one after the other, with the same schedule"},
	{Name: "reference", Also: []string{"reference server"}, Text: "benchrun's own server. Calibration measures it with each planted flaw; tables count it apart"},
	{Name: "expected", Text: "in a calibration, the verdict that a cell must have"},
	{Name: "seen", Text: "in a calibration, the verdict that a cell got"},
	{Name: "result", Text: "in a calibration, whether a cell got the expected verdict"},
}

// WordByName finds a word in any of its forms.
func WordByName(word string) (WordSpec, bool) {
	for _, w := range WordTable {
		if SameWord(w.Name, word) {
			return w, true
		}
		for _, also := range w.Also {
			if SameWord(also, word) {
				return w, true
			}
		}
	}
	return WordSpec{}, false
}
