package cost

import (
	"strings"
	"testing"
)

func TestWatchRow(t *testing.T) {
	idle := watched{CPU: 0.25}
	row := watchRow(50, watched{CPU: 1, Memory: "cgroup"}, idle, true)
	if row.Missed || row.What != "watching 50 processes at 5 Hz, memory from the cgroup" || row.Figure != "1.00 % of a core" ||
		!strings.Contains(row.Beside, "0.25 %") {
		t.Errorf("%+v", row)
	}
	if row := watchRow(50, watched{CPU: 1.01, Memory: "pss"}, idle, true); !row.Missed {
		t.Errorf("%+v", row)
	}
	if row := watchRow(1, watched{CPU: 3, Memory: "pss"}, idle, false); row.Missed || row.Goal != "" || !strings.Contains(row.What, "1 process at") {
		t.Errorf("%+v", row)
	}
}

func TestMeasureWatch(t *testing.T) {
	l := smallLab(t)
	rows, err := measureWatch(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	want := 2 // with PSS alone
	if l.Caps.Memory {
		want = 3
	}
	if len(rows) != want {
		t.Errorf("%d rows, want %d: %+v", len(rows), want, rows)
	}
}
