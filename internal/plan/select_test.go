package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

func registry(t *testing.T) *targets.Registry {
	t.Helper()
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func names(cells []Cell) []string {
	var out []string
	for _, c := range cells {
		out = append(out, c.Name())
	}
	return out
}

func TestSplitList(t *testing.T) {
	for in, want := range map[string]string{
		"a,b":                   "a|b",
		"a,,b":                  "a|b",
		"a,b@1.0":               "a|b@1.0",
		"a@path:../x,y":         "a@path:../x,y",
		"w,g@path:../x,y,z":     "w|g@path:../x,y,z",
		"":                      "",
		"wedge-*,segfault-1pct": "wedge-*|segfault-1pct",
	} {
		if got := strings.Join(SplitList([]string{in}), "|"); got != want {
			t.Errorf("SplitList(%q) = %q, want %q", in, got, want)
		}
	}
}

// everyFamily names the cells of wsgiref's default profile at the given ratios. A
// family whose faults are no share of the requests has no ratio but its own.
func everyFamily(at func(bench.Family) bench.Ratio) (names []string) {
	for _, f := range scenarios.All() {
		if at(f.Family) != f.Cadence.Share && f.Cadence.Share == 0 {
			continue
		}
		names = append(names, "wsgiref/default/"+bench.Scenario{Family: f.Family, Ratio: at(f.Family)}.Name())
	}
	return names
}

// gateCells names the cells of wsgiref's default profile under the gate's set.
func gateCells() (names []string) {
	set, _ := scenarios.SetByName("@gate")
	for _, s := range set.Scenarios() {
		names = append(names, "wsgiref/default/"+s.Name())
	}
	return names
}

// The gate's set takes 8 minutes at most for any profile that benchrun knows, and
// where everything holds on a large pool that is aged first; 10 where what is
// foreseen not to hold is measured twice.
func TestGateTakesEightMinutes(t *testing.T) {
	reg := registry(t)
	all, err := Cells(reg, Selection{Servers: []string{"*"}, Profiles: []string{"*"}, Scenarios: []string{"@gate"}})
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string][]Cell{}
	for _, c := range all {
		targets[c.Target()] = append(targets[c.Target()], c)
	}
	large := took{target: "large", claims: bench.Claims{Grace: 5}, families: map[string]float64{}}
	for _, c := range targets["wsgiref@/default"] {
		large.families[c.Scenario.Family.ID] = 0
	}
	targets["a large pool"] = large.cells(t)
	for name, cells := range targets {
		cells = WithPatience(cells, bench.ModeQuick)
		if took := Estimate(cells, Knowledge{Mode: bench.ModeQuick}); took > 8*time.Minute || took < time.Minute {
			t.Errorf("%s: %d cells take %v", name, len(cells), took)
		}
		if took := Estimate(cells, Knowledge{Mode: bench.ModeQuick, Attempts: 2}); took > 10*time.Minute {
			t.Errorf("%s: %d cells and their confirmations take %v", name, len(cells), took)
		}
	}
	if len(targets) < 10 {
		t.Errorf("only %d targets were looked at", len(targets))
	}
}

// A misspelt family in a profile would do nothing, in silence.
func TestProfilesNameKnownFamilies(t *testing.T) {
	reg := registry(t)
	s, err := reg.Lookup("gunicorn")
	if err != nil {
		t.Fatal(err)
	}
	s.Profiles["default"] = targets.Profile{Families: map[string]targets.ForFamily{"leek": {Args: []string{"--max-requests=50"}}}}
	_, err = Cells(reg, Selection{Servers: []string{"gunicorn"}, Profiles: []string{"default"}})
	var usage *bench.UsageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), "leek") || !strings.Contains(err.Error(), s.File) {
		t.Errorf("got %v, want a usage error that names the family and the file", err)
	}
}

