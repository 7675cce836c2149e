package html

import (
	"fmt"

	"benchrun/internal/bench"
	"benchrun/internal/judge"
)

// lostIn is the outcome of the first n victims of a second, counted from the fault mark.
type lostIn struct {
	second, n int
	outcome   bench.Outcome
}

// record builds the record of an attempt: a baseline, faults and recovery, in whole seconds,
// with 100 victims a second.
func record(baseline, fault, recovery int, lost ...lostIn) *bench.Record {
	const ms = int64(1e6)
	launch := 300 * ms
	rec := &bench.Record{Head: bench.Head{Attempt: 1, Rate: 100, MemorySource: "cgroup"}, Boot: bench.Boot{Ready: true}}
	at := launch
	for _, m := range []struct {
		name bench.MarkName
		for_ int
	}{{bench.MarkBaseline, baseline}, {bench.MarkFault, fault}, {bench.MarkRecovery, recovery}, {bench.MarkShutdown, 1}, {bench.MarkEnd, 0}} {
		rec.Marks = append(rec.Marks, bench.Mark{T: at, Name: m.name})
		at += int64(m.for_) * second
	}
	for i := range (baseline + fault + recovery) * 100 {
		due := launch + int64(i)*10*ms
		s := bench.Sample{Role: bench.RoleVictim, Seq: uint64(i), Due: due, Sent: due + ms, Done: due + 3*ms, Outcome: bench.OK}
		for _, l := range lost {
			if i/100-baseline == l.second && i%100 < l.n {
				s.Outcome = l.outcome
			}
		}
		rec.Samples = append(rec.Samples, s)
		if i%10 == 0 {
			rec.Samples = append(rec.Samples, bench.Sample{Role: bench.RoleControl, Seq: uint64(i), Due: due, Sent: due, Done: due + ms, Outcome: bench.OK})
		}
		if i%20 == 0 {
			rec.Vitals = append(rec.Vitals, bench.Vital{T: due, Memory: int64(20+i/100) << 20})
		}
	}
	return rec
}

// story is the story of a cell, with the judge's own timeline of its record.
func story(c bench.Cell, rec *bench.Record, log string) Story {
	return NewStory(c, rec, judge.Timeline(rec), log)
}

// cellOf makes a cell with figures.
func cellOf(server, profile, scenario string, v bench.Verdict, h float64) bench.Cell {
	m := bench.Measures{}
	if v != bench.Unsupported && v != bench.Invalid {
		m.Set("h", h, 1200)
		m.SetCensored("time_to_recover", 5, 1)
		m.Set("control_misses", 0, 200)
	}
	return bench.Cell{
		Server: server, Version: "1.2.3", Profile: profile, Scenario: scenario, Family: "wedge", FamilyVer: 1, Group: bench.GroupApp,
		Ratio: 1, Verdict: v, Reasons: []string{"why " + server + " " + v.String()}, Flags: []string{"aged"}, Seed: 11,
		Command: []string{"python3", "-m", server, "--args", "a b"}, Measures: m,
		Attempts: []bench.Attempt{{Attempt: 1, Verdict: v, H: m["h"].Value, Published: true, Record: "records/" + server + ".ndjson.gz"}},
	}
}

// sample is a run with a cell of each verdict, and the stories of all but one.
func sample() (bench.Run, []Story) {
	run := bench.Run{
		Schema: bench.RunSchema, ID: "20261121-120000-3fa9", StartedAt: "2026-11-21T12:00:00Z", FinishedAt: "2026-11-21T12:04:00Z",
		Args: []string{"-s", "alpha@1.2.3,beta", "--server-file", "my file.yaml"}, Mode: bench.ModeFull, Seed: 11,
		Environment: bench.Environment{Testbed: "7c1e02aa", CPUModel: "A CPU", CPUs: 2, MemoryBytes: 4 << 30, Supervision: "pid-namespace",
			Limits: bench.Limits{CPUs: 1.5, User: "nobody"}},
		Cells: []bench.Cell{
			cellOf("alpha", "default", "wedge-1pct", bench.Failed, 45.75), cellOf("alpha", "default", "segfault-1pct", bench.Held, 100),
			cellOf("alpha", "hardened", "wedge-1pct", bench.Held, 99.25), cellOf("alpha", "hardened", "segfault-1pct", bench.Held, 100),
			cellOf("beta", "default", "wedge-1pct", bench.Degraded, 96), cellOf("beta", "default", "segfault-1pct", bench.Broken, 0),
			cellOf("gamma", "default", "wedge-1pct", bench.Invalid, 0), cellOf("gamma", "default", "segfault-1pct", bench.Unsupported, 0),
		},
	}
	var stories []Story
	for i, c := range run.Cells[:7] {
		rec := record(4, 6, 3, lostIn{1, 10 * i, bench.TimedOut}, lostIn{2, 5, bench.HTTP5xx}, lostIn{3, 5, bench.Refused})
		rec.Procs = []bench.ProcEvent{
			{T: 5 * second, PID: 8, Event: bench.Died, Exit: &bench.ExitStatus{Signal: "SIGSEGV"}}, {T: 5*second + 1e8, PID: 9, Event: bench.Born},
		}
		stories = append(stories, story(c, rec, fmt.Sprintf("first line\n\tlog of cell %d", i)))
	}
	return run, stories
}
