package bench

// The flags of a judgement, kebab-case and never reused. They do not change a verdict,
// except where judge.Conclude says so. FlagTable says what they mean.
const (
	FlagAged           = "aged"
	FlagCustom         = "custom"
	FlagSabotaged      = "sabotaged"
	FlagCurtailed      = "curtailed"
	FlagMasked         = "masked"
	FlagOneBadSecond   = "one-bad-second"
	FlagWrongBody      = "wrong-body"
	FlagUndelivered    = "undelivered"
	FlagUnbounded      = "unbounded"
	FlagAgainstTheory  = "against-theory"
	FlagHonestCut      = "uploads-lost" // of any honest request: the name is that of the first family, as stored runs have it
	FlagRefusedByLimit = "refused-by-limit"
	FlagWorkersUnseen  = "workers-unseen"
	FlagAlreadyGone    = "already-gone"
	FlagNeededSIGKILL  = "needed-sigkill"
	FlagWindowLimited  = "window-limited"
	FlagSurvivors      = "survivors"
	FlagPortHeld       = "port-held"
	FlagFlaky          = "flaky"
	FlagUnconfirmed    = "unconfirmed"
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
	{FlagAged, "slots were taken before the fault phase: all but four of those that an hour of the fault would hold; times are derived", false},
	{FlagCustom, "settings were overridden: not comparable with other results", false},
	{FlagSabotaged, "calibration spoiled the harness on purpose, to see that the verdict becomes invalid: says nothing about the server", false},
	{FlagCurtailed, "benchrun ended the fault phase early, because the losses exceeded the budget of the whole phase", false},
	{FlagMasked, "some seconds of the fault phase do not count, because the host stalled", false},
	{FlagOneBadSecond, "victims were lost, but within one second: decides nothing unless it repeats", true},
	{FlagWrongBody, "a victim got another's answer or a corrupt one, or a client of the fault another's answer: the verdict is failed and needs no confirmation", false},
	{FlagUndelivered, "not every fault is proved to have been delivered", false},
	{FlagUnbounded, "the pool held, and benchrun did not find its end; the reasons say what each stuck request costs", false},
	{FlagAgainstTheory, "slots and watchdog, as measured, predict another verdict: the record of such a cell is worth reading", false},
	{FlagHonestCut, "honest requests of the fault, uploads or others, got an error or were cut off, where that decides no verdict: the price of a watchdog", true},
	{FlagRefusedByLimit, "honest uploads of the fault got a whole answer that names a limit of the server (411, 413 or 417): decides nothing", false},
	{FlagWorkersUnseen, "fewer workers answered at boot than expected", true},
	{FlagAlreadyGone, "the server had ended before SIGTERM", false},
	{FlagNeededSIGKILL, "SIGTERM was not enough within the window", true},
	{FlagWindowLimited, "SIGTERM was not enough within the window, but the documented grace was not over either: not a fault. What was left then is not measured", false},
	{FlagSurvivors, "processes were left behind when the server was gone", true},
	{FlagPortHeld, "the port could not be bound again when the server was gone", true},
	{FlagFlaky, "attempts of the cell disagree; the best valid one counts", true},
	{FlagUnconfirmed, "did not hold once, and benchrun could not confirm that with another attempt: the cell is invalid", false},
}