func TestCells(t *testing.T) {
	reg := registry(t)
	tests := []struct {
		name string
		sel  Selection
		want []string
	}{
		{"default profiles", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"wedge-1pct"}},
			[]string{"gunicorn/default/wedge-1pct", "gunicorn/hardened/wedge-1pct"}},
		{"family name", Selection{Servers: []string{"wsgiref"}, Profiles: []string{"default"}, Scenarios: []string{"wedge"}},
			[]string{"wsgiref/default/wedge-1pct"}},
		{"another ratio", Selection{Servers: []string{"wsgiref"}, Profiles: []string{"default"}, Scenarios: []string{"wedge-0.5pct,wedge-10pct"}},
			[]string{"wsgiref/default/wedge-0.5pct", "wsgiref/default/wedge-10pct"}},
		{"a family's glob is its own ratio", Selection{Servers: []string{"wsgiref"}, Profiles: []string{"default"}, Scenarios: []string{"seg*", "leak-1*"}},
			[]string{"wsgiref/default/segfault-1pct", "wsgiref/default/leak-10pct"}},
		{"a ratio's glob", Selection{Servers: []string{"wsgiref"}, Profiles: []string{"default"}, Scenarios: []string{"*-2pct"}},
			everyFamily(func(bench.Family) bench.Ratio { return 2000 })},
		{"all scenarios", Selection{Servers: []string{"wsgiref"}, Profiles: []string{"default"}},
			everyFamily(func(f bench.Family) bench.Ratio { return f.Cadence.Share })},
		{"a set", Selection{Servers: []string{"wsgiref"}, Profiles: []string{"default"}, Scenarios: []string{"@gate"}}, gateCells()},
		{"a set and more", Selection{Servers: []string{"wsgiref"}, Profiles: []string{"default"}, Scenarios: []string{"@gate,wedge-5pct,wedge"}},
			append(gateCells(), "wsgiref/default/wedge-5pct")},
		{"server glob, profile glob", Selection{Servers: []string{"g*"}, Profiles: []string{"g*"}, Scenarios: []string{"wedge"}},
			[]string{"gunicorn/gevent/wedge-1pct", "gunicorn/gthread/wedge-1pct"}},
		{"nothing twice", Selection{Servers: []string{"wsgiref", "wsgi*"}, Profiles: []string{"default,d*"}, Scenarios: []string{"wedge", "wedge-1pct"}},
			[]string{"wsgiref/default/wedge-1pct"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cells, err := Cells(reg, tt.sel)
			if err != nil {
				t.Fatal(err)
			}
			got := names(cells)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(tt.want))
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// A profile that is asked for by name never drops out of a table silently.
func TestMissingProfileIsUnsupported(t *testing.T) {
	cells, err := Cells(registry(t), Selection{
		Servers: []string{"gunicorn,waitress"}, Profiles: []string{"gthread"}, Scenarios: []string{"wedge"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != 2 || cells[0].Unsupported != "" || !strings.Contains(cells[1].Unsupported, "waitress has no profile gthread") {
		t.Errorf("cells = %+v", cells)
	}
}

func TestVersions(t *testing.T) {
	reg := registry(t)
	cells, err := Cells(reg, Selection{Servers: []string{"waitress,gunicorn@23.0.0"}, Profiles: []string{"default"}, Scenarios: []string{"wedge"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != 2 || cells[0].Version != "" || cells[1].Version != "23.0.0" {
		t.Errorf("cells = %+v", cells)
	}
	for _, version := range []string{">=23,<28", "~=23.0, !=23.0.1", "latest", "previous"} {
		cells, err := Cells(reg, Selection{Servers: []string{"waitress,gunicorn/default@" + version}, Profiles: []string{"default"}, Scenarios: []string{"wedge"}})
		if err != nil || len(cells) != 2 || cells[1].Version != version {
			t.Errorf("%s: %+v, %v", version, cells, err)
		}
	}
}

// A resumed run installs the release that a range stood for when the run began, and its
// sources still have the range.
func TestResolvedVersionIsAskedAgain(t *testing.T) {
	reg := registry(t)
	cells, err := Cells(reg, Selection{Servers: []string{"gunicorn@>=23"}, Profiles: []string{"default"}, Scenarios: []string{"wedge"}})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := Asked(cells, 1, "", nil)
	if err != nil || asked.Cells[0].Version != ">=23" || asked.Cells[0].Resolved != "" {
		t.Fatalf("%+v, %v", asked, err)
	}
	asked.Cells[0].Resolved, asked.Cells[0].Unasked = "27.0.0", "no network"
	again, err := FromAsked(reg, *asked)
	if err != nil || again[0].Version != ">=23" || again[0].Resolved != "27.0.0" {
		t.Fatalf("%+v, %v", again, err)
	}
	if s := again[0].Source(""); s.Version != ">=23" || s.Resolved != "27.0.0" || s.Unasked != "no network" {
		t.Errorf("source: %+v", s)
	}
}

func TestBadSelections(t *testing.T) {
	reg := registry(t)
	tests := []struct {
		name    string
		sel     Selection
		nothing bool
		say     []string
	}{
		{"server", Selection{Servers: []string{"gunicron"}}, false, []string{`unknown server "gunicron"`, `did you mean "gunicorn"?`}},
		{"profile", Selection{Servers: []string{"gunicorn"}, Profiles: []string{"hardned"}}, false, []string{`unknown profile "hardned"`, `"hardened"`}},
		{"scenario", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"wegde-1pct"}}, false, []string{`unknown scenario "wegde-1pct"`, `"wedge-1pct"`}},
		{"ratio", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"wedge-3pct"}}, false, []string{`"3pct"`, "0.5pct"}},
		{"comma behind a version", Selection{Servers: []string{"gunicorn@23.0.0,waitress"}}, false, []string{"repeat --server"}},
		{"comma behind a range", Selection{Servers: []string{"gunicorn@>=23,waitress"}}, false, []string{`"waitress" is not a clause of a range`, "not split at commas"}},
		{"range of another kind", Selection{Servers: []string{"gunicorn@^23"}}, false, []string{`"^23"`, "'>=23,<28'"}},
		{"empty version", Selection{Servers: []string{"gunicorn@"}}, false, []string{"no version"}},
		{"version of what is not installed", Selection{Servers: []string{"wsgiref@1"}}, false, []string{"wsgiref"}},
		{"group", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"client"}}, false, []string{`unknown scenario "client"; --scenario @client selects all families in which clients misbehave`}},
		{"no known server", Selection{Servers: []string{"zzz"}}, false, []string{`unknown server "zzz"; benchrun list servers lists them; a server of your own: --server-cmd or --server-file`}},
		{"shares", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"wedge=1%,cpu=1%"}}, false, []string{`unknown scenario "wedge=1%"`, "--mix wedge=1%"}},
		{"mix", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"mix_wegde-1pct_cpu-1pct"}}, false, []string{`unknown family "wegde"`, `"wedge"`}},
		{"set", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"@gates"}}, false, []string{`"@gates"`, `did you mean "@gate"?`}},
		{"word for several families", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"database"}}, false, []string{"--scenario db-lock,db-stall,db-restart,pool-drain reproduces it (see benchrun explain database)"}},
		{"beginning of a family", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"pool"}}, false, []string{"pool-drain"}},
		{"word of an incident", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"Slowloris"}}, false, []string{`unknown scenario "Slowloris"`, "--scenario slow-headers reproduces it (see benchrun explain Slowloris)"}},
		{"word of two families", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"502"}}, false, []string{"--scenario segfault,keepalive-race,reload,"}},
		{"word that begins a family", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"graceful"}}, false, []string{"--scenario graceful-stop,reload reproduces it"}},
		{"words in a line of a log", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"[CRITICAL] WORKER TIMEOUT"}}, false, []string{"--scenario wedge,wedge-io,", `explain "[CRITICAL] WORKER TIMEOUT"`}},
		{"status", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"503"}}, false, []string{"overload", "burst"}},
		{"nearly a word of an incident", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"slowlori"}}, false, []string{`did you mean "slowloris"? --scenario slow-headers`}},
		{"no server", Selection{Servers: []string{""}}, false, []string{`--server "" names no server`, "benchrun list servers"}},
		{"path of a file", Selection{Servers: []string{"/home/me/my.yaml"}}, false, []string{"--server /home/me/my.yaml: no server before the '/'", "--server-file FILE"}},
		{"version alone", Selection{Servers: []string{"@23.0.0"}}, false, []string{"--server @23.0.0: no server before the '@'"}},
		{"no profile", Selection{Servers: []string{"gunicorn"}, Profiles: []string{"default", ","}}, false, []string{`--profile "," names no profile`}},
		{"no scenario", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{" "}}, false, []string{`--scenario " " names no scenario`}},
		{"bad glob", Selection{Servers: []string{"[a"}}, false, []string{"bad pattern"}},
		{"glob without a match", Selection{Servers: []string{"zz*"}}, true, []string{"matches nothing"}},
		{"scenario glob without a match", Selection{Servers: []string{"gunicorn"}, Scenarios: []string{"zz*"}}, true, []string{"matches nothing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cells, err := Cells(reg, tt.sel)
			if err == nil {
				t.Fatalf("no error, cells %v", names(cells))
			}
			var usage *bench.UsageError
			if errors.Is(err, bench.ErrNothingSelected) != tt.nothing || errors.As(err, &usage) == tt.nothing {
				t.Errorf("wrong kind of error: %v", err)
			}
			for _, s := range tt.say {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
		})
	}
}

