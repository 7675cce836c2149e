package cost

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestTally(t *testing.T) {
	samples := []bench.Sample{
		{Due: 100, Sent: 150, Outcome: bench.OK}, {Due: 200, Sent: 270, Outcome: bench.HTTP5xx}, {Due: 300, Outcome: bench.Unsent},
	}
	if got, want := tally(samples), (attacked{Requests: 3, Sent: 2, OK: 1, Lateness: 70}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if us := microseconds(50*time.Millisecond, 2000); us != 25 {
		t.Errorf("50 ms for 2,000 requests are %v µs each", us)
	}
}

func TestVictimRow(t *testing.T) {
	row := func(ours float64) Row {
		return victimRow(600, 6, []*client{
			{name: "benchrun", cpu: spread{ours}, sum: attacked{Requests: 10, OK: 10}},
			{name: besideWrk, cpu: spread{100}, sum: attacked{Requests: 10, OK: 10}},
			{name: besideHasty, cpu: spread{50}, sum: attacked{Requests: 10, OK: 10}},
			{name: besideVegeta, cpu: spread{400}, sum: attacked{Requests: 1000, OK: 990}},
		})
	}
	just := row(200)
	if just.Missed || just.Figure != "200 µs, 2.00 × wrk, 4.00 × wrk as fast as it can, 0.50 × vegeta" ||
		!strings.Contains(just.What, "at 600/s, of 6 cells in one process") ||
		just.Beside != "wrk 100 µs; wrk as fast as it can 50.0 µs; vegeta 400 µs (990 of 1,000 answered rightly)" {
		t.Errorf("%+v", just)
	}
	if over := row(201); !over.Missed || over.Goal == "" {
		t.Errorf("%+v", over)
	}
	if alone := victimRow(100, 1, []*client{{cpu: spread{30}}}); alone.Goal != "" || alone.Missed || alone.Beside != "" {
		t.Errorf("without wrk: %+v", alone)
	}
}

func TestRivalsAreRead(t *testing.T) {
	vegeta, err := vegetaServed([]byte(`{"requests":1000,"success":0.99,"status_codes":{"0":4,"200":990,"503":6}}`))
	if err != nil || !reflect.DeepEqual(vegeta, attacked{Requests: 1000, Sent: 1000, OK: 990}) {
		t.Errorf("vegeta: %+v, %v", vegeta, err)
	}
	wrk, err := wrkServed([]byte("Running 1s test\n  1 threads and 4 connections\n  9876 requests in 1.10s, 12.01MB read\n" +
		"  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 6\nRequests/sec:   8978.18\n"))
	if err != nil || !reflect.DeepEqual(wrk, attacked{Requests: 9886, Sent: 9886, OK: 9870}) {
		t.Errorf("wrk: %+v, %v", wrk, err)
	}
	for _, nothing := range []string{"", "0 requests in 1.00s", "{}", `{"requests":0}`} {
		if _, err := vegetaServed([]byte(nothing)); err == nil {
			t.Errorf("vegeta: %q was read", nothing)
		}
		if _, err := wrkServed([]byte(nothing)); err == nil {
			t.Errorf("wrk: %q was read", nothing)
		}
	}
}

func TestMeasureVictimsAndLateness(t *testing.T) {
	l := smallLab(t)
	rows, err := measureVictims(t.Context(), l)
	if err != nil || len(rows) != len(victimRates) {
		t.Fatalf("%+v, %v", rows, err)
	}
	for _, row := range rows {
		if !strings.Contains(row.Figure, " µs") || strings.HasPrefix(row.Figure, "0.00") {
			t.Errorf("%+v", row)
		}
	}
	rows, err = measureLateness(t.Context(), l)
	if err != nil || len(rows) != 1 || !strings.Contains(rows[0].Figure, " ms") || !strings.Contains(rows[0].What, "100/s") {
		t.Errorf("%+v, %v", rows, err)
	}
}
