package bench

import "time"

// Expects is the deaths or births that are the point of a fault, and no loss.
type Expects string

// What may be expected of a fault.
const (
	// ExpectsDeath: the process that serves the request dies.
	ExpectsDeath Expects = "death"
	// ExpectsRenewal: every worker that has served dies, and as many new ones are
	// there in its place within RenewalLimit of the signal. Nothing piles up.
	ExpectsRenewal Expects = "renewal"
	// ExpectsReplacement: the one worker that gets the signal ends, by itself or by the
	// server's hand, and another is there in its place within ReplacementLimit.
	ExpectsReplacement Expects = "replacement"
	// ExpectsTurnover: workers end all the time, because they have served as many
	// requests as they may, and others take their place.
	ExpectsTurnover Expects = "turnover"
	// ExpectsEnd: the server ends on the signal, and loses nothing that was under way.
	// Victims that are due from then on are nobody's to serve.
	ExpectsEnd Expects = "end"
	// ExpectsTakeover: the leader dies of the signal, and the same command, started again at
	// once, serves alone. Nobody need serve in between.
	ExpectsTakeover Expects = "takeover"
	// ExpectsRefusal: what the signal starts cannot load the app, and what serves goes on.
	ExpectsRefusal Expects = "refusal"
)

// BySignal says that workers are to be replaced because of a signal.
func (e Expects) BySignal() bool { return e == ExpectsRenewal || e == ExpectsReplacement }

// TakesAway says that the fault itself ends the server, for good or until it is started
// again.
func (e Expects) TakesAway() bool { return e == ExpectsEnd || e == ExpectsTakeover }

// BeforeSignal is how long before a signal a request must have been sent that the
// signal must not cost: less long, and it may not have reached the server.
const BeforeSignal = 100 * time.Millisecond

// RestartLimit is how long a server that is started again may take to serve.
const RestartLimit = 10 * time.Second

// NominalGrace is what requests in flight get after the stop signal if the server documents no
// grace, in seconds: about what process managers wait before they kill.
const NominalGrace = 30.0

// StopGrace is how long requests in flight may take after the stop signal, in seconds.
func StopGrace(c Claims) float64 {
	if c.Grace > 0 {
		return c.Grace
	}
	return NominalGrace
}

// StopExtra is what a server may take beyond that.
const StopExtra = 5 * time.Second

// A grace of less than LeastGrace seconds cannot be told from a slow end; WaitedOut of a
// longer one is all of it.
const (
	LeastGrace = 2.0
	WaitedOut  = 0.9
)

// StopLimit is how long a server may take to end.
func StopLimit(c Claims) time.Duration { return Seconds(StopGrace(c)) + StopExtra }

// RefutedAfter is when a claimed watchdog must have acted, in seconds. Watchdogs look
// now and then, and what they end takes time to end: half as much again and 2 s.
func RefutedAfter(claim float64) float64 { return 1.5*claim + 2 }

// SettleLimit is how long after a signal it is known whether what is expected of it has
// come true; 0 = nothing is.
func (e Expects) SettleLimit(c Claims) time.Duration {
	switch e {
	case ExpectsRenewal, ExpectsRefusal:
		return RenewalLimit(c)
	case ExpectsReplacement:
		return ReplacementLimit(c)
	case ExpectsEnd:
		return StopLimit(c)
	case ExpectsTakeover:
		return RestartLimit
	}
	return 0
}

// RespawnLimit is how long a server may take to start a worker that replaces one that has
// crashed: nobody need notice that first, because the kernel tells its parent.
const RespawnLimit = 10 * time.Second

// ReplacementLimit is how long one worker may take to be replaced: until a documented
// watchdog must have noticed, and 10 s to start a new one.
func ReplacementLimit(c Claims) time.Duration {
	return Seconds(RefutedAfter(c.Watchdog)) + 10*time.Second
}

// VanishLimit is how long a server may take to notice that a client is gone: longer
// than most timeouts of a read.
const VanishLimit = 30 * time.Second

// RenewalLimit is how long the workers may take to be replaced: as long as requests
// in flight may take by the server's documentation, and 10 s to start new ones.
func RenewalLimit(c Claims) time.Duration { return Seconds(c.Grace) + 10*time.Second }
