package judge

import "benchrun/internal/bench"

// The flags of a judgement, kebab-case and never reused. They do not change a verdict,
// except where Fold says so.
const (
	FlagAged          = "aged"           // slots were taken before the fault phase; times are derived
	FlagCustom        = "custom"         // overrides: not comparable with other results
	FlagSabotaged     = "sabotaged"      // calibration spoiled the harness on purpose
	FlagCurtailed     = "curtailed"      // ended early on failed
	FlagMasked        = "masked"         // some seconds of the fault phase do not count
	FlagOneBadSecond  = "one-bad-second" // victims were lost, but within one second
	FlagWrongBody     = "wrong-body"     // a wrong or corrupt body: needs no confirmation
	FlagUndelivered   = "undelivered"    // not every fault is proved to have been delivered
	FlagUnbounded     = "unbounded"      // held because no end of the pool was found
	FlagAgainstTheory = "against-theory" // slots and watchdog predict another verdict
	FlagUploadsLost   = "uploads-lost"   // slow uploads, honest ones, got an error or were cut off
	FlagWorkersUnseen = "workers-unseen" // fewer workers answered at boot than expected
	FlagAlreadyGone   = "already-gone"   // the server had ended before SIGTERM
	FlagNeededSIGKILL = "needed-sigkill" // SIGTERM was not enough
	FlagWindowLimited = "window-limited" // and the documented grace, longer than the window, allows that
	FlagSurvivors     = "survivors"      // processes were left behind
	FlagPortHeld      = "port-held"      // the port could not be bound again
	FlagFlaky         = "flaky"          // attempts of the cell disagree
	FlagUnconfirmed   = "unconfirmed"    // not held once, and it could not be tried again
)

// FlagSpec describes a flag.
type FlagSpec struct {
	Name, Text string
	Strict     bool // it tells of trouble, though it decides no verdict
}

// StrictFlags are the names of those that tell of trouble.
func StrictFlags() []string {
	var out []string
	for _, f := range FlagTable {
		if f.Strict {
			out = append(out, f.Name)
		}
	}
	return out
}

// FlagTable lists every flag, in the order in which they are reported.
var FlagTable = []FlagSpec{
	{FlagAged, "slots were taken before the fault phase, as many as an hour of the fault would hold; times are derived", false},
	{FlagCustom, "settings were overridden: not comparable with other results", false},
	{FlagSabotaged, "calibration spoiled the harness on purpose, to see that the verdict becomes invalid: says nothing about the server", false},
	{FlagCurtailed, "benchrun ended the fault phase early, because the losses exceeded the budget of the whole phase", false},
	{FlagMasked, "some seconds of the fault phase do not count, because the host stalled", false},
	{FlagOneBadSecond, "victims were lost, but within one second: decides nothing unless it repeats", true},
	{FlagWrongBody, "a victim got another's answer or a corrupt one: the verdict is failed and needs no confirmation", false},
	{FlagUndelivered, "not every fault is proved to have been delivered", false},
	{FlagUnbounded, "the pool held, and benchrun did not find its end; the reasons say what each stuck request costs", false},
	{FlagAgainstTheory, "slots and watchdog, as measured, predict another verdict: the record of such a cell is worth reading", false},
	{FlagUploadsLost, "slow but honest uploads or downloads got an error or were cut off: the price of a watchdog", true},
	{FlagWorkersUnseen, "fewer workers answered at boot than expected", true},
	{FlagAlreadyGone, "the server had ended before SIGTERM", false},
	{FlagNeededSIGKILL, "SIGTERM was not enough within the window", true},
	{FlagWindowLimited, "SIGTERM was not enough within the window, but the documented grace is longer: not a fault", false},
	{FlagSurvivors, "processes were left behind when the server was gone", true},
	{FlagPortHeld, "the port could not be bound again when the server was gone", true},
	{FlagFlaky, "attempts of the cell disagree; the best valid one counts", true},
	{FlagUnconfirmed, "did not hold once, and benchrun could not confirm that with another attempt: the cell is invalid", false},
}

// flags lists what applies, in a fixed order.
func (f *facts) flags(verdict bench.Verdict) []string {
	flags := []string{}
	add := func(applies bool, flag string) {
		if applies {
			flags = append(flags, flag)
		}
	}
	v := f.v
	add(v.head.Aged > 0, FlagAged)
	add(v.head.Custom, FlagCustom)
	add(v.head.Sabotage != "", FlagSabotaged)
	add(f.curtailed(), FlagCurtailed)
	add(f.fault.valid < f.fault.bins, FlagMasked)
	add(verdict == bench.Held && f.fault.bad == 1, FlagOneBadSecond)
	add(f.wrong > 0 && verdict == bench.Failed, FlagWrongBody)
	add(f.fault.scheduled > 0 && verdict != bench.Broken && f.faults.undelivered(v.head.Traits) != "", FlagUndelivered)
	add(v.head.Target.Probe.Unbounded && verdict == bench.Held && v.head.Traits.HoldsSlot(), FlagUnbounded)
	add(f.againstTheory(verdict), FlagAgainstTheory)
	lostUploads, _, _ := f.lostUploads()
	add(lostUploads > 0, FlagUploadsLost)
	add(v.boot.Ready && v.boot.WorkersSeen < v.head.Target.Workers, FlagWorkersUnseen)
	if s := v.stop; s != nil {
		limited := s.NeededSIGKILL && s.WindowLimited
		add(s.AlreadyGone, FlagAlreadyGone)
		add(s.NeededSIGKILL && !limited, FlagNeededSIGKILL)
		add(limited, FlagWindowLimited)
		add(s.Survivors > 0 && !limited, FlagSurvivors)
		add(!s.PortFreed, FlagPortHeld)
	}
	return flags
}
