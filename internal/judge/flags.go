package judge

import "benchrun/internal/bench"

// flags lists what applies, in a fixed order.
func (f *facts) flags(verdict bench.Verdict) []string {
	flags := []string{}
	add := func(applies bool, flag string) {
		if applies {
			flags = append(flags, flag)
		}
	}
	v := f.v
	add(v.head.Aged > 0, bench.FlagAged)
	add(v.head.Custom, bench.FlagCustom)
	add(v.head.Sabotage != "", bench.FlagSabotaged)
	add(f.curtailed(), bench.FlagCurtailed)
	add(f.fault.valid < f.fault.bins, bench.FlagMasked)
	add(verdict == bench.Held && f.fault.bad == 1, bench.FlagOneBadSecond)
	add((f.wrong > 0 || f.harm.crossed > 0) && verdict == bench.Failed, bench.FlagWrongBody)
	add(f.fault.scheduled > 0 && verdict != bench.Broken && f.undelivered() != "", bench.FlagUndelivered)
	add(v.head.Target.Probe.Unbounded && verdict == bench.Held && len(f.holding()) > 0, bench.FlagUnbounded)
	add(f.againstTheory(verdict), bench.FlagAgainstTheory)
	add(f.honestCutWords() != "", bench.FlagHonestCut)
	add(f.refusedWords() != "", bench.FlagRefusedByLimit)
	add(v.boot.Ready && v.boot.WorkersSeen < v.head.Target.Workers, bench.FlagWorkersUnseen)
	if s := v.stop; s != nil {
		limited := s.Limited()
		add(s.AlreadyGone, bench.FlagAlreadyGone)
		add(s.NeededSIGKILL && !limited, bench.FlagNeededSIGKILL)
		add(limited, bench.FlagWindowLimited)
		add(s.Survivors > 0 && !limited, bench.FlagSurvivors)
		add(!s.PortFreed && !limited, bench.FlagPortHeld)
	}
	return flags
}
