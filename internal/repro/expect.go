package repro

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// expectation is something that a script expects of a server: a rule of the judge's
// (docs/method.md, "Verdict of an attempt") in plain Python.
type expectation struct {
	of     func(bench.Traits) bool // the families that it is about
	Says   string                  // what is expected; "" = nothing, it only makes sure that the fault came
	Setup  string                  // before the faults; "" = nothing
	After  string                  // after them; "" = nothing
	Seen   string                  // what was seen, a Python expression
	Holds  string                  // whether it is as expected, another one
	reason string                  // with which the judge begins a failure of it; "" = it begins otherwise
	word   *regexp.Regexp          // what must stand in that reason besides; nil = nothing. With neither: lost victims
	apart  bool                    // a script has it only if the cell failed for it
	kinds  bool                    // it is about families whose client makes different requests in turn
}

// expectations are all that scripts may have, in their order.
var expectations = []expectation{
	{
		of:    func(t bench.Traits) bool { return !t.Fills && !t.Expects.TakesAway() },
		Says:  "at least 98 % of the ordinary requests are answered within 1 s",
		Seen:  `f"{int(1000 - 1000 * len(lost) / RATE / SECONDS) / 10} % of {RATE * SECONDS}"`,
		Holds: "len(lost) * 50 <= RATE * SECONDS",
	},
	{
		of:     func(t bench.Traits) bool { return t.Rests },
		Says:   "while it is full, the server uses less than 0.5 CPUs and writes less than 0.5 MB a second to its log",
		Setup:  "before = burnt()",
		After:  "more = [(b - a) / SECONDS for a, b in zip(before, burnt())]",
		Seen:   `"{:.2f} CPUs, {:.2f} MB a second".format(*more)`,
		Holds:  "max(more) < 0.5",
		reason: bench.BusyWhenFull, apart: true,
	},
	{
		of:    func(t bench.Traits) bool { return t.Fills && t.Expects == bench.ExpectsReplacement },
		Says:  "meanwhile the other workers serve: at least 98 % of the ordinary requests are answered within 1 s",
		Seen:  `f"{int(1000 - 1000 * len(lost) / RATE / SECONDS) / 10} % of {RATE * SECONDS}"`,
		Holds: "len(lost) * 50 <= RATE * SECONDS",
		word:  regexp.MustCompile("(another worker was|other workers were) there meanwhile"), apart: true,
	},
	{
		of:    func(t bench.Traits) bool { return t.Fills || t.Returns },
		Says:  "afterwards the ordinary requests are answered again, at least 98 % of those of 3 s, within {settle} s",
		After: "{leave}again = any(len(unserved(3)) <= 0.06 * RATE for _ in range({fives}))",
		Seen:  `"they are" if again else "they are not"`,
		Holds: "again", reason: bench.NotBack,
	},
	{
		of:    func(t bench.Traits) bool { return t.MustComplete },
		Says:  "a right answer{refusal} to at least {least} of {honest} honest requests beside them",
		Seen:  `f"to {right.count(True)}"`,
		Holds: "right.count(True) >= {least}", reason: bench.HonestLost,
	},
	{
		of:    func(t bench.Traits) bool { return t.BreaksOff },
		Says:  "all clients whose answer breaks off but one, or one in twenty, can tell that it is not whole",
		After: "time.sleep(3)  # who has no end of the answer then is left waiting",
		Seen:  `f"{told.count(True)} of {len(told)} can"`,
		Holds: "told.count(False) <= max(1, len(told) / 20)", reason: bench.CutHidden,
	},
	{
		of:    func(t bench.Traits) bool { return t.Closes },
		Says:  "the server calls close() of all these answers but one, or one in twenty",
		After: "time.sleep(3)",
		Seen:  `f"of {closed()} of {len(told)}"`,
		Holds: "len(told) - closed() <= max(1, len(told) / 20)", reason: bench.NotClosed,
	},
	{
		of:    func(t bench.Traits) bool { return t.Reuses != "" },
		Says:  "of the requests on kept connections at most one gets no right answer although the app had begun it",
		After: "time.sleep(3)",
		Seen:  `f"{len(cut)} of {len(reused)} were cut"`,
		Holds: "len(cut) < 2", reason: bench.CutInFlight,
	},
	{
		of:    func(t bench.Traits) bool { return t.Reuses != "" },
		After: `if not reused: sys.exit("the server closed no kept connection at its idle timeout, or none was open just then")`,
		apart: true, reason: bench.CutInFlight,
	},
	{
		of:    func(t bench.Traits) bool { return t.SparesWorkers },
		Says:  "with them at most one more of the processes that answer ends than in as long a time without",
		Setup: "unserved(SECONDS)\ncalm = len(answered - processes())",
		Seen:  `f"{len(answered - processes()) - calm} with them, {calm} without"`,
		Holds: "len(answered - processes()) - 2 * calm < 2", reason: bench.WorkersDied, apart: true,
	},
	{
		of:    func(t bench.Traits) bool { return t.KillsNobody },
		Says:  "with them none of the processes that answer ends that would not in as long a time without",
		Setup: "unserved(SECONDS)\ncalm = len(answered - processes())",
		Seen:  `f"{len(answered - processes()) - calm} with them, {calm} without"`,
		Holds: "len(answered - processes()) <= 2 * calm", reason: bench.WorkersKilled, apart: true,
	},
	{
		of:    func(t bench.Traits) bool { return t.Expects == bench.ExpectsDeath },
		Says:  "10 s after the last of them as many workers run as before, or as many as were asked for ({workers})",
		Setup: "crew = len(workers())",
		After: `for _ in range(3):  # 3.5 s each
    if len(workers()) >= min(crew, {workers}): break
    unserved(1)`,
		Seen:   `f"{len(workers())}, and before there were {crew}"`,
		Holds:  "len(workers()) >= min(crew, {workers})",
		reason: bench.NotReplaced, apart: true,
	},
	{
		of:   func(t bench.Traits) bool { return t.SparesWorkers },
		Says: "whatever whole text is sent, some client that sends it gets an answer or the end of its connection within 5 s",
		After: `time.sleep(3)
mute = {text for text in WHOLE if hung.count(text) > 1 and text not in let_go}`,
		Seen:  `f"{len(mute)} texts get neither: {[text[:60] for text in mute]}"`,
		Holds: "not mute", reason: bench.LeftHanging, kinds: true,
	},
	{
		of:    func(t bench.Traits) bool { return t.Spares },
		Says:  "at most one request is refused, reset, cut off or answered wrongly",
		Setup: "errors.clear()",
		After: "unserved(5)\nerrors = list(filter(not_late, errors))",
		Seen:  `f"{len(errors)}: {sorted({type(e).__name__ for e in errors})}"`,
		Holds: "len(errors) < 2", reason: bench.RequestsLost,
	},
	{
		of:    func(t bench.Traits) bool { return t.Expects == bench.ExpectsTurnover },
		After: `if len(answered) < {workers} + 4: sys.exit("hardly a worker has ended at its limit of requests")`,
	},
	{
		of:   func(t bench.Traits) bool { return t.Expects == bench.ExpectsRenewal },
		Says: "{limit} s after another signal no worker from before it is left, and as many new ones are there ({workers})",
		After: `old = set(workers())
server.send_signal({reload})
for _ in range({tries}):
    unserved(1)
    if len(workers()) >= {workers} and not old & set(workers()): break`,
		Seen:   `f"{len(old & set(workers()))} from before, {len(set(workers()) - old)} new"`,
		Holds:  "len(workers()) >= {workers} and not old & set(workers())",
		reason: bench.NotReplaced, apart: true,
	},
	{
		of:   func(t bench.Traits) bool { return t.Expects == bench.ExpectsRenewal },
		Says: "each of five more signals leaves less than 1 descriptor, 1 thread and 8 MiB behind",
		After: `before = usage()
for _ in range(5): server.send_signal({reload}), unserved(2)
more = [(b - a) / 5 for a, b in zip(before, usage())]`,
		Seen:   `"{:.1f} descriptors, {:.1f} threads, {:.1f} MiB".format(*more[1:])`,
		Holds:  "more[1] < 1 and more[2] < 1 and more[3] < 8",
		reason: bench.PiledUp, word: regexp.MustCompile("fds|threads|MiB"), apart: true,
	},
	{
		of:   func(t bench.Traits) bool { return t.Expects == bench.ExpectsReplacement },
		Says: "{limit} s after the last signal as many workers run as before it ({workers}), and none is stopped",
		After: `for _ in range({tries}):
    if len(workers()) >= {workers} and "T" not in workers().values(): break
    unserved(1)`,
		Seen:   `"their states: " + str(list(workers().values()))`,
		Holds:  `len(workers()) >= {workers} and "T" not in workers().values()`,
		reason: bench.NotReplaced, apart: true,
	},
	{
		of:     func(t bench.Traits) bool { return t.Vanishes },
		Says:   "{settle} s later less than {share} of a descriptor or thread and 1 MiB is left for each of {faults} clients",
		Setup:  "before = usage()",
		After:  "{leave}time.sleep({settle})\nmore = [(b - a) / {faults} for a, b in zip(before, usage())]",
		Seen:   `"{:.2f} descriptors, {:.2f} threads, {:.2f} MiB".format(*more[1:])`,
		Holds:  "max(more[1:3]) < {share} and more[3] < 1",
		reason: bench.PiledUp, word: regexp.MustCompile("fds|threads|MiB|CLOSE_WAIT"), apart: true,
	},
	{
		of:     func(t bench.Traits) bool { return t.Vanishes },
		Says:   "{settle} s later less than {share} of a file is left for each of {faults} clients",
		Setup:  "files = sum(len(names) for *_, names in os.walk(\"../work\"))",
		After:  "{leave}time.sleep({settle})\nfiles = (sum(len(names) for *_, names in os.walk(\"../work\")) - files) / {faults}",
		Seen:   `f"{files:.2f} files"`,
		Holds:  "files < {share}",
		reason: bench.PiledUp, word: regexp.MustCompile("files"), apart: true,
	},
	{
		of:    func(t bench.Traits) bool { return t.Vanishes },
		Says:  "{settle} s later the server uses less than 0.5 CPUs more than before",
		Setup: "begun, usual = time.monotonic(), burnt()[0]\nunserved(5)\nusual = (burnt()[0] - usual) / (time.monotonic() - begun)",
		After: `{leave}time.sleep({settle})
begun, used = time.monotonic(), burnt()[0]
unserved(5)
used = (burnt()[0] - used) / (time.monotonic() - begun)`,
		Seen:   `f"{used:.2f} CPUs, and {usual:.2f} before"`,
		Holds:  "used - usual < 0.5",
		reason: bench.PiledUp, word: regexp.MustCompile("CPUs more"), apart: true,
	},
	{
		of:     func(t bench.Traits) bool { return t.Leaked().Amount > 0 },
		Says:   "the server keeps less than half of the {leaked}",
		Setup:  "before = usage()",
		After:  "unserved(5)\nmore = usage()[{resource}] - before[{resource}]",
		Seen:   `f"it keeps {more:.0f}"`,
		Holds:  "more < {room} / 2",
		reason: "", // bench.MemoryKept and bench.LeakKept: about all that these families are
	},
	{
		of:    func(t bench.Traits) bool { return t.Expects.TakesAway() },
		After: "for _ in range({tenths}): over or time.sleep(0.1)",
	},
	{
		of:    func(t bench.Traits) bool { return t.Expects == bench.ExpectsEnd },
		Says:  "of the ordinary requests that were sent 0.1 s or more before the signal at most one is not answered within 1 s",
		After: "lost = [at for at in lost if at < stopped[0] - 0.1]",
		Seen:  `f"{len(lost)} are not"`,
		Holds: "len(lost) < 2", reason: bench.NotStopped, word: regexp.MustCompile("victim"),
	},
	{
		of:    func(t bench.Traits) bool { return t.Expects == bench.ExpectsEnd },
		Says:  "the server ends within {limit} s, with exit code 0 or 143, and leaves no process behind",
		Seen:  `f"after {over[0]:.1f} s, exit code {server.poll()}, processes that are left: {len(processes())}"`,
		Holds: "server.poll() in (0, 143, -1, -2, -3, -13, -15) and not processes()", reason: bench.NotStopped, word: regexp.MustCompile("still there|left behind|ended with"),
	},
	{
		of:   func(t bench.Traits) bool { return t.Expects == bench.ExpectsEnd },
		Says: "when it has ended, its port can be bound again",
		After: `try: bound = bool(socket.create_server(("127.0.0.1", PORT)))
except OSError: bound = False`,
		Seen:  `"it can" if bound else "it cannot"`,
		Holds: "bound", reason: bench.NotStopped, word: regexp.MustCompile("port could not be bound"), apart: true,
	},
	{
		of:   func(t bench.Traits) bool { return t.Expects == bench.ExpectsEnd },
		Says: "started again and asked nothing for 2 s, it ends {within}",
		After: `server = serve()
any(len(unserved(1)) <= 0.02 * RATE for _ in range(5)) or sys.exit("it does not start again")
begun = time.monotonic()
server.send_signal({stop})
while server.poll() is None and time.monotonic() < begun + LIMIT: time.sleep(0.05)
idle = time.monotonic() - begun`,
		Seen:   `f"after {idle:.1f} s"`,
		Holds:  "idle < {idle}",
		reason: bench.NotStopped, word: regexp.MustCompile("idle, it"), apart: true,
	},
	{
		of:   func(t bench.Traits) bool { return t.Refuses },
		Says: "{limit} s after another signal only workers that have come since then answer, with the repaired app",
		After: `time.sleep(8)  # by then it is repaired
old = set(workers())
server.send_signal({reload})
for _ in range({tries}):
    answered.clear(), unserved(1)
    if answered and not old & answered: break`,
		Seen:   `f"{len(old & answered)} of {len(answered)} are from before"`,
		Holds:  "answered and not old & answered",
		reason: bench.NotRepaired, apart: true,
	},
	{
		of:   func(t bench.Traits) bool { return t.Refuses },
		Says: "started with an app that cannot be loaded, it ends within 10 s with another exit code than 0",
		After: `os.killpg(server.pid, signal.SIGKILL), server.wait()
open("boot", "w").write("import no_such_module")
server = serve()
for _ in range(100): server.poll() is None and time.sleep(0.1)`,
		Seen:   `f"it ended with {server.poll()}" if server.poll() is not None else "it is still there"`,
		Holds:  "server.poll() not in (None, 0)",
		reason: bench.NotRefused, apart: true,
	},
	{
		of:    func(t bench.Traits) bool { return t.Expects == bench.ExpectsTakeover },
		Says:  "the same command, started again at once, answers five times in a row within 10 s",
		Seen:  `"it does" if asked else f"it does not: exit code {server.poll()}: " + open("../log").read()[-300:]`,
		Holds: "bool(asked)", reason: bench.NotTakenOver,
	},
	{
		of:    func(t bench.Traits) bool { return t.Expects == bench.ExpectsTakeover },
		Says:  "in the 2 s after that only processes of the second start answer, and at most one request gets no answer",
		Seen:  `f"processes of the first start that answer: {len(set(asked) - {0} - processes())}; requests without an answer: {asked.count(0)} of {len(asked)}"`,
		Holds: "not set(asked) - {0} - processes() and asked.count(0) < 2", reason: bench.NotTakenOver,
	},
}

