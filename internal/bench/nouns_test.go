package bench

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

func TestRatio(t *testing.T) {
	var names []string
	for _, r := range RatioLadder {
		names = append(names, r.String())
		back, err := ParseRatio(r.String())
		if err != nil || back != r {
			t.Errorf("ParseRatio(%q) = %v, %v", r, back, err)
		}
	}
	want := []string{"0.1pct", "0.2pct", "0.5pct", "1pct", "2pct", "5pct", "10pct", "20pct", "50pct"}
	if !slices.Equal(names, want) {
		t.Errorf("ladder %v, want %v", names, want)
	}
	for _, bad := range []string{"", "1", "3pct", "1.0pct", "-1pct", "100pct", "1pct "} {
		if r, err := ParseRatio(bad); err == nil {
			t.Errorf("ParseRatio(%q) = %v, no error", bad, r)
		}
	}
}

// A sabotaged scenario is never taken for another, and its table is whole.
func TestSabotages(t *testing.T) {
	names := map[string]bool{}
	for _, spec := range SabotageTable {
		s := Scenario{Family: Family{ID: "wedge"}, Ratio: 1000, Sabotage: spec.Sabotage}
		if want := "wedge-1pct+" + string(spec.Sabotage); s.Name() != want || names[want] {
			t.Errorf("%s is called %s, or listed twice", want, s.Name())
		}
		names[s.Name()] = true
		if spec.Text == "" || spec.Cause == "" {
			t.Errorf("%s: without a cause any invalid verdict would do", spec.Sabotage)
		}
		if got, ok := SabotageByName(string(spec.Sabotage)); !ok || got != spec {
			t.Errorf("SabotageByName(%q) = %v, %v", spec.Sabotage, got, ok)
		}
	}
	if _, ok := SabotageByName(""); ok {
		t.Error("no sabotage counts as one")
	}
	if name := (Scenario{Family: Family{ID: "wedge"}, Ratio: 1000}).Name(); name != "wedge-1pct" {
		t.Errorf("an ordinary scenario is called %s", name)
	}
}

// Nothing unmeasured passes: what was never set reads as invalid, everywhere.
func TestVerdictZeroIsInvalid(t *testing.T) {
	var v Verdict
	if v != Invalid || v.String() != "invalid" || Verdict(99).String() != "invalid" || Verdict(-1).String() != "invalid" {
		t.Error("the zero value or an unknown verdict is not invalid")
	}
	var c Cell
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back struct{ Verdict string }
	if err := json.Unmarshal(b, &back); err != nil || back.Verdict != "invalid" {
		t.Errorf("an empty cell's verdict is %q, %v", back.Verdict, err)
	}
}

func TestVerdictTableIsWhole(t *testing.T) {
	for v := Invalid; v <= Held; v++ {
		if !slices.ContainsFunc(VerdictTable, func(s VerdictSpec) bool { return s.Verdict == v && s.Text != "" }) {
			t.Errorf("verdict %s is not in VerdictTable", v)
		}
	}
	if len(VerdictTable) != int(Held)+1 {
		t.Errorf("%d verdicts in VerdictTable", len(VerdictTable))
	}
}

func TestVerdictJSON(t *testing.T) {
	for v := Invalid; v <= Held; v++ {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back Verdict
		if err := json.Unmarshal(b, &back); err != nil || back != v {
			t.Errorf("%s came back as %v, %v", b, back, err)
		}
	}
	for _, bad := range []string{`"passed"`, `""`, `5`, `null1`} {
		v := Held
		if err := json.Unmarshal([]byte(bad), &v); err == nil {
			t.Errorf("%s was read as %v", bad, v)
		}
	}
}

func TestMeasureTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range MeasureTable {
		if s.Name == "" || s.Text == "" || seen[s.Name] {
			t.Errorf("measure %+v is empty or listed twice", s)
		}
		if s.Better != Higher && s.Better != Lower && s.Better != Neither {
			t.Errorf("measure %s: better is %q", s.Name, s.Better)
		}
		seen[s.Name] = true
	}
	m := Measures{}
	m.Set("h", 97.5, 1200)
	m.SetCensored("time_to_recover", 5, 1)
	m.SetNone("reclaimed")
	if got := m["h"]; *got.Value != 97.5 || got.Unit != "%" || got.Better != Higher || got.Censored != "" {
		t.Errorf("h = %+v", got)
	}
	if got := m["time_to_recover"]; *got.Value != 5 || got.Censored != ">" {
		t.Errorf("time_to_recover = %+v", got)
	}
	if got := m["reclaimed"]; got.Value != nil || got.Censored != "" {
		t.Errorf("reclaimed = %+v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown measure was stored")
		}
	}()
	m.Set("no_such_measure", 1, 1)
}

func TestClock(t *testing.T) {
	before := Monotonic()
	c := NewClock()
	after := Monotonic()
	now := c.Now()
	if at := c.FromMonotonic(after); at < 0 || at > now+int64(time.Second) || c.FromMonotonic(before) > at {
		t.Errorf("raw stamps do not land on the clock: %d, %d, now %d", c.FromMonotonic(before), at, now)
	}
	if d := c.At(now).Sub(c.Origin()); int64(d) != now {
		t.Errorf("At(%d) is %d after the origin", now, d)
	}
}

func TestPhases(t *testing.T) {
	for _, tt := range []struct {
		mode          Mode
		hold          time.Duration
		fault, ageing time.Duration
	}{
		{ModeQuick, 0, 12 * time.Second, 10 * time.Second},
		{ModeQuick, 3 * time.Second, 12 * time.Second, 10 * time.Second},
		{ModeQuick, 5 * time.Second, 15 * time.Second, 10 * time.Second},
		{ModeQuick, time.Hour, 30 * time.Second, 10 * time.Second},
		{ModeFull, 0, time.Minute, 10 * time.Second},
		{ModeFull, 30 * time.Second, 90 * time.Second, 10 * time.Second},
	} {
		p := PhasesFor(tt.mode, tt.hold, 0)
		if p.Fault != tt.fault || p.AgeingMax != tt.ageing || p.FaultCap <= p.Fault {
			t.Errorf("%s, hold %v: %+v", tt.mode, tt.hold, p)
		}
	}
}
