package attempt

import (
	"fmt"
	"syscall"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/scenarios"
)

// What calibration does to the harness. Each of these does one part of an
// attempt, and does it properly if there is no sabotage. Nothing here touches the
// record: it spoils the real generator, the real control or the real requests,
// and the judge has to notice.

// sabotageLate is how late a sabotaged generator is: more than the judge allows
// (bench.MaxLateness), and less than would cost a victim (bench.StandardLoad).
const sabotageLate = 400 * time.Millisecond

// sabotageGrace is how much longer than its length a sabotaged fault phase lasts
// at most. Perhaps none of its seconds counts, so it does not wait for one.
const sabotageGrace = 4 * time.Second

// faultCap is when a fault phase ends even if it has not seen enough.
func faultCap(s bench.Sabotage, p bench.Phases) time.Duration {
	if s == "" {
		return p.FaultCap
	}
	return min(p.FaultCap, p.Fault+sabotageGrace)
}

// lateness is how long after it is due each victim is sent.
func lateness(s bench.Sabotage) time.Duration {
	if s == bench.SabotageLateGenerator {
		return sabotageLate
	}
	return 0
}

// provokerOf makes the faults of a scenario that is no mix, in a place.
func provokerOf(s bench.Scenario, place scenarios.Place) (clients.Provoker, error) {
	switch s.Sabotage {
	case bench.SabotageAppWithoutFault:
		return clients.AppFault("not-in-this-app", clients.VictimSize), nil
	case bench.SabotageMuteUploads:
		return clients.MuteUpload(), nil
	}
	fault, ok := scenarios.Acting(s.Family.ID)
	if !ok {
		return nil, fmt.Errorf("no family is called %q", s.Family.ID)
	}
	return fault.Act(place), nil
}

// unspoiled are the provocations of the fault phase that are sent.
func unspoiled[D any](s bench.Sabotage, dues []D) []D {
	switch s {
	case bench.SabotageFaultsUnsent:
		return nil
	case bench.SabotageFaultsHalved:
		var half []D
		for i := 0; i < len(dues); i += 2 {
			half = append(half, dues[i])
		}
		return half
	}
	return dues
}

// spoilControl harms the control server when the faults begin; the function that
// it returns undoes that at their end, if it can. A signal that does not arrive
// is not an error here: then the verdict does not name the sabotage, and
// calibration reports that.
func spoilControl(s bench.Sabotage, control *clients.ControlServer) (undo func()) {
	switch s {
	case bench.SabotageDeadControl:
		_ = syscall.Kill(control.PID(), syscall.SIGKILL)
	case bench.SabotageStalledControl:
		_ = syscall.Kill(control.PID(), syscall.SIGSTOP)
		return func() { _ = syscall.Kill(control.PID(), syscall.SIGCONT) }
	}
	return func() {}
}
