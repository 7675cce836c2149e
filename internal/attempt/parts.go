package attempt

import (
	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/scenarios"
)

// part is a family of the scenario, and the client that makes its faults.
type part struct {
	name     string // that samples have; "" = the scenario is no mix
	provoker clients.Provoker
	cutOff   bool // when no new faults come
}

// due is a fault's time and nonce, and its part of the scenario.
type due struct {
	clients.Due
	part int
}

// partsOf are the parts of a scenario, in its order.
func partsOf(s bench.Scenario, place scenarios.Place) ([]part, error) {
	scens := s.Parts()
	parts := make([]part, len(scens))
	for i, one := range scens {
		provoker, err := provokerOf(one, place)
		if err != nil {
			return nil, err
		}
		parts[i] = part{provoker: provoker, cutOff: one.Family.Traits.CutOff}
		if len(scens) > 1 {
			parts[i].name = one.Family.ID
		}
	}
	return parts, nil
}

// ofPart are the faults of one part, and the place of each among all.
func ofPart(dues []due, part int) (own []clients.Due, seqs []uint64) {
	for seq, d := range dues {
		if d.part == part {
			own, seqs = append(own, d.Due), append(seqs, uint64(seq))
		}
	}
	return own, seqs
}

// partsInHead are the parts of a mix for the record; nil = the scenario is no mix. aged says
// that its slots have been taken.
func (a *attempt) partsInHead(aged bool) []bench.Part {
	if len(a.job.Scenario.Family.Mix) == 0 {
		return nil
	}
	var out []bench.Part
	for i, s := range a.job.Scenario.Parts() {
		p := bench.Part{Family: s.Family.ID, FamilyVer: s.Family.Version, Ratio: s.Ratio, Traits: s.Family.Traits}
		if aged {
			p.Aged = a.job.Timing.AgedBy[i]
		}
		out = append(out, p)
	}
	return out
}
