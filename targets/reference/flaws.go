package reference

import (
	"strings"

	"benchrun/internal/bench"
)

// Flaw is one planted defect of the reference server.
type Flaw struct {
	Name string // kebab-case, what --flaw takes
	Text string // one line: what is wrong
}

// The names of the flaws.
const (
	noWatchdog       = "no-watchdog"
	asksPolitely     = "asks-politely"
	noRespawn        = "no-respawn"
	forgetsTwo       = "forgets-two"
	killsNeighbours  = "kills-neighbours"
	oneDeadWorker    = "one-dead-worker"
	stopsOnExit      = "stops-on-exit"
	unbufferedUpload = "unbuffered-upload"
	noHeaderTimeout  = "no-header-timeout"
	ignoresSigterm   = "ignores-sigterm"
	orphansWorkers   = "orphans-workers"
	crossTalk        = "cross-talk"

	singleFile         = "single-file"
	truncatesResponses = "truncates-responses"
	truncatesUploads   = "truncates-uploads"
	unbufferedDownload = "unbuffered-download"
	leaksMemory        = "leaks-memory"
	killsHonest        = "kills-honest"
	diesOfErrors       = "dies-of-errors"
	hidesTruncation    = "hides-truncation"
	forgetsClose       = "forgets-close"

	dropsOnReload  = "drops-on-reload"
	dropsOnRecycle = "drops-on-recycle"
	dropsManyThen  = "drops-many-on-recycle"
	dropsOnStop    = "drops-on-stop"

	ignoresReload    = "ignores-reload"
	dropsBacklog     = "drops-backlog"
	leaksOnReload    = "leaks-on-reload"
	retriesAtStart   = "retries-at-start"
	hidesBrokenStart = "hides-broken-start"
	waitsForStreams  = "waits-for-streams"
	waitsForClients  = "waits-for-clients"
	waitsOutGrace    = "waits-out-grace"
	failsOnStop      = "fails-on-stop"
	dropsQueue       = "drops-queue"
	sharesPort       = "shares-port"
	killsOneHonest   = "kills-one-honest"

	keepsReset      = "keeps-reset"
	dropsHalfClosed = "drops-half-closed"
	diesOfGarbage   = "dies-of-garbage"
	freezesWhenFull = "freezes-when-full"

	forgetsPipelined = "forgets-pipelined"

	stopsAccepting = "stops-accepting"
	blocksOnLog    = "blocks-on-log"

	spinsWithoutFiles  = "spins-without-files"
	floodsWithoutFiles = "floods-without-files"

	stopsOnFork  = "stops-on-fork"
	pausesOnFork = "pauses-on-fork"

	stopsWithoutTmp   = "stops-without-tmp"
	stopsWithoutSpool = "stops-without-spool"
	diesWithoutSpool  = "dies-without-spool"

	servesTheDead = "serves-the-dead"

	idleTimerRunsOn = "idle-timer-runs-on"

	keepsClosed   = "keeps-closed"
	keepsSome     = "keeps-some-reset"
	keepsBuffers  = "keeps-buffers"
	leavesThreads = "leaves-threads"
	leavesFiles   = "leaves-files"
	spinsWhenLeft = "spins-when-left"
	keepsBodies   = "keeps-bodies"

	diesEachTime    = "dies-each-time"
	retiresEachTime = "retires-each-time"
	answersAnother  = "answers-another"
	hangsOnNegative = "hangs-on-negative"
	stopsOnKill     = "stops-on-kill"
	padsAnswers     = "pads-answers"

	dropsBrokenPipes = "drops-broken-pipes"
	freezesOnExit    = "freezes-on-exit"
	hangsOnExit      = "hangs-on-exit"
	sendsBeyond      = "sends-beyond"
)

