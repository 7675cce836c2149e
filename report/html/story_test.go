package html

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
)

func TestStoryCountsBySecond(t *testing.T) {
	rec := record(4, 6, 3, lostIn{1, 30, bench.TimedOut}, lostIn{-2, 7, bench.Late})
	s := story(cellOf("a", "p", "wedge-1pct", bench.Failed, 90), rec, "")
	if len(s.Seconds) != 13 || s.Seconds[0].From != -4 || s.Seconds[12].To != 9 {
		t.Fatalf("%d seconds, %+v", len(s.Seconds), s.Seconds)
	}
	for i, sec := range s.Seconds {
		want := map[bench.Outcome]int{bench.OK: 100}
		switch sec.From {
		case 1:
			want = map[bench.Outcome]int{bench.OK: 70, bench.TimedOut: 30}
		case -2:
			want = map[bench.Outcome]int{bench.OK: 93, bench.Late: 7}
		}
		if !reflect.DeepEqual(sec.Counts, want) || sec.Why != "" || sec.To-sec.From != 1 {
			t.Errorf("second %d is %+v", i, sec)
		}
	}
	want := []Phase{{bench.MarkBaseline, -4, 0}, {bench.MarkFault, 0, 6}, {bench.MarkRecovery, 6, 9}, {bench.MarkShutdown, 9, 10}}
	if !reflect.DeepEqual(s.Phases, want) {
		t.Errorf("phases %+v", s.Phases)
	}
	if len(s.Memory) != 65 || s.Memory[0] != (Point{-4, 20}) || s.Memory[64].Value != 32 {
		t.Errorf("memory %v", s.Memory)
	}
}

func TestStoryProcesses(t *testing.T) {
	rec := record(4, 6, 3)
	rec.Procs = []bench.ProcEvent{
		{T: 1e8, PID: 3, Event: bench.Born}, // before the baseline
		{T: 6300e6, PID: 3, Event: bench.Died, Exit: &bench.ExitStatus{Signal: "SIGSEGV"}},
		{T: 5300e6, PID: 4, Event: bench.Born},
		{T: 90e9, PID: 4, Event: bench.Died}, // after the end
	}
	s := story(bench.Cell{}, rec, "")
	if want := []ProcEvent{{1, 4, false, ""}, {2, 3, true, "SIGSEGV"}}; !reflect.DeepEqual(s.Procs, want) {
		t.Errorf("processes %+v", s.Procs)
	}
	if got := processText(s); got != "1 process born, 1 died (1 by SIGSEGV) before shutdown" {
		t.Error(got)
	}
}

// The hatched seconds are those that the judge does not count, with the judge's reasons.
func TestMaskedSecondsAreTheJudges(t *testing.T) {
	rec := record(4, 6, 3)
	l := judge.Timeline(rec)
	for i, why := range map[int]string{5: "a stall", 6: "a stall", 9: "no control request"} {
		l.Bins[i].Valid, l.Bins[i].Why = false, why
	}
	s := NewStory(bench.Cell{}, rec, l, "")
	a := axis{-4, 9}
	want := []shade{{a.pct(1), a.wide(1, 3), "does not count: a stall"}, {a.pct(5), a.wide(5, 6), "does not count: no control request"}}
	if got := masked(s, a); !reflect.DeepEqual(got, want) {
		t.Errorf("hatched are %+v, want %+v", got, want)
	}
}

func TestStoryOfLittle(t *testing.T) {
	cell := cellOf("a", "p", "wedge-1pct", bench.Broken, 0)
	s := story(cell, nil, strings.Repeat("x\n", 5000)+"last")
	if s.Server != "a" || len(s.Seconds) != 0 || !strings.HasSuffix(s.LogTail, "last") || strings.Count(s.LogTail, "\n") != tailLines-1 {
		t.Errorf("without a record: %+v", s)
	}
	s = story(cell, &bench.Record{Boot: bench.Boot{LogTail: "no module named x"}}, "")
	if s.LogTail != "no module named x" || len(s.Seconds) != 0 {
		t.Errorf("never ready: %+v", s)
	}
	for _, rec := range []*bench.Record{ // damaged records
		{Marks: []bench.Mark{{T: math.MaxInt64, Name: bench.MarkEnd}, {T: math.MinInt64, Name: bench.MarkFault}},
			Samples: []bench.Sample{{Role: bench.RoleVictim, Due: math.MaxInt64}, {Role: bench.RoleVictim, Due: math.MinInt64}}},
		{Head: bench.Head{Rate: -5}, Marks: []bench.Mark{{T: 5e9, Name: bench.MarkShutdown}, {T: 9e9, Name: bench.MarkBaseline}},
			Samples: []bench.Sample{{Role: bench.RoleVictim, Due: 7e9}}, Vitals: []bench.Vital{{T: math.MaxInt64, Memory: math.MaxInt64}}},
	} {
		s := story(cell, rec, "")
		c := cells(bench.Run{Cells: []bench.Cell{cell}}, viewOf(cell), []Story{s})[0]
		if f := newChart(c); f.Box == "" || strings.Contains(f.Box+f.Memory, "N") {
			t.Errorf("box %q, memory %q", f.Box, f.Memory)
		}
	}
}

func TestNewStoryIsPure(t *testing.T) {
	a, b := record(4, 6, 3, lostIn{1, 5, bench.Reset}), record(4, 6, 3, lostIn{1, 5, bench.Reset})
	one, two := story(bench.Cell{}, a, "x"), story(bench.Cell{}, a, "x")
	if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(one, two) {
		t.Error("making a story changed the record, or did not give the same twice")
	}
	for i, j := 0, len(a.Samples)-1; i < j; i, j = i+1, j-1 { // the order of the lines does not matter
		a.Samples[i], a.Samples[j] = a.Samples[j], a.Samples[i]
	}
	if !reflect.DeepEqual(story(bench.Cell{}, a, "x"), one) {
		t.Error("the order of samples shows")
	}
}
