package plan

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func TestNeedsOfTheServer(t *testing.T) {
	reg := registry(t)
	for _, tt := range []struct {
		server, profile string
		needs           bench.Needs
		want            string // how the reason begins; "" = all is met
	}{
		{"uwsgi", "hardened", bench.Needs{}, ""},
		{"uwsgi", "hardened", bench.Needs{AppFault: "wedge", Server: []bench.ServerFeature{bench.ServerReload}}, ""},
		{"uwsgi", "default", bench.Needs{Server: []bench.ServerFeature{bench.ServerReload}}, "uwsgi/default: no signal is documented"},
		{"waitress", "hardened", bench.Needs{Server: []bench.ServerFeature{bench.ServerReload}}, "waitress/hardened: no signal is documented"},
		{"mod_wsgi", "hardened", bench.Needs{Args: "make it tea"}, "mod_wsgi/hardened: no arguments are known that make it tea (`families: x`"},
		{"waitress", "hardened", bench.Needs{AppFault: "telepathy"}, "the app that waitress serves (wsgi) has no fault telepathy: no app has it"},
		{"reference", "default", bench.Needs{AppFault: "telepathy"}, "the app that reference serves (builtin) has no fault telepathy: no app has it"},
		{"uwsgi", "hardened", bench.Needs{Server: []bench.ServerFeature{bench.ServerChildren}}, ""},
		{"uwsgi", "default", bench.Needs{Server: []bench.ServerFeature{bench.ServerChildren}}, "uwsgi/default: no process serves that could end"},
		{"waitress", "hardened", bench.Needs{Server: []bench.ServerFeature{bench.ServerChildren}}, "waitress/hardened: no process serves that could end"},
		{"puma", "default", bench.Needs{Server: []bench.ServerFeature{bench.ServerBoot}}, ""},
		{"php-fpm", "hardened", bench.Needs{Server: []bench.ServerFeature{bench.ServerBoot}}, "php-fpm/hardened: its app is loaded for each request"},
		{"php-fpm", "hardened", bench.Needs{AppFault: "leak-thread"}, "the app that php-fpm serves (php) has no fault leak-thread: a PHP process has no threads"},
		{"waitress", "hardened", bench.Needs{Host: []bench.HostFeature{bench.HostPostgreSQL}}, ""},
		{"reference", "default", bench.Needs{Host: []bench.HostFeature{bench.HostPostgreSQL}}, ""},
		{"reference", "default", bench.Needs{Server: []bench.ServerFeature{"clairvoyance"}}, "reference/default"},
	} {
		s, err := reg.Lookup(tt.server)
		if err != nil {
			t.Fatal(err)
		}
		sc := bench.Scenario{Family: bench.Family{ID: "x", Needs: tt.needs}}
		if got := newCell(s, "", tt.profile, sc, "").Unsupported; (got == "") != (tt.want == "") || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s/%s with needs %+v: %q, want %q", tt.server, tt.profile, tt.needs, got, tt.want)
		}
		if got := newCell(s, "", tt.profile, sc, "no such profile").Unsupported; got != "no such profile" {
			t.Errorf("%s: %q hides why there is no such profile", tt.server, got)
		}
	}
}

func TestNeedsOfTheHost(t *testing.T) {
	limit := bench.Needs{Host: []bench.HostFeature{bench.HostMemoryLimit}}
	cells := func() []Cell {
		return []Cell{
			{Profile: "plain"},
			{Profile: "needs", Scenario: bench.Scenario{Family: bench.Family{Needs: limit}}},
			{Profile: "absent", Scenario: bench.Scenario{Family: bench.Family{Needs: limit}}, Unsupported: "no such profile"},
		}
	}
	asked := 0
	with := func(has bool) func(bench.HostFeature) bool {
		return func(f bench.HostFeature) bool {
			asked++
			return has && f == bench.HostMemoryLimit
		}
	}
	for _, c := range OnHost(cells(), with(true)) {
		if (c.Unsupported != "") != (c.Profile == "absent") {
			t.Errorf("%s, where the host has it: %q", c.Profile, c.Unsupported)
		}
	}
	without := OnHost(cells(), with(false))
	if without[0].Unsupported != "" || !strings.HasPrefix(without[1].Unsupported, "this machine cannot limit") || without[2].Unsupported != "no such profile" {
		t.Errorf("where the host has it not: %q", []string{without[0].Unsupported, without[1].Unsupported, without[2].Unsupported})
	}
	if asked != 2 {
		t.Errorf("the host was asked %d times, of which one cell had a need each", asked)
	}
}

// The reason is that of the kind of app.
func TestFaultThatTheAppLacks(t *testing.T) {
	own := &targets.Server{Name: "own", App: "no such kind", Profiles: map[string]targets.Profile{"default": {}}}
	wedge := bench.Scenario{Family: bench.Family{ID: "x", Needs: bench.Needs{AppFault: "wedge"}}}
	if c := newCell(own, "", "default", wedge, ""); c.Unsupported != "the app that own serves (no such kind) has no fault wedge: there is no such kind of app" {
		t.Errorf("unsupported: %q", c.Unsupported)
	}
}

// The driver for a database needs a Python that benchrun chooses. What is installed for an
// app with a database is another target.
func TestDatabaseForTheApp(t *testing.T) {
	needs := bench.Scenario{Family: bench.Family{ID: "x", Needs: bench.Needs{Host: []bench.HostFeature{bench.HostPostgreSQL}}}}
	own := &targets.Server{Name: "own", App: targets.AppWSGI, CommandWords: []string{"/opt/own", "{app}"}, Profiles: map[string]targets.Profile{"default": {}}}
	c := newCell(own, "", "default", needs, "")
	if !strings.HasPrefix(c.Unsupported, "own/default: its app runs on a Python that benchrun does not choose") {
		t.Errorf("unsupported: %q", c.Unsupported)
	}
	if plain := newCell(own, "", "default", bench.Scenario{}, ""); plain.Unsupported != "" || plain.Target() == c.Target() || plain.Launch() == c.Launch() {
		t.Errorf("%q: one is like the other: %s, %s", plain.Unsupported, plain.Target(), c.Target())
	}
	missing := OnHost([]Cell{{Scenario: needs}}, func(bench.HostFeature) bool { return false })
	if !strings.Contains(missing[0].Unsupported, "apt-get install postgresql") {
		t.Errorf("without PostgreSQL: %q", missing[0].Unsupported)
	}
}
