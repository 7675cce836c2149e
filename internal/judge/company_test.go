package judge

import (
	"testing"

	"benchrun/internal/bench"
)

// Seconds that are masked beside other cells make no server held: counted, they must
// say the same.
func TestCompanyHidesNoLoss(t *testing.T) {
	masked := func(lost int, change func(*bench.Head)) scene {
		return longer(wedged(), 8).head(change).doubt(fault(2), fault(4), bench.DoubtCompany).lose(fault(2), fault(4), lost, bench.TimedOut)
	}
	company := func(h *bench.Head) { h.Company = 3 }
	for _, c := range []struct {
		name   string
		scene  scene
		want   bench.Verdict
		reason string
	}{
		{"masked seconds with losses", masked(100, company), bench.Invalid, "held beside other cells, but failed if the masked seconds count: 5 of 20 seconds not counted: doubt: company"},
		{"masked seconds that would degrade it", masked(30, company), bench.Invalid, "but degraded if the masked seconds count"},
		{"masked seconds without losses", masked(0, company), bench.Held, "5 of 20 seconds not counted"},
		{"masked seconds that lost too few", masked(2, company), bench.Held, ""},
		{"without company they prove nothing", masked(100, func(*bench.Head) {}), bench.Held, ""},
		{"a baseline that company masked", wedged().head(company).doubt(base(0.1), base(0.5), bench.DoubtCompany).lose(base(0), base(1), 50, bench.TimedOut), bench.Held, ""},
		{"a loss that is not masked", longer(wedged(), 8).head(company).doubt(fault(2), fault(4), bench.DoubtCompany).lose(fault(8), fault(12), 100, bench.TimedOut), bench.Failed, "400 timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := Judge(c.scene.Record)
			if j.Verdict != c.want {
				t.Errorf("verdict %v, want %v; reasons %q", j.Verdict, c.want, j.Reasons)
			}
			wantReason(t, j, c.reason)
		})
	}
}
