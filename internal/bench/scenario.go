package bench

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Group says who misbehaves.
type Group string

// The groups of families.
const (
	GroupApp       Group = "app"
	GroupClient    Group = "client"
	GroupLifecycle Group = "lifecycle"
	GroupLoad      Group = "load"
	GroupResources Group = "resources"
	GroupMixed     Group = "mixed"
	// GroupDependency: what the app depends on, a database.
	GroupDependency Group = "dependency"
)

// Ratio is the share of requests that misbehave, in thousandths of a percent:
// 1 % is 1000. An integer, so that schedules are exact.
type Ratio int

// RatioWhole is 100 %.
const RatioWhole Ratio = 100_000

// RatioLadder lists the ratios that a scenario name may carry, ascending.
var RatioLadder = []Ratio{100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000}

// String gives the ratio as it stands in a scenario name: "1pct", "0.5pct".
func (r Ratio) String() string {
	return strconv.FormatFloat(r.Percent(), 'f', -1, 64) + "pct"
}

// Percent gives the ratio in percent: 1 for 1 %.
func (r Ratio) Percent() float64 { return float64(r) / 1000 }

// Fraction gives the ratio as a fraction of 1.
func (r Ratio) Fraction() float64 { return float64(r) / float64(RatioWhole) }

// ParseRatio reads "1pct" or "0.5pct". It fails on anything that is not on
// RatioLadder.
func ParseRatio(s string) (Ratio, error) {
	for _, r := range RatioLadder {
		if r.String() == s {
			return r, nil
		}
	}
	names := make([]string, len(RatioLadder))
	for i, r := range RatioLadder {
		names[i] = r.String()
	}
	return 0, fmt.Errorf("ratio %q is not one of %s", s, strings.Join(names, ", "))
}

// Scenario is a family as it is run: at a ratio, if its faults are a share of the
// requests.
type Scenario struct {
	Family   Family
	Ratio    Ratio    // 0 = the family's faults are no share of the requests
	Sabotage Sabotage // what is done to the harness meanwhile; "" but in calibration
}

// Name is "<family>-<ratio>", for example "wedge-1pct"; without a ratio, or with a fixed
// one, it is the family's own. That of a sabotaged scenario ends with "+<sabotage>", so that no
// result of it looks like another.
func (s Scenario) Name() string {
	name := s.Family.ID
	if s.Ratio != 0 && !s.Family.Fixed {
		name += "-" + s.Ratio.String()
	}
	if s.Sabotage != "" {
		name += "+" + string(s.Sabotage)
	}
	return name
}

// Parts are what comes in one attempt: of a mix, each family at its part of the ratio; of
// any other family, the scenario itself.
func (s Scenario) Parts() []Scenario {
	if len(s.Family.Mix) == 0 {
		return []Scenario{s}
	}
	out := make([]Scenario, len(s.Family.Mix))
	for i, p := range s.Family.Mix {
		out[i] = Scenario{Family: p.Family, Ratio: p.Ratio * s.Ratio / s.Family.Cadence.Share, Sabotage: s.Sabotage}
	}
	return out
}

// Needs are the family's; of a mix, only what its parts need the target started with.
func (s Scenario) Needs() Needs {
	if len(s.Family.Mix) == 0 {
		return s.Family.Needs
	}
	var all Needs
	for _, p := range s.Family.Mix {
		n := p.Family.Needs
		if n.Files > 0 && (all.Files == 0 || n.Files < all.Files) {
			all.Files = n.Files
		}
		if n.Memory > 0 && (all.Memory == 0 || n.Memory < all.Memory) {
			all.Memory = n.Memory
		}
		all.PipedLog, all.OwnTmp = all.PipedLog || n.PipedLog, all.OwnTmp || n.OwnTmp
	}
	return all
}

// FamilyIDs name the families of the parts.
func (s Scenario) FamilyIDs() []string {
	var ids []string
	for _, p := range s.Parts() {
		ids = append(ids, p.Family.ID)
	}
	return ids
}

// PerSecond is how many faults come in a second beside rate victims a second:
// R·p of a share.
func (s Scenario) PerSecond(rate int) float64 { return s.Family.Cadence.perSecond(s.Ratio, rate) }

// Load is the traffic of an attempt.
type Load struct {
	Rate    int           // victims per second (R)
	SLO     time.Duration // an answer later than this after its intended send is "late"
	Timeout time.Duration // the client gives up this long after the intended send
}

// StandardLoad is the load of every attempt that is not marked custom.
var StandardLoad = Load{Rate: 100, SLO: time.Second, Timeout: 2 * time.Second}

// ControlSLO is what the control server must answer within; a miss says that
// the host stalled.
const ControlSLO = 250 * time.Millisecond

// MaxLateness is how late the generator may send before the bin is invalid.
const MaxLateness = 250 * time.Millisecond

// Horizon is the stretch of production that an attempt stands for: what a fault
// would hold for longer counts as held without end.
const Horizon = time.Hour

// MostSlots is where the search for a pool's end stops: a target that holds so
// many requests at once counts as unbounded.
const MostSlots = 1100

// Phases are the lengths of an attempt's phases. See docs/method.md.
type Phases struct {
	Boot       time.Duration `json:"boot_ns"`        // at most
	Baseline   time.Duration `json:"baseline_ns"`    // exactly
	AgeingMax  time.Duration `json:"ageing_max_ns"`  // at most, or until all slots are taken; 0 = no ageing
	Fault      time.Duration `json:"fault_ns"`       // this much time in valid bins (T)
	FaultCap   time.Duration `json:"fault_cap_ns"`   // wall time after which the phase ends
	Recovery   time.Duration `json:"recovery_ns"`    // exactly
	StopWindow time.Duration `json:"stop_window_ns"` // SIGTERM to SIGKILL
}

// PhasesFor gives the phase lengths of a mode for a fault that holds its slot
// for hold (0 = it holds none, or without end) on a target whose documented
// shutdown grace is grace.
func PhasesFor(mode Mode, hold, grace time.Duration) Phases {
	if mode == ModeFull {
		t := max(60*time.Second, 3*hold)
		return Phases{
			Boot: 60 * time.Second, Baseline: 10 * time.Second, AgeingMax: 10 * time.Second,
			Fault: t, FaultCap: 2 * t,
			Recovery:   max(30*time.Second, hold+10*time.Second),
			StopWindow: grace + 5*time.Second,
		}
	}
	t := min(max(12*time.Second, 3*hold), 30*time.Second)
	return Phases{
		Boot: 15 * time.Second, Baseline: 4 * time.Second, AgeingMax: 10 * time.Second,
		Fault: t, FaultCap: t + 15*time.Second,
		Recovery: 5 * time.Second, StopWindow: 5 * time.Second,
	}
}

// Mode is quick or full.
type Mode string

// The modes.
const (
	ModeQuick Mode = "quick"
	ModeFull  Mode = "full"
)
