package judge

import (
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// sabotaged are what the sabotages of calibration do to a record.
var sabotaged = map[bench.Sabotage]func(scene) scene{
	bench.SabotageLateGenerator: func(s scene) scene {
		return s.edit(bench.RoleVictim, baseAt, shutdownAt, func(x *bench.Sample) { x.Sent, x.Done = x.Due+4e8, max(x.Done, x.Due+4e8)+2e6 })
	},
	bench.SabotageDeadControl: func(s scene) scene { return s.doubt(0, 0, "control-dead") },
	bench.SabotageStalledControl: func(s scene) scene {
		for t := range int(faultLen) {
			s = s.stall(fault(float64(t)))
		}
		return s
	},
	bench.SabotageFaultsUnsent: func(s scene) scene { return s.without(func(int) bool { return true }) },
	bench.SabotageFaultsHalved: func(s scene) scene { return s.without(func(i int) bool { return i%2 == 1 }) },
	bench.SabotageAppWithoutFault: func(s scene) scene {
		s.Receipts = nil
		return s.edit(bench.RoleProvoker, faultAt, recoveryAt, func(x *bench.Sample) { x.Outcome, x.Status, x.Done = bench.Completed, 200, x.Due+2e6 })
	},
	bench.SabotageMuteUploads: func(scene) scene {
		return crawling().edit(bench.RoleProvoker, faultAt, recoveryAt, func(x *bench.Sample) { x.Bytes = 0 })
	},
}

// without leaves out the faults that are chosen by their number.
func (s scene) without(chosen func(i int) bool) scene {
	gone := map[string]bool{}
	i := 0
	s.Samples = slices.DeleteFunc(s.Samples, func(x bench.Sample) bool {
		if x.Role != bench.RoleProvoker {
			return false
		}
		gone[x.Nonce] = chosen(i)
		i++
		return gone[x.Nonce]
	})
	s.Receipts = slices.DeleteFunc(s.Receipts, func(r bench.Receipt) bool { return gone[r.Nonce] })
	return s
}

// Whatever calibration does to the harness makes the verdict invalid for that cause, on
// a server that holds and on one that fails, and without it neither is.
func TestSabotagesAreSeen(t *testing.T) {
	flawed := func() scene { return stuck().lose(fault(4), fault(12), 100, bench.TimedOut) }
	if held, failed := Judge(wedged().Record), Judge(flawed().Record); held.Verdict != bench.Held || failed.Verdict != bench.Failed {
		t.Fatalf("without a sabotage: %s and %s", held.Verdict, failed.Verdict)
	}
	for _, spec := range bench.SabotageTable {
		spoil, ok := sabotaged[spec.Sabotage]
		if !ok {
			t.Errorf("%s: no record shows it", spec.Sabotage)
			continue
		}
		scenes := map[string]scene{"sound": wedged()}
		if spec.OnFlaw {
			scenes["flawed"] = flawed()
		}
		for name, s := range scenes {
			if j := Judge(spoil(s).Record); j.Verdict != bench.Invalid || !strings.Contains(strings.Join(j.Reasons, "\n"), spec.Cause) {
				t.Errorf("%s, %s: %s %q, want invalid because of %q", spec.Sabotage, name, j.Verdict, j.Reasons, spec.Cause)
			}
		}
	}
}
