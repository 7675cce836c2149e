package judge

import (
	"testing"

	"benchrun/internal/bench"
)

func TestWorkers(t *testing.T) {
	four := func() scene { // four workers, one of them serves the requests seen
		s := crashing(true)
		s.Boot.PIDs = []int{11, 51, 52, 53}
		return s
	}
	tests := []struct {
		name                  string
		scene                 scene
		deaths, births, least string
	}{
		{"nobody dies", wedged(), "0", "0", "1"},
		{"each crash is replaced", crashing(true), "12", "12", "0"},
		{"three others stay", four(), "12", "12", "3"},
		{"not replaced", crashing(false), "1", "0", "0"},
		{"a helper that dies served nobody", wedged().died(77, fault(1), "SIGKILL"), "0", "0", "1"},
		{"a death before the baseline", wedged().died(11, 0.5, "SIGKILL"), "0", "0", "0"},
		{"a death in the baseline", wedged().died(11, base(1), "SIGKILL"), "1", "0", "0"},
		{"a death after SIGTERM", wedged().died(11, shutdownAt+0.4, "SIGTERM"), "0", "0", "1"},
		{"a worker that only wrote a receipt", wedged().receiptBy(60, fault(2)).died(60, fault(2.1), "SIGSEGV"), "1", "1", "1"},
		{"a worker seen late was there before", wedged().born(60, base(0)).servedBy(60, fault(5), fault(6)), "0", "0", "2"},
		{"a worker born late", wedged().born(60, fault(4)).servedBy(60, fault(5), fault(6)), "0", "1", "1"},
		{"a worker born late, and no fault was delivered", wedged().forget(0).born(60, fault(4)).servedBy(60, fault(5), fault(6)), "0", "0", "1"},
		{"a replacement in time leaves no gap", wedged().died(11, fault(4), "SIGTERM").born(12, fault(4)).servedBy(12, fault(4), shutdownAt), "1", "1", "1"},
		{"the control is no worker", wedged().died(9999, fault(4), "SIGKILL"), "0", "0", "1"},
		{"a pid used twice dies after it was born", wedged().died(60, base(0), "SIGTERM").born(60, fault(4)).servedBy(60, fault(5), fault(6)), "0", "1", "1"},
		{"the number of a worker of the boot is used again", wedged().born(11, fault(4)), "0", "0", "1"},
		{"no pid is known", wedged().pidless(), "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Judge(tt.scene.Record).Measures
			wantMeasure(t, m, "worker_deaths", tt.deaths)
			wantMeasure(t, m, "worker_births", tt.births)
			wantMeasure(t, m, "live_workers_min", tt.least)
		})
	}
}

func (s scene) receiptBy(pid int, t float64) scene {
	s.Receipts = append(s.Receipts, bench.Receipt{T: ns(t), Nonce: "x", Fault: "wedge", PID: pid, TID: pid, Event: bench.ReceiptStart})
	return s
}

func (s scene) pidless() scene {
	s.Boot.PIDs = nil
	for i := range s.Samples {
		s.Samples[i].PID = 0
	}
	for i := range s.Receipts {
		s.Receipts[i].PID = 0
	}
	return s
}

func TestDeathWords(t *testing.T) {
	lossy := func(s scene) scene { return s.lose(fault(0), fault(12), 4, bench.Reset) }
	mixed := crashing(true)
	mixed.Procs[0].Exit = &bench.ExitStatus{Code: 3}
	mixed.Procs[2].Exit = nil
	four := crashing(false)
	four.Boot.PIDs = []int{11, 51, 52, 53}
	tests := []struct {
		name  string
		scene scene
		want  string
	}{
		{"all replaced", lossy(crashing(true)), "each crash lost 4 ordinary requests beside itself; 12 workers died of SIGSEGV, all replaced"},
		{"causes differ", lossy(mixed), "12 workers died (10 of SIGSEGV, 1 of an unknown cause, 1 of exit code 3), all replaced"},
		{"one, not replaced, three left", lossy(four), "1 worker died of SIGSEGV, 1 not replaced"},
		{"none left", crashing(false).lose(fault(1), fault(12), 100, bench.Refused), "no worker left from 0.5 s on: 1 of 1 died of SIGSEGV and was not replaced"},
		{"one replaced", lossy(crashing(false).born(12, fault(1)).servedBy(12, fault(2), shutdownAt)), "1 worker died of SIGSEGV, and was replaced"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantReason(t, Judge(tt.scene.Record), tt.want) })
	}
}