// expect chooses what a script expects: if the cell failed for something else than lost
// victims, that, and that most are served; otherwise all that the family is about.
func (c *content) expect(cell bench.Cell, head bench.Head) {
	about := func(e expectation) bool { return slices.ContainsFunc(traitsOf(head), e.of) && (c.kinds || !e.kinds) }
	named := slices.ContainsFunc(expectations, func(e expectation) bool { return about(e) && e.broken(cell.Reasons) })
	values := c.values(head)
	for _, e := range expectations {
		other := named && e.specific() && !e.broken(cell.Reasons)
		if !about(e) || other || !named && e.apart {
			continue
		}
		for _, text := range []*string{&e.Says, &e.Setup, &e.After, &e.Seen, &e.Holds} {
			*text = values.Replace(*text)
		}
		if e.Says != "" {
			c.Expects = append(c.Expects, e)
		}
		if e.Setup != "" {
			c.Setup = append(c.Setup, e.Setup)
		}
		if e.After != "" {
			c.After = append(c.After, e.After)
		}
	}
}

// specific says that a reason of the judge's tells when the expectation is not met.
func (e expectation) specific() bool { return e.reason != "" || e.word != nil }

// broken says that a cell with these reasons failed for the expectation.
func (e expectation) broken(reasons []string) bool {
	return e.specific() && slices.ContainsFunc(reasons, func(r string) bool {
		return (e.reason == "" || strings.HasPrefix(r, e.reason+":")) && (e.word == nil || e.word.MatchString(r))
	})
}