func TestDemoIsWhole(t *testing.T) {
	cells, err := DemoCells(registry(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		if c.Unsupported != "" {
			t.Errorf("%s: %s", c.Name(), c.Unsupported)
		}
	}
	if e := Estimate(WithPatience(cells, bench.ModeQuick), Knowledge{Mode: bench.ModeQuick}); e.Minutes() > 3.5 {
		t.Errorf("the demonstration is estimated at %v", e)
	}
}

// The server of --server-cmd is measured beside servers that are named, with its own profile.
func TestCommandBesideServers(t *testing.T) {
	command, err := targets.ParseCommand("sh -c {port}", "", "")
	if err != nil {
		t.Fatal(err)
	}
	reg, err := targets.Load(targets.LoadOptions{Command: command})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ servers, want []string }{
		{nil, []string{"custom"}}, {[]string{"custom"}, []string{"custom"}}, {[]string{"waitress"}, []string{"waitress", "custom"}}, {[]string{"c*"}, nil},
	} {
		sel := Selection{Servers: tt.servers, Scenarios: []string{"wedge"}}
		if len(tt.servers) == 1 && tt.servers[0] == "waitress" {
			sel.Profiles = []string{"default"}
		}
		cells, err := Choose(reg, sel, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		times := 0
		for _, c := range cells {
			got = append(got, c.Server.Name)
			if c.Server.ByCommand != nil {
				times++
			}
			if c.Unsupported != "" && c.Server.ByCommand != nil {
				t.Errorf("%q: %s: %s", tt.servers, c.Name(), c.Unsupported)
			}
		}
		if times != 1 || tt.want != nil && !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.servers, got, tt.want)
		}
		if notes := AppNotes(cells); len(notes) != 1 || !strings.HasPrefix(notes[0], "custom/sh-") || !strings.HasSuffix(notes[0], ": app wsgi, because --app-kind is not given") {
			t.Errorf("%q", notes)
		}
	}
}