// Flaws lists every planted flaw, in the order in which they are documented.
var Flaws = []Flaw{
	{noWatchdog, "a stuck worker is never killed"},
	{asksPolitely, "a stuck worker gets SIGTERM, and nothing else if it does not end"},
	{noRespawn, "a dead worker is not replaced"},
	{forgetsTwo, "the first two workers that die are not replaced"},
	{killsNeighbours, "when one worker dies or is killed, all are killed, and come back after 1 s"},
	{oneDeadWorker, "the first worker that dies stays in the rotation: each request given to it gets a 502"},
	{stopsOnExit, "a worker that exits by itself, with whatever code, ends the server: it is taken for one that cannot boot"},
	{unbufferedUpload, "a request with a body holds a worker as soon as its head is in, at the client's pace and without any timeout"},
	{noHeaderTimeout, "a connection may take forever to send its head, and only 64 connections are open at once"},
	{ignoresSigterm, "front and workers ignore SIGTERM"},
	{orphansWorkers, "workers outlive the front and keep the listening socket open"},
	{crossTalk, "while another request is being served, every 50th victim gets the body of the victim before it"},
	{singleFile, "one request at a time in the whole server, whatever the number of workers, and 7 ms between two"},
	{truncatesResponses, "of an answer above 65,536 bytes the tail is missing, and Content-Length matches what is left"},
	{truncatesUploads, "of a body above 1,048,576 bytes the tail is missing"},
	{unbufferedDownload, "a worker is held until its client has taken the answer"},
	{leaksMemory, "a worker is never recycled, whatever --max-requests says, and keeps what its requests leaked"},
	{killsHonest, "the watchdog kills after 1 s, whatever --watchdog says"},
	{diesOfErrors, "a worker whose app fails ends, and its client gets a 502"},
	{hidesTruncation, "an answer that breaks off ends with its last chunk, as a whole one does"},
	{forgetsClose, "the app never learns that the server is done with an answer"},
	{dropsOnReload, "on SIGHUP all workers are killed at once, with the requests that they serve"},
	{dropsOnRecycle, "a worker that has served as many requests as it may takes one more, and is killed with it"},
	{dropsManyThen, "a worker that has served as many requests as it may takes five more, and drops them"},
	{dropsOnStop, "on SIGTERM the server ends at once, with the requests that it serves"},
	{dropsBacklog, "on SIGHUP requests that wait for a worker get a 503"},
	{ignoresReload, "SIGHUP changes nothing"},
	{leaksOnReload, "each reload leaves four descriptors open"},
	{retriesAtStart, "started with an app that cannot be loaded, it starts workers again and again"},
	{hidesBrokenStart, "started with an app that cannot be loaded, it ends with exit code 0"},
	{waitsForStreams, "on SIGTERM it waits for requests under way, however long they take, and no watchdog ends them"},
	{waitsForClients, "on SIGTERM it closes connections that are idle, and waits until the clients of the others hang up"},
	{waitsOutGrace, "on SIGTERM it waits for 1 s more than its grace, whether or not a request is under way"},
	{failsOnStop, "after SIGTERM it ends with an exit code that means failure"},
	{dropsQueue, "on SIGTERM requests that wait for a worker get a 503"},
	{sharesPort, "workers outlive the front and serve by themselves, on a port that a second start can share with them"},
	{killsOneHonest, "the watchdog kills the first worker whose request to misbehave takes 1 s, and none after that"},
	{keepsReset, "the descriptor of a connection that its client resets stays open"},
	{dropsHalfClosed, "a client that has shut down its sending side counts as gone, and gets no answer"},
	{freezesWhenFull, "once 256 connections are open at once, no further one is ever accepted"},
	{forgetsPipelined, "what a client has sent together with a GET request is thrown away"},
	{stopsAccepting, "once no descriptor is free for a connection, no further one is ever accepted"},
	{spinsWithoutFiles, "while no descriptor is free for a connection, it tries again to accept one, without a pause"},
	{floodsWithoutFiles, "while no descriptor is free for a connection, it tries again a thousand times a second, and logs 4 kB each time"},
	{blocksOnLog, "each request waits until its line is in the log"},
	{stopsOnFork, "a worker that cannot be started ends the server"},
	{pausesOnFork, "while a worker cannot be started, the others are given no request"},
	{stopsWithoutTmp, "each worker is given a temporary file, and if that cannot be created, the server ends"},
	{stopsWithoutSpool, "a body above 524,288 bytes goes into a temporary file, and if that cannot be created, the server ends"},
	{diesWithoutSpool, "a body above 524,288 bytes goes into a temporary file, and if that cannot be created, a worker ends, and another one takes its place"},
	{servesTheDead, "a request waits for a worker however long that takes, however many wait, and whether or not its client is still there"},
	{idleTimerRunsOn, "an idle connection ends at its time, although another request has come on it and is being served"},
	{keepsClosed, "the descriptor of a connection that its client ends, and does not reset, stays open"},
	{keepsSome, "the descriptor of every fifth connection that its client resets stays open"},
	{keepsBuffers, "384 KiB of memory stay for each connection that its client resets"},
	{leavesThreads, "a thread stays for each connection that ends before its answer"},
	{leavesFiles, "a file stays for each connection that ends before its answer"},
	{spinsWhenLeft, "from the first client on that leaves in the middle of its head, a loop keeps a CPU busy"},
	{keepsBodies, "what has come of a body that breaks off stays in memory"},
	{diesEachTime, "each malformed request ends one worker, and another one takes its place"},
	{retiresEachTime, "each malformed request has one worker exit with code 0, and another one takes its place"},
	{answersAnother, "a malformed request gets the last answer that another client got"},
	{hangsOnNegative, "a request whose Content-Length is negative is waited for, for good"},
	{stopsOnKill, "a worker that is killed from outside ends the server"},
	{padsAnswers, "an answer that is shorter than its Content-Length is filled up with zeros"},
	{dropsBrokenPipes, "a broken pipe of the app's own is taken for the client's, who gets no answer"},
	{freezesOnExit, "a worker whose app wants to exit never answers again, and no watchdog ends it"},
	{hangsOnExit, "a worker whose app wants to exit is replaced, and its client is left waiting"},
	{sendsBeyond, "what an app gives beyond its Content-Length is sent too"},
	{diesOfGarbage, "the first malformed request ends all workers for good"},
}

// flawSet is the set of flaws that are switched on.
type flawSet map[string]bool

// parseFlaws makes a set of names. For an unknown name it returns a bench.UsageError that
// lists the flaws.
func parseFlaws(names []string) (flawSet, error) {
	set := flawSet{}
	for _, name := range names {
		if !isFlaw(name) {
			return nil, &bench.UsageError{Problem: "no flaw is called " + `"` + name + `"`, Hint: "the flaws are " + strings.Join(flawNames(), ", ")}
		}
		set[name] = true
	}
	return set, nil
}

func isFlaw(name string) bool {
	for _, f := range Flaws {
		if f.Name == name {
			return true
		}
	}
	return false
}

func flawNames() []string {
	names := make([]string, len(Flaws))
	for i, f := range Flaws {
		names[i] = f.Name
	}
	return names
}
