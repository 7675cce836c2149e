package report

import "benchrun/internal/bench"

// figures makes the measures of a cell; a negative figure means "none".
func figures(h, reclaimed, collapse, outage, deaths, peak, growth, stop float64) bench.Measures {
	m := bench.Measures{}
	put := func(name string, v float64, n int) {
		if v < 0 {
			m.SetNone(name)
			return
		}
		m.Set(name, v, n)
	}
	put("h", h, 1200)
	put("reclaimed", reclaimed, 12)
	put("time_to_collapse", collapse, 1)
	put("longest_outage", outage, 1)
	put("worker_deaths", deaths, 1)
	put("memory_peak", peak, 17)
	put("stop_time", stop, 1)
	m.Set("memory_growth", growth, 2)
	m.Set("needed_sigkill", 0, 1)
	m.Set("time_to_recover", 0.4, 1)
	return m
}

func sampleCell(server, version, profile, scenario string, v bench.Verdict, m bench.Measures, reasons, flags []string) bench.Cell {
	h := m["h"].Value
	return bench.Cell{
		Server: server, Version: version, Profile: profile, Scenario: scenario, Family: "wedge", FamilyVer: 1, Group: bench.GroupApp,
		Ratio: 1, Verdict: v, Reasons: reasons, Flags: flags, Seed: 11, ScheduleHash: "5d41402a", Command: []string{"python3"}, Measures: m,
		Attempts: []bench.Attempt{{Attempt: 1, Verdict: v, H: h, Published: true, Record: "records/" + server + "-" + version + "_" + profile + "_" + scenario + "-1.ndjson.gz"}},
	}
}

// sampleRun has a cell of each verdict.
func sampleRun() bench.Run {
	lost := figures(0, 0, 1.2, 12, 0, 31.4, 0.2, 5)
	lost.SetCensored("time_to_recover", 5, 1)
	lost.Set("needed_sigkill", 1, 1)
	return bench.Run{
		Schema: bench.RunSchema, ID: "20261121-120000-3fa9", StartedAt: "2026-11-21T12:00:00Z", FinishedAt: "2026-11-21T12:04:00Z",
		Benchrun: "0.1.0", Args: []string{"run", "--server", "gunicorn,waitress", "--filter", "a b"}, Mode: bench.ModeQuick, Seed: 42,
		Environment: bench.Environment{
			Testbed: "7c1e02aa", Hostname: "box", OS: "Debian GNU/Linux 12", Kernel: "6.1.0-18-amd64", CPUModel: "AMD EPYC 7B13", CPUs: 2,
			MemoryBytes: 25 << 30, Supervision: "pid-namespace",
			Limits: bench.Limits{CPUs: 1.5, MemoryBytes: 2 << 30, PIDs: 4096, NoFile: 8192, User: "nobody", How: "cgroup-v1"},
		},
		Cells: []bench.Cell{
			sampleCell("gunicorn", "23.0.0", "default", "wedge-1pct", bench.Failed, lost,
				[]string{"H 0.0 %: lost 1,200 of 1,200 victims (1,188 timeout, 12 refused)", "collapses after 1 wedged request: 1.0 s at this ratio; its watchdog of 30 s (documented) never ended one within the fault phase"},
				[]string{}),
			sampleCell("gunicorn", "23.0.0", "hardened", "wedge-1pct", bench.Held,
				figures(99.25, 100, -1, 0.12, 4, 118.6, 2.4, 0.31), []string{"served 1,191 of 1,200 victims"}, []string{}),
			sampleCell("waitress", "3.0.2", "default", "wedge-1pct", bench.Degraded,
				figures(97.96, 0, 512, 0.6, 0, 27.8, -1.5, 1.04), []string{"H 97.9 %: lost 24 of 1,200 victims (24 late)"}, []string{"flaky", "aged"}),
			sampleCell("waitress", "3.0.2", "hardened", "slow-upload-1pct", bench.Held,
				figures(100, -1, -1, 0, 0, 28.1, 0, 0.2), []string{}, []string{"unbounded"}),
			sampleCell("mod_wsgi", "5.0.2", "default", "segfault-1pct", bench.Invalid,
				bench.Measures{}, []string{"the host stalled: 14 of 120 control requests missed 250 ms; try again on a quieter machine"}, []string{}),
			sampleCell("mod_wsgi", "5.0.2", "hardened", "segfault-1pct", bench.Broken,
				bench.Measures{}, []string{"never ready within 15 s: exited with code 1"}, []string{}),
			sampleCell("bjoern", "3.2.2", "hardened", "segfault-1pct", bench.Unsupported,
				bench.Measures{}, []string{"has no respawning of its own"}, []string{}),
		},
	}
}

func sampleView() View {
	v := NewView(sampleRun())
	v.Folder = "benchrun-out/20261121-120000-3fa9"
	return v
}
