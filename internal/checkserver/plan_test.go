package checkserver

import (
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/targets"
)

// A plan has a reload only where the server offers one, and the time that a
// claimed watchdog is waited for.
func TestCheckPlan(t *testing.T) {
	for _, tt := range []struct {
		signal   string
		watchdog float64
		patience time.Duration
		want     time.Duration
	}{
		{"", 0, time.Minute, 55 * time.Second},    // as long as the smallest pool is watched
		{"HUP", 3, time.Minute, 55 * time.Second}, // sooner than that
		{"", 30, time.Minute, 80 * time.Second},
		{"", 30, 10 * time.Second, time.Minute}, // no longer than asked for
	} {
		check := Check{Patience: tt.patience, Target: &place.Target{
			Server:  &targets.Server{App: targets.AppWSGI, Reload: targets.Reload{Signal: tt.signal}},
			Profile: targets.Profile{Claims: bench.Claims{Watchdog: tt.watchdog}},
		}}
		checks, about := check.Plan()
		if about != tt.want {
			t.Errorf("%+v: about %s", tt, about)
		}
		if got := slices.Contains(checks, "reload (SIGHUP)"); got != (tt.signal != "") {
			t.Errorf("%+v: %q", tt, checks)
		}
		if checks[0] != "boot" || !slices.Contains(checks, "/fault/segfault") || checks[len(checks)-1] != "watchdog" {
			t.Errorf("%q", checks)
		}
	}
}

// benchrun does not check a fault that the kind of app lacks, and says why.
func TestFaultThatTheAppLacks(t *testing.T) {
	var got []Result
	check := Check{
		Target: &place.Target{Server: &targets.Server{App: "no such kind"}},
		On:     func(r Result) { got = append(got, r) },
	}
	if checks, _ := check.Plan(); slices.ContainsFunc(checks, func(c string) bool { return strings.HasPrefix(c, "/fault/") }) {
		t.Errorf("%q", checks)
	}
	for _, f := range appFaults() {
		if err := check.fault(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != len(appFaults()) || got[0].Verdict != OK || got[0].Seen != "there is no such kind of app" {
		t.Errorf("%+v", got)
	}
}

// What cells are launched with is what is checked: a family whose faults hold a
// slot and for which the profile has arguments of its own has slots of its own.
func TestCheckPlanOfFamilies(t *testing.T) {
	wide := targets.ForFamily{Args: []string{"--threads=8"}}
	families := map[string]targets.ForFamily{
		"slow-upload": wide, "slow-download": wide, "leak": {Args: []string{"--recycle"}}, "wedge": {},
	}
	target := func(f map[string]targets.ForFamily) *place.Target {
		p := targets.Profile{Args: []string{"--workers=2"}, Families: f}
		return &place.Target{Server: &targets.Server{Profiles: map[string]targets.Profile{"default": p}}, Profile: p, ProfileName: "default"}
	}
	plain := Check{Patience: time.Minute, Target: target(nil)}
	check := Check{Patience: time.Minute, Target: target(families)}
	was, before := plain.Plan()
	checks, about := check.Plan()
	if more := checks[len(was):]; !slices.Equal(more, []string{"slots, slow-upload", "watchdog, slow-upload"}) || about <= before {
		t.Errorf("%q, %s instead of %s", more, about, before)
	}
	if got := check.launches()[1].target.Profile.Args; !slices.Equal(got, []string{"--workers=2", "--threads=8"}) {
		t.Errorf("launched with %q", got)
	}
}
