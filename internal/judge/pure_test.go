package judge

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"benchrun/internal/bench"
)

// scenes are records of every kind, for properties that hold for all.
func scenes() map[string]scene {
	mixed := crashing(true).lose(fault(0), fault(12), 6, bench.Reset).lose(fault(3), fault(5), 40, bench.Refused)
	mixed.Procs[0].Exit, mixed.Procs[2].Exit = nil, &bench.ExitStatus{Code: 3}
	mixed.vital(fault(1), 1<<20, 1, 3).vital(fault(5), 2<<20, 2, 4).vital(fault(9), 5<<20, 3, 5)
	return map[string]scene{
		"held": wedged(), "stuck": stuck().lose(fault(4), fault(12), 100, bench.TimedOut), "crashes": mixed,
		"uploads": crawling().lose(fault(4), fault(12), 30, bench.Reset),
		"aged":    stuck().slots(512).aged(508, 508).lose(fault(4), fault(12), 100, bench.TimedOut),
		"doubts":  longer(wedged(), 5).doubt(fault(2), fault(3), "b").doubt(fault(2), fault(3), "a").stall(fault(9)),
		"surge":   surging(), "overload": collapsing(), "race": racing(),
		"refusal": strict(), "starve": oneCut(starving()).died(12, fault(7), "SIGKILL"),
		"wrong":    wedged().lose(fault(2), fault(3), 2, bench.Wrong),
		"invalid":  wedged().stall(fault(5)).stall(fault(8)),
		"mix":      mixOf(crashing(true), wedged(), failing(), crawling()).lose(fault(3), fault(6), 40, bench.Refused),
		"nothing":  {&bench.Record{}},
		"no marks": {&bench.Record{Boot: bench.Boot{Ready: true}, Samples: wedged().Samples}},
	}
}

func encoded(t *testing.T, rec *bench.Record) []byte {
	t.Helper()
	b, err := json.Marshal(Judge(rec))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The same record gives the same bytes, in whatever order it was written, and
// is not changed by being judged.
func TestJudgeIsPure(t *testing.T) {
	for name, s := range scenes() {
		t.Run(name, func(t *testing.T) {
			before, err := json.Marshal(s.Record)
			if err != nil {
				t.Fatal(err)
			}
			want := encoded(t, s.Record)
			r := rand.New(rand.NewPCG(1, 2))
			for range 5 {
				shuffled := *s.Record
				shuffled.Samples = shuffle(r, shuffled.Samples)
				shuffled.Receipts = shuffle(r, shuffled.Receipts)
				shuffled.Procs = shuffle(r, shuffled.Procs)
				shuffled.Vitals = shuffle(r, shuffled.Vitals)
				shuffled.Marks = shuffle(r, shuffled.Marks)
				shuffled.Doubts = shuffle(r, shuffled.Doubts)
				if got := encoded(t, &shuffled); !bytes.Equal(got, want) {
					t.Fatalf("shuffled:\n%s\nwant\n%s", got, want)
				}
			}
			after, err := json.Marshal(s.Record)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("judging changed the record")
			}
		})
	}
}

func shuffle[T any](r *rand.Rand, list []T) []T {
	out := append([]T{}, list...)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// The beginning of the clock means nothing: a record moved in time is judged
// the same.
func TestJudgeDoesNotCareWhen(t *testing.T) {
	const by = 1000 * second
	for name, s := range scenes() {
		if name == "nothing" || name == "no marks" {
			continue
		}
		want := encoded(t, s.Record)
		for i := range s.Samples {
			x := &s.Samples[i]
			x.Due += by
			if x.Sent > 0 {
				x.Sent += by
			}
			if x.Done > 0 {
				x.Done += by
			}
		}
		for i := range s.Receipts {
			s.Receipts[i].T += by
		}
		for i := range s.Procs {
			s.Procs[i].T += by
		}
		for i := range s.Vitals {
			s.Vitals[i].T += by
		}
		for i := range s.Marks {
			s.Marks[i].T += by
		}
		for i := range s.Doubts {
			s.Doubts[i].From += by
			s.Doubts[i].To += by
		}
		if s.Again != nil {
			s.Again.T += by
		}
		if s.Repaired != nil {
			s.Repaired.T += by
		}
		if got := encoded(t, s.Record); !bytes.Equal(got, want) {
			t.Errorf("%s: moved:\n%s\nwant\n%s", name, got, want)
		}
	}
}

// Losing one more victim never makes a verdict better.
func TestLosingIsNeverBetter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 20 {
		s := wedged()
		last := Judge(s.Record).Verdict
		for range 12 {
			at := fault(float64(r.IntN(12)))
			s.lose(at, at+1, 1+r.IntN(20), bench.TimedOut)
			now := Judge(s.Record).Verdict
			if now > last {
				t.Fatalf("round %d: from %v to %v", round, last, now)
			}
			last = now
		}
		if last != bench.Failed && last != bench.Degraded && last != bench.Held {
			t.Fatalf("round %d ends on %v", round, last)
		}
	}
}
