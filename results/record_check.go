package results

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// The judge counts by these words. It would silently ignore an unknown one, so writer
// and reader both refuse it.

func checkHead(h *bench.Head) error {
	err := checkTraits(&h.Traits)
	for i := range h.Parts {
		if err == nil {
			err = checkTraits(&h.Parts[i].Traits)
		}
	}
	return err
}

func checkTraits(t *bench.Traits) error {
	switch t.Proof {
	case bench.ProofReceipt, bench.ProofDeath, bench.ProofBytes, bench.ProofStay, bench.ProofSent, bench.ProofSignal, bench.ProofParts, "": // "" proves nothing
	default:
		return fmt.Errorf("unknown proof %q", t.Proof)
	}
	switch t.Expects {
	case bench.ExpectsDeath, bench.ExpectsRenewal, bench.ExpectsReplacement, bench.ExpectsTurnover,
		bench.ExpectsEnd, bench.ExpectsTakeover, bench.ExpectsRefusal, "":
	default:
		return fmt.Errorf("unknown expectation %q", t.Expects)
	}
	return nil
}

func checkSample(s *bench.Sample) error {
	switch s.Role {
	case bench.RoleVictim, bench.RoleControl, bench.RoleProvoker, bench.RoleAgeing, bench.RoleShutdown:
	default:
		return fmt.Errorf("unknown role %q", s.Role)
	}
	switch s.Outcome {
	case bench.OK, bench.Unsent, bench.Completed, bench.Cut, bench.NoConnect, bench.HeldOpen:
		return nil
	}
	if !slices.Contains(bench.VictimLosses, s.Outcome) {
		return fmt.Errorf("unknown outcome %q", s.Outcome)
	}
	return nil
}

func checkMark(m *bench.Mark) error {
	switch m.Name {
	case bench.MarkBoot, bench.MarkBaseline, bench.MarkAgeing, bench.MarkFault, bench.MarkRecovery,
		bench.MarkShutdown, bench.MarkEnd, bench.MarkCurtailed, bench.MarkBadReceipt, bench.MarkMemoryCap,
		bench.MarkDiskCap, bench.MarkTmpFull, bench.MarkLeft, bench.MarkSignal, bench.MarkBroken, bench.MarkRepaired, bench.MarkLogUnread:
		return nil
	}
	return fmt.Errorf("unknown mark %q", m.Name)
}

func checkProc(p *bench.ProcEvent) error {
	if p.Event != bench.Born && p.Event != bench.Died {
		return fmt.Errorf("unknown process event %q", p.Event)
	}
	return nil
}

func checkReceipt(r *bench.Receipt) error {
	switch r.Event {
	case bench.ReceiptStart, bench.ReceiptEnd, bench.ReceiptThreadGone, bench.ReceiptProcessGone:
		return nil
	}
	return fmt.Errorf("unknown receipt event %q", r.Event)
}
