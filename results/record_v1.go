package results

import (
	"fmt"
	"time"

	"benchrun/internal/bench"
)

// schemaV1 is the old format, in which a record's head had its family, a client kind and an
// effect, and the judge knew what these meant. Only this file knows those words: it gives
// such a head the traits that they stand for.
const schemaV1 = "benchrun.record/v1"

// headV1 has the members of an old head instead of traits.
type headV1 struct {
	Effect       string  `json:"effect"` // hold, kill or load
	Client       string  `json:"client"`
	HoldS        float64 `json:"hold_s"` // seconds; 0 = until a watchdog ends it
	MustComplete bool    `json:"must_complete"`
	LeakBytes    int64   `json:"leak_bytes"`
}

// traits are those of the family of an old head.
func (h headV1) traits(family string) (bench.Traits, error) {
	t := bench.Traits{
		MustComplete: h.MustComplete, Honest: h.MustComplete, LeakBytes: h.LeakBytes,
		Noun: bench.Words{"fault", "faults"},
	}
	if h.HoldS < 0 {
		return t, fmt.Errorf("a hold of %g s", h.HoldS)
	}
	hold := time.Duration(h.HoldS * float64(time.Second))
	switch h.Effect {
	case "hold":
		if t.Holds = hold; h.HoldS == 0 {
			t.Holds = bench.UntilEnded
		}
	case "kill":
		t.Expects = bench.ExpectsDeath
	case "load", "": // load without a client proves nothing
	default:
		return t, fmt.Errorf("unknown effect %q", h.Effect)
	}
	switch h.Client {
	case "app-fault":
		t.Receipt, t.Proof = family, bench.ProofReceipt
		switch {
		case t.Expects == bench.ExpectsDeath:
			t.Proof = bench.ProofDeath
		case t.Wedges():
			t.Noun, t.Did = bench.Words{"wedged request", "wedged requests"}, bench.Words{"request wedged", "requests wedged"}
		case t.HoldsSlot():
			t.Noun = bench.Words{"long request", "long requests"}
		}
	case "slow-upload":
		if hold == 0 {
			hold = 30 * time.Second
		}
		t.Proof, t.Bytes = bench.ProofBytes, &bench.Pace{Least: 10_000, Piece: 10_000, Every: hold / 100, Most: 100_000}
		t.Noun, t.Did = bench.Words{"slow upload", "slow uploads"}, bench.Words{"upload crawled", "uploads crawled"}
		t.CutOff, t.Honest = true, true
	case "slow-download":
		t.Proof, t.Bytes = bench.ProofBytes, &bench.Pace{Least: 1}
		t.Noun, t.Did = bench.Words{"slow download", "slow downloads"}, bench.Words{"download crawled", "downloads crawled"}
		t.CutOff, t.Honest = true, true
	case "large-upload":
		t.Proof, t.Bytes = bench.ProofBytes, &bench.Pace{Least: 100_000}
		t.Noun = bench.Words{"large upload", "large uploads"}
	case "":
	default:
		return t, fmt.Errorf("unknown client %q", h.Client)
	}
	return t, nil
}
