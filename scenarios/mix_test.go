package scenarios

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// A mix has one name, whatever the order and the spelling of its parts, and the name gives the
// mix back.
func TestMixName(t *testing.T) {
	for words, want := range map[string]string{
		"wedge=1%,segfault=0.5%,cpu=10%":       "mix_wedge-1pct_segfault-0.5pct_cpu-10pct",
		" cpu = 10 % , segfault=.50%,wedge=1%": "mix_wedge-1pct_segfault-0.5pct_cpu-10pct", //nolint:gocritic // the spaces are what is tested
		"slow-upload=50%,wedge-spin=50%":       "mix_wedge-spin-50pct_slow-upload-50pct",
	} {
		name, err := MixName(words)
		if err != nil || name != want {
			t.Errorf("%s: %q, %v; want %q", words, name, err, want)
			continue
		}
		f, ok := ByID(name)
		if !ok || f.ID != name || f.Scenario().Name() != name || f.Group != bench.GroupMixed {
			t.Errorf("%s: the mix of that name is %q of group %s, %v", name, f.ID, f.Group, ok)
		}
		var parts []string
		total := bench.Ratio(0)
		for _, p := range f.Scenario().Parts() {
			parts, total = append(parts, p.Name()), total+p.Ratio
		}
		if MixPrefix+strings.Join(parts, "_") != name || total != f.Cadence.Share {
			t.Errorf("%s: parts %q, %d of %d in all", name, parts, total, f.Cadence.Share)
		}
	}
	turned, err := MixByName("mix_segfault-0.5pct_wedge-1pct")
	if err != nil || turned.ID != "mix_wedge-1pct_segfault-0.5pct" {
		t.Errorf("%q, %v", turned.ID, err)
	}
}

// Each mistake has one error, which says what to do.
func TestBadMixes(t *testing.T) {
	for words, want := range map[string]string{
		"":                               `--mix "": a part without a family; write it like wedge=1%,segfault=0.5%`,
		"wedge=1%,":                      "a part without a family",
		"slowloris=1%,cpu=1%":            `unknown family "slowloris"; slow-headers reproduces it (see benchrun explain slowloris)`,
		"OOM=1%,cpu=1%":                  `unknown family "OOM"; one of sigkill, leak reproduces it (see benchrun explain OOM)`,
		"wegde=1%,cpu=1%":                `unknown family "wegde"; did you mean "wedge"? known: wedge, `,
		"wedge,cpu=1%":                   "no share of wedge; write it like wedge=1%",
		"wedge=,cpu=1%":                  "no share of wedge",
		"wedge=1,cpu=1%":                 `"1" is not a share; write it like wedge=1%`,
		"wedge=much%,cpu=1%":             `"much%" is not a share`,
		"wedge=-1%,cpu=1%":               `"-1%" is not a share`,
		"wedge=NaN%,cpu=1%":              `"NaN%" is not a share`,
		"wedge=1000%,cpu=1%":             `"1000%" is not a share`,
		"wedge=0%,cpu=1%":                "a share of 0 % makes no faults of wedge; leave it out",
		"wedge=3%,cpu=1%":                `wedge: ratio "3pct" is not one of 0.1pct, `,
		"leak=1%,leak-fd=1%":             "two families that leak: what is kept of one could not be told from the other; name one of them",
		"wedge=1%,cpu=1%,wedge=2%":       "wedge is there twice; give each family one share",
		"wedge=50%,cpu=50%,segfault=1%":  "the shares add up to 101 %, more than all requests",
		"wedge=1%":                       "one family is no mix; run it with --scenario wedge-1pct",
		"wedge=1%,bad-day=1%":            "bad-day is a mix itself; run it with --scenario bad-day",
		"wedge=1%,reload":                "reload cannot be mixed: it may not cost a single request, and nobody could tell whether the other faults cost it; give it a cell of its own in the same run: --scenario reload beside the --mix of the others; these can be mixed: wedge, ",
		"wedge=1%,reload=1%":             "reload cannot be mixed: it may not cost a single request",
		"wedge=1%,slow-boot":             "slow-boot cannot be mixed: it may not cost a single request",
		"wedge=1%,recycle":               "recycle cannot be mixed: it may not cost a single request",
		"wedge=1%,kill-worker":           "kill-worker cannot be mixed: the worker that it takes must be replaced",
		"wedge=1%,graceful-stop":         "graceful-stop cannot be mixed: it ends the server, and the other faults need one",
		"wedge=1%,kill-master":           "kill-master cannot be mixed: it ends the server",
		"wedge=1%,boot-crash":            "boot-crash cannot be mixed: it asks whether workers go on that serve",
		"wedge=1%,keepalive-race":        "keepalive-race cannot be mixed: it reuses connections",
		"wedge=1%,log-blocked":           "log-blocked cannot be mixed: it comes at times of its own",
		"wedge=1%,overload":              "overload cannot be mixed: its faults may fill the server",
		"wedge=1%,db-lock=1%":            "db-lock cannot be mixed: its app needs a database, and that of a mix has none; give it a cell of its own",
		"wedge=1%,pool-drain=1%":         "pool-drain cannot be mixed: its app needs a database",
		"wedge=1%,idle-connections=0.1%": "idle-connections cannot be mixed: its faults may fill the server",
		"wedge=1%,segfault=1%,abort=1%,exit-1=1%,exit-3=1%,cpu=1%,io=1%,slow=1%,exception=1%": "9 families are more than the 8 that a mix can have",
	} {
		_, err := MixName(words)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", words, err, want)
		}
	}
	for name, want := range map[string]string{
		"mix_":                      `unknown scenario "mix_": unknown family ""`,
		"mix_wegde-1pct_cpu-1pct":   `unknown scenario "mix_wegde-1pct_cpu-1pct": unknown family "wegde"; did you mean "wedge"?`,
		"mix_wedge_cpu-1pct":        "no share of wedge; write it like wedge-1pct",
		"mix_wedge-1pct_mix_-1pct":  `unknown family "mix"`,
		"mix_reload_wedge-1pct":     "reload cannot be mixed",
		"mix_wedge-3pct_cpu-1pct":   `wedge: ratio "3pct" is not one of`,
		"mix_wedge-1pct_wedge-1pct": "wedge is there twice",
	} {
		_, err := MixByName(name)
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if _, ok := ByID(name); ok {
			t.Errorf("%s is a family", name)
		}
	}
}