// traitsOf are the traits of a record's faults: of a mix, those of each of its parts.
func traitsOf(h bench.Head) []bench.Traits {
	if len(h.Parts) == 0 {
		return []bench.Traits{h.Traits}
	}
	var all []bench.Traits
	for _, p := range h.Parts {
		all = append(all, p.Traits)
	}
	return all
}

// usageIndex is where helpers.py's usage() has a resource.
var usageIndex = map[bench.Resource]int{bench.ResourceProcesses: 0, bench.ResourceFDs: 1, bench.ResourceThreads: 2, bench.ResourceMemory: 3}

// values are those of the placeholders in expectations, and in what clients do.
func (c *content) values(h bench.Head) *strings.Replacer {
	settle := max(int(bench.VanishLimit.Seconds()), c.Limit)
	leaked, room, of := c.leaked(h)
	leave := ""
	if h.Traits.CutOff {
		leave = "held.clear()  # the clients of the fault leave\n"
	}
	refusal := ""
	if slices.ContainsFunc(traitsOf(h), bench.Traits.Uploads) {
		refusal = ", or a refusal with status 411, 413 or 417,"
	}
	// As long as a server of a short grace may take that has nothing to do.
	idle, within := bench.StopExtra.Seconds(), fmt.Sprintf("within %g s", bench.StopExtra.Seconds())
	if c.grace >= bench.LeastGrace {
		idle, within = bench.WaitedOut*c.grace, fmt.Sprintf("before its grace of %g s is over", c.grace)
	}
	return strings.NewReplacer(
		"{refusal}", refusal, "{within}", within, "{idle}", fmt.Sprintf("%g", idle),
		"{limit}", strconv.Itoa(c.Limit), "{tries}", strconv.Itoa(c.Limit/3+1), "{tenths}", strconv.Itoa(10*(c.Limit+50)), "{settle}", strconv.Itoa(settle), "{fives}", strconv.Itoa(settle/5),
		"{workers}", strconv.Itoa(max(1, h.Target.Workers)),
		"{least}", strconv.Itoa(c.Least), "{honest}", strconv.Itoa(c.honest), "{faults}", strconv.Itoa(c.Faulty),
		"{leaked}", leaked, "{room}", strconv.FormatInt(room, 10), "{resource}", strconv.Itoa(usageIndex[of]),
		"{share}", c.share, "{leave}", leave, "{stop}", "signal.SIG"+c.stop, "{reload}", "signal.SIG"+c.reload,
	)
}

// leaked is what the faults leave behind, in words, how much of it the server has room
// for, and which resource it is.
func (c *content) leaked(h bench.Head) (words string, room int64, of bench.Resource) {
	units := map[bench.Resource]string{
		bench.ResourceMemory: "MiB of memory", bench.ResourceFDs: "descriptors",
		bench.ResourceThreads: "threads", bench.ResourceProcesses: "processes",
	}
	for _, f := range c.Faults {
		l := f.traits.Leaked()
		if l.Amount == 0 {
			continue
		}
		n := l.Amount * int64(f.count)
		if l.Of == bench.ResourceMemory {
			n >>= 20
		}
		words, room, of = fmt.Sprintf("%d %s that the faults leave behind", n, units[l.Of]), n, l.Of
		if most := int64(min(c.Files, math.MaxInt32)) * int64(max(1, h.Target.Workers)); of == bench.ResourceFDs && most > 0 && most < n {
			words, room = fmt.Sprintf("%d %s that it may have", most, units[of]), most
		}
	}
	return words, room, of
}
