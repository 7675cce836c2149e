package results

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"benchrun/internal/bench"
)

// testdata/golden/<id>/ is a run that the first version stored. It must never be written
// again: code that cannot read it needs a new schema.

const goldenID = "20261121-120000-3fa9"

func ref(v float64) *float64 { return &v }

func goldenMeasures(h, recover, outage float64) bench.Measures {
	m := bench.Measures{}
	m.Set("h", h, 1200)
	m.Set("baseline_h", 100, 400)
	m.Set("longest_outage", outage, 1)
	m.SetCensored("time_to_recover", recover, 1)
	m.SetNone("time_to_collapse")
	m.Set("worker_deaths", 3, 1)
	m.Set("memory_growth", -1.5, 1)
	return m
}

func goldenRun() bench.Run {
	cell := func(profile, scenario string, v bench.Verdict, reasons []string, m bench.Measures, attempts ...bench.Attempt) bench.Cell {
		return bench.Cell{
			Server: "gunicorn", Version: "23.0.0", Profile: profile, Scenario: scenario, Family: "wedge", FamilyVer: 1,
			Group: bench.GroupApp, Ratio: 1, Verdict: v, Reasons: reasons, Flags: []string{"aged"}, Attempts: attempts,
			Seed: 18446744073709551615, ScheduleHash: "5d41402abc4b2a76",
			Command: []string{"python3", "-m", "gunicorn", "--bind", "127.0.0.1:20001"}, Measures: m,
		}
	}
	return bench.Run{
		Schema: bench.RunSchema, ID: goldenID, StartedAt: "2026-11-21T12:00:00Z", FinishedAt: "2026-11-21T12:03:20Z",
		Benchrun: "0.1.0", Args: []string{"run", "--server", "gunicorn"}, Mode: bench.ModeQuick, Seed: 1,
		Environment: bench.Environment{
			Testbed: "7c1e02aa", Hostname: "box", OS: "Debian GNU/Linux 12", Kernel: "6.1.0", CPUModel: "A CPU", CPUs: 2,
			MemoryBytes: 25 << 30, Load1: 0.25, Somaxconn: 4096, Python: "3.11.2", Supervision: "pid-namespace",
			Limits: bench.Limits{CPUs: 1.5, MemoryBytes: 2 << 30, PIDs: 4096, NoFile: 8192, User: "nobody", How: "cgroup-v1"},
		},
		Cells: []bench.Cell{
			cell("default", "wedge-1pct", bench.Failed, []string{"H 0.0 %: lost 1,200 of 1,200 <victims>"}, goldenMeasures(0, 5, 12),
				bench.Attempt{Attempt: 1, Verdict: bench.Failed, H: ref(0), Record: "records/gunicorn-23.0.0_default_wedge-1pct-1.ndjson.gz",
					Log: "logs/gunicorn-23.0.0_default_wedge-1pct-1.log", Published: true, StartedAt: "2026-11-21T12:00:01Z", Seconds: 27.5}),
			cell("hardened", "wedge-1pct", bench.Held, []string{}, goldenMeasures(99.25, 0.5, 0.25),
				bench.Attempt{Attempt: 1, Verdict: bench.Held, H: ref(99.25), Published: true}),
			cell("gevent", "wedge-1pct", bench.Broken, []string{"never ready"}, bench.Measures{},
				bench.Attempt{Attempt: 1, Verdict: bench.Broken, Published: true}),
		},
	}
}

func goldenRecord() *bench.Record {
	return &bench.Record{
		Head: bench.Head{
			Schema: schemaV1, Run: goldenID, Attempt: 1, StartedAt: "2026-11-21T12:00:01Z",
			Target: bench.Target{Server: "gunicorn", Version: "23.0.0", Profile: "default", Command: []string{"python3", "-m", "gunicorn"},
				Workers: 1, Claims: bench.Claims{Slots: 1, Watchdog: 30, Grace: 30}, Probe: bench.Probe{Slots: 1, Watchdog: 5, WatchdogCensored: true}},
			Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1, Group: bench.GroupApp, Traits: bench.Traits{
				Receipt: "wedge", Proof: bench.ProofReceipt, Holds: bench.UntilEnded,
				Noun: bench.Words{"wedged request", "wedged requests"}, Did: bench.Words{"request wedged", "requests wedged"},
			},
			Ratio: 1000, Mode: bench.ModeQuick, Phases: bench.PhasesFor(bench.ModeQuick, 0, 0), Rate: 100, SLO: 1e9, Timeout: 2e9, Seed: 1,
			ScheduleHash: "5d41402abc4b2a76", Supervision: "pid-namespace", MemorySource: "cgroup", Limits: bench.Limits{CPUs: 1.5, How: "cgroup-v1"},
		},
		Boot:  bench.Boot{Ready: true, Seconds: 0.31, WorkersSeen: 1, PIDs: []int{8}},
		Marks: []bench.Mark{{Name: bench.MarkBoot}, {T: 310000000, Name: bench.MarkBaseline}, {T: 9e9, Name: bench.MarkCurtailed, Note: "n"}},
		Samples: []bench.Sample{
			{Role: bench.RoleVictim, Seq: 17, Nonce: "v17-9c1e", Due: 480000000, Sent: 480081000, Done: 482100000, Outcome: bench.OK, Status: 200, PID: 8},
			{Role: bench.RoleProvoker, Seq: 1, Nonce: "f1-9c1e", Due: 5e9, Sent: 5e9, Done: 7e9, Outcome: bench.HeldOpen, Bytes: 12, Error: "timeout"},
		},
		Vitals:   []bench.Vital{{T: 500000000, Procs: 2, Threads: 2, FDs: 21, Memory: -1, CPU: 0.21, MemAvailable: 23000000000}},
		Procs:    []bench.ProcEvent{{T: 900000000, PID: 8, PPID: 7, Event: bench.Died, Name: "gunicorn", Exit: &bench.ExitStatus{Signal: "SIGSEGV"}}},
		Receipts: []bench.Receipt{{T: 4700000000, Nonce: "f0-31aa", Fault: "wedge", PID: 8, TID: 8, Event: bench.ReceiptStart}},
		Doubts:   []bench.Doubt{{From: 5e9, To: 6e9, Cause: "host-memory", Note: "MemAvailable fell below the floor"}},
		Stop:     &bench.Stop{Term: 21e9, Seconds: 0.4, Exit: &bench.ExitStatus{}, PortFreed: true},
	}
}

func goldenText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "golden", goldenID, RunFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGoldenRunIsStillRead(t *testing.T) {
	want := goldenRun()
	f, err := OpenFolder(filepath.Join("testdata", "golden", goldenID))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Run(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("run.json: %v\n got %+v\nwant %+v", err, got, want)
	}
	lines, torn, _, err := f.ReadAttempts(t.Context())
	if err != nil || torn != "" || len(lines) != len(want.Cells) {
		t.Fatalf("cells.ndjson: %d lines, %q, %v", len(lines), torn, err)
	}
	for i, l := range lines {
		if !reflect.DeepEqual(l.Cell, want.Cells[i]) {
			t.Errorf("cells.ndjson line %d: %+v", i+1, l.Cell)
		}
	}
	rec, err := f.ReadRecord(t.Context(), want.Cells[0].Attempts[0].Record)
	if err != nil || !reflect.DeepEqual(rec, goldenRecord()) {
		t.Errorf("record: %v\n got %+v\nwant %+v", err, rec, goldenRecord())
	}
}