// A mix has what each of its families needs its target started with.
func TestNeedsOfAMix(t *testing.T) {
	mix, err := MixByName("mix_wedge-1pct_leak-fd-1pct")
	leak, ok := ByID("leak-fd")
	if err != nil || !ok || leak.Needs.Files == 0 || mix.Scenario().Needs().Files != leak.Needs.Files {
		t.Errorf("%v: %+v", err, mix.Scenario().Needs())
	}
	day, _ := ByID("bad-day")
	if n := day.Family.Scenario().Needs(); n.Files != 0 || n.PipedLog || n.OwnTmp {
		t.Errorf("bad-day: %+v", n)
	}
	for _, f := range All() {
		if n := f.Family.Scenario().Needs(); len(f.Mix) == 0 && (n.Files != f.Needs.Files || n.PipedLog != f.Needs.PipedLog || n.AppFault != f.Needs.AppFault) {
			t.Errorf("%s: %+v", f.ID, n)
		}
	}
}

// What raises the version of a family raises that of each mix that has it.
func TestVersionOfAMix(t *testing.T) {
	before, ok := ByID("mix_wedge-1pct_cpu-1pct")
	at := slices.IndexFunc(registered, func(f Fault) bool { return f.ID == "cpu" })
	if !ok || at < 0 {
		t.Fatal("no such families")
	}
	registered[at].Version++
	defer func() { registered[at].Version-- }()
	if after, _ := ByID("mix_wedge-1pct_cpu-1pct"); after.Version != before.Version+1 {
		t.Errorf("version %d, then %d", before.Version, after.Version)
	}
}

// A mix of benchrun's own is whole at each ratio: no part vanishes, and all of them together
// are the ratio.
func TestMixesOfTheirOwn(t *testing.T) {
	seen := 0
	for _, f := range All() {
		if len(f.Parts) == 0 {
			if f.Mix != nil || f.Traits.Proof == bench.ProofParts {
				t.Errorf("%s is a mix without parts", f.ID)
			}
			continue
		}
		seen++
		if f.Group != bench.GroupMixed || f.Fixed || f.Traits != mixTraits || len(f.Mix) != len(f.Parts) {
			t.Errorf("%s: %+v", f.ID, f.Family)
		}
		for _, ratio := range bench.RatioLadder {
			total := bench.Ratio(0)
			for _, p := range (bench.Scenario{Family: f.Family, Ratio: ratio}).Parts() {
				if total += p.Ratio; p.Ratio < 1 || Unmixable(p.Family) != "" {
					t.Errorf("%s at %s: %s at %d", f.ID, ratio, p.Family.ID, p.Ratio)
				}
			}
			if total != ratio {
				t.Errorf("%s at %s: its parts add up to %s", f.ID, ratio, total)
			}
		}
	}
	if seen == 0 {
		t.Error("no family is a mix")
	}
}

// Every family can be mixed, or says why not.
func TestMixable(t *testing.T) {
	can := Mixable()
	for _, f := range All() {
		if slices.Contains(can, f.ID) == (Unmixable(f.Family) != "") || f.Cadence.Share == 0 && Unmixable(f.Family) == "" {
			t.Errorf("%s: %q", f.ID, Unmixable(f.Family))
		}
	}
	if len(can) < 30 {
		t.Errorf("only %d families can be mixed", len(can))
	}
}
