package bench

// Sabotage names one way in which calibration spoils the harness on purpose, to
// see that its verdict is then invalid. "" = no sabotage. No selection of cells can
// name one: only package calibrate puts it into a scenario, whose name then
// tells it.
type Sabotage string

// The sabotages. Kebab-case, never reused.
const (
	SabotageLateGenerator   Sabotage = "late-generator"
	SabotageDeadControl     Sabotage = "dead-control"
	SabotageStalledControl  Sabotage = "stalled-control"
	SabotageFaultsUnsent    Sabotage = "faults-unsent"
	SabotageFaultsHalved    Sabotage = "faults-halved"
	SabotageAppWithoutFault Sabotage = "app-without-fault"
	SabotageMuteUploads     Sabotage = "mute-uploads"
)

// SabotageSpec describes a sabotage.
type SabotageSpec struct {
	Sabotage Sabotage
	Text     string // what is done to the harness
	Cause    string // what the reason of the verdict must say
	// OnFlaw: a flawed server is tried too, because its own loss could be taken for
	// the verdict: it must be no more failed than the sound one is held.
	OnFlaw bool
}

// SabotageTable lists every sabotage, in the order in which they are reported.
var SabotageTable = []SabotageSpec{
	{SabotageLateGenerator, "every victim is sent 400 ms late, early enough to be served in time", "the generator was late", true},
	{SabotageDeadControl, "the control server is killed when the faults begin", "control-dead", true},
	{SabotageStalledControl, "the control server is stopped during the faults, as on a host that stalls", "the control missed its SLO", true},
	{SabotageFaultsUnsent, "no fault is ever sent", "no fault was scheduled", false},
	{SabotageFaultsHalved, "every other fault is left out", "faults not scheduled", false},
	{SabotageAppWithoutFault, "the app does not know the faults that it is asked for: it answers, and nothing happens", "faults not delivered", false},
	{SabotageMuteUploads, "slow uploads send their head and then nothing, until the server gives up on them", "faults not delivered", false},
}

// SabotageByName finds a sabotage's description.
func SabotageByName(name string) (SabotageSpec, bool) {
	for _, s := range SabotageTable {
		if string(s.Sabotage) == name {
			return s, true
		}
	}
	return SabotageSpec{}, false
}
