package judge

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// FuzzJudge reads a record from JSON, as a damaged store could hold it.
func FuzzJudge(f *testing.F) {
	for _, s := range scenes() {
		thin(s)
		b, err := json.Marshal(s.Record)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"Boot":{"ready":true},"Marks":[{"t":-9223372036854775808,"name":"baseline"},{"t":9223372036854775807,"name":"fault"}]}`))
	f.Add([]byte(`{"Boot":{"ready":true},"Head":{"rate":-1,"ratio":-5,"timeout_ns":9223372036854775807},"Marks":[{"t":0,"name":"fault"},{"t":9,"name":"recovery"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var rec bench.Record
		if json.Unmarshal(b, &rec) != nil {
			return
		}
		mustBeSound(t, &rec)
	})
}

// FuzzSpoiled changes single fields of a sound record, so that the deeper rules
// are reached: each 12 bytes name an entry, a field and a value.
func FuzzSpoiled(f *testing.F) {
	f.Add(uint8(0), []byte{})
	f.Add(uint8(1), []byte{0, 17, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(uint8(2), []byte{4, 3, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127})
	f.Add(uint8(3), []byte{5, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 128})
	f.Fuzz(func(t *testing.T, which uint8, edits []byte) {
		s := soundScene(int(which))
		for n := 0; len(edits) >= 12 && n < 100; n++ {
			s.spoil(edits[0], int(edits[1])|int(edits[2])<<8, edits[3], int64(binary.LittleEndian.Uint64(edits[4:])))
			edits = edits[12:]
		}
		mustBeSound(t, s.Record)
	})
}

// The same with a fixed seed and plausible times, as an ordinary test.
func TestSpoiledRecords(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	seen := map[bench.Verdict]int{}
	for which := range 200 {
		s := soundScene(which)
		for range r.IntN(6) {
			value := r.Int64N(30 * second)
			if r.IntN(20) == 0 {
				value = int64(r.Uint64())
			}
			s.spoil(uint8(r.IntN(7)), r.IntN(1<<16), uint8(r.IntN(256)), value)
		}
		mustBeSound(t, s.Record)
		seen[Judge(s.Record).Verdict]++
	}
	for _, v := range []bench.Verdict{bench.Invalid, bench.Held} {
		if seen[v] == 0 {
			t.Errorf("none of the records is %v: %v", v, seen)
		}
	}
}

func soundScene(which int) scene {
	switch which % 4 {
	case 0:
		return wedged()
	case 1:
		return stuck().lose(fault(4), fault(12), 100, bench.TimedOut)
	case 2:
		return crashing(true)
	}
	return crawling()
}

// spoil sets one field of the i-th entry of one of the record's lists.
func (s scene) spoil(list uint8, i int, field uint8, value int64) {
	outcomes := append([]bench.Outcome{bench.OK, bench.Unsent, bench.Completed, bench.Cut, bench.NoConnect, bench.HeldOpen, ""}, bench.VictimLosses...)
	switch list % 7 {
	case 0, 1:
		x := &s.Samples[i%len(s.Samples)]
		switch field % 7 {
		case 0:
			x.Due = value
		case 1:
			x.Sent = value
		case 2:
			x.Done = value
		case 3:
			x.Outcome = outcomes[uint64(value)%uint64(len(outcomes))]
		case 4:
			x.Role = []bench.Role{bench.RoleVictim, bench.RoleControl, bench.RoleProvoker, bench.RoleAgeing, ""}[uint64(value)%5]
		case 5:
			x.PID = int(value)
		case 6:
			x.Bytes = value
		}
	case 2:
		if len(s.Receipts) > 0 {
			x := &s.Receipts[i%len(s.Receipts)]
			x.T, x.PID = value, x.PID+int(field)
		}
	case 3:
		if len(s.Procs) > 0 {
			s.Procs[i%len(s.Procs)].T = value
		}
	case 4:
		s.Marks[i%len(s.Marks)].T = value
	case 5:
		s.Doubts = append(s.Doubts, bench.Doubt{From: value, To: value + int64(field)})
	case 6:
		h := &s.Head
		switch field % 6 {
		case 0:
			h.Rate = int(value)
		case 1:
			h.Ratio = bench.Ratio(value)
		case 2:
			h.Aged = int(value)
		case 3:
			h.Phases.Fault = time.Duration(value)
		case 4:
			h.Timeout = value
		case 5:
			h.Target.Probe.Slots = int(value)
		}
	}
}

// thin keeps what makes a record what it is, and one victim of ten, so that the
// fuzzer's inputs stay small.
func thin(s scene) {
	s.Head.Rate = min(s.Head.Rate, 10)
	beat := func(x bench.Sample) bool { return x.Role == bench.RoleVictim || x.Role == bench.RoleControl }
	s.Samples = slices.DeleteFunc(s.Samples, func(x bench.Sample) bool { return beat(x) && x.Seq%10 != 0 })
	for i := range s.Samples {
		if beat(s.Samples[i]) {
			s.Samples[i].Seq /= 10
		}
	}
}

// mustBeSound holds for any record: no panic, every measure, writable as JSON,
// and nothing held that was not measured. The rules must be sound by themselves
// too, without the look for contradictions before them.
func mustBeSound(t *testing.T, rec *bench.Record) {
	j := Judge(rec)
	if said := contradiction(rec); said != "" && (j.Verdict != bench.Invalid || j.Measures["h"].Value != nil) {
		t.Fatalf("%v of a record that contradicts itself: %s", j.Verdict, said)
	}
	mustBeMeasured(t, rec, j)
	mustBeSoundJudgement(t, rec, j)
	mustBeSoundJudgement(t, rec, factsOf(newView(rec)).judgement())
}

// mustBeMeasured holds where something was claimed: each victim that counts is
// one that was due in a valid second and, if served, was served in time.
func mustBeMeasured(t *testing.T, rec *bench.Record, j bench.Judgement) {
	if j.Verdict != bench.Held && j.Verdict != bench.Degraded {
		return
	}
	h := rec.Head
	f := factsOf(newView(rec))
	if h.Rate < 1 || h.Ratio < 1 && h.Every == 0 || h.Phases.Fault < 1 || f.fault.scheduled != f.fault.valid*h.Rate {
		t.Fatalf("%v with %d victims in %d seconds of %d; ratio %d", j.Verdict, f.fault.scheduled, f.fault.valid, h.Rate, h.Ratio)
	}
	served := map[uint64]bool{}
	for _, s := range rec.Samples {
		if s.Role == bench.RoleVictim && s.Outcome == bench.OK {
			if served[s.Seq] || s.Done-s.Due > h.SLO || s.Sent < s.Due || s.Done < s.Sent {
				t.Fatalf("%v counts %+v", j.Verdict, s)
			}
			served[s.Seq] = true
		}
	}
	if len(f.faults.times) > f.faults.scheduled || len(served) < f.fault.ok {
		t.Fatalf("%v with %d of %d faults delivered, %d of %d served", j.Verdict, len(f.faults.times), f.faults.scheduled, f.fault.ok, len(served))
	}
}

func mustBeSoundJudgement(t *testing.T, rec *bench.Record, j bench.Judgement) {
	if _, err := json.Marshal(j); err != nil {
		t.Fatalf("not writable: %v", err)
	}
	if len(j.Measures) != len(bench.MeasureTable) || j.Reasons == nil || j.Flags == nil {
		t.Fatalf("not whole: %+v", j)
	}
	v := newView(rec)
	valid := 0
	for _, b := range v.bins(v.fault.from, v.fault.to) {
		if b.Valid {
			valid++
		}
	}
	if (j.Verdict == bench.Held || j.Verdict == bench.Degraded) && (valid == 0 || float64(valid) < rec.Head.Phases.Fault.Seconds()) {
		t.Fatalf("%v on %d valid seconds", j.Verdict, valid)
	}
	if j.Verdict == bench.Held && factsOf(v).faults.times == nil {
		t.Fatal("held without a fault that was delivered")
	}
	if m := j.Measures["h"]; m.Value != nil && (*m.Value < 0 || *m.Value > 100) {
		t.Fatalf("h = %v", *m.Value)
	}
	s := Window(rec, v.fault.from, v.fault.to)
	if s.Decision == Enough && s.ValidSeconds < rec.Head.Phases.Fault.Seconds() {
		t.Fatalf("enough at %+v", s)
	}
	Conclude(&bench.Cell{Attempts: make([]bench.Attempt, 1)}, []bench.Judgement{j})
}
