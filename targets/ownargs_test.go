package targets

import (
	"slices"
	"strings"
	"testing"
)

// Arguments of the user's own make another target. benchrun believes nothing of it that they may
// have changed. The server itself stays as it is.
func TestWithArgs(t *testing.T) {
	s, err := decode("toy.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	before, _ := s.Digest()
	with, err := s.WithArgs([]string{"--workers=3", "--tmp={work}/x"})
	if err != nil {
		t.Fatal(err)
	}
	name, err := with.ProfileTaking("many")
	if err != nil {
		t.Fatal(err)
	}
	argv, _, err := with.Command(name, someValues)
	if want := []string{"/e/bin/toy", "--listen", "127.0.0.1:4711", "-w", "4", "--tmp=/a/scratch", "--workers=3", "--tmp=/a/scratch/x", "app:application"}; err != nil || !slices.Equal(argv, want) {
		t.Errorf("%q, %v", argv, err)
	}
	for _, was := range []string{"default", "many"} {
		name, err := with.ProfileTaking(was)
		p := with.Profiles[name]
		if err != nil || name == was || p.Workers != 1 || p.Claims.Slots != 0 || p.Claims.Watchdog != 0 {
			t.Errorf("%s became %s: %+v, %v", was, name, p, err)
		}
	}
	after, _ := s.Digest()
	if own, _ := with.Digest(); after != before || own == before || s.OwnArgs != nil {
		t.Errorf("digests %s, %s and with arguments %s", before, after, own)
	}
	if same, err := s.WithArgs(nil); err != nil || same != s {
		t.Errorf("no arguments: %v, %v", same, err)
	}
	_, err = s.WithArgs([]string{"{prot}"})
	wantUsage(t, err, "--args: unknown placeholder {prot}; did you mean {port}?")
}

// A file may say that its claims hold whatever is added.
func TestFixedClaims(t *testing.T) {
	text := strings.Replace(good, "    claims: {slots: 1", "    fixed_claims: true\n    claims: {slots: 1", 1)
	s, err := decode("toy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	with, err := s.WithArgs([]string{"-v"})
	if err != nil {
		t.Fatal(err)
	}
	if p := with.Profiles["default+-v"]; p.Claims != s.Profiles["default"].Claims || p.Claims.Slots != 1 {
		t.Errorf("%+v", p)
	}
}

func TestArgsNeedAPlace(t *testing.T) {
	s, err := decode("toy.yaml", []byte(strings.Replace(strings.Replace(good, `"{args}", `, "", 1), `    args: [-w, 4, "--tmp={work}"]`+"\n", "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	with, err := s.WithArgs([]string{"-v"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = with.ProfileTaking("many")
	wantUsage(t, err, "--args: the command of toy/many has no {args} to put them in; see toy.yaml")
}

// The name says which arguments, and no two lists of them have the same name.
func TestProfilesWithArgsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string][]string{}
	for _, args := range [][]string{
		{"--workers=3", "--timeout=30"}, {"--workers=3--timeout=30"}, {"--workers=3 --timeout=30"}, {"--workers=3+--timeout=30"},
		{"--workers", "3"}, {"-w", "3"}, {"-w3"}, {"-w", ""}, {"-w"}, {"", "-w"}, {"args-1a2b3c4d5e6f"}, {"-x", "*"}, {"-x", "a/b"}, {"-x", "a,b"}, {"-x@y"},
		{"-" + strings.Repeat("x", 100)}, {"-" + strings.Repeat("x", 101)},
	} {
		name := ProfileWith("default", args)
		if other, ok := seen[name]; ok || strings.ContainsAny(strings.TrimPrefix(name, "default"), "/@*?[], \\") || len(name) > 80 || nameForm.MatchString(name) {
			t.Errorf("%q is called %s, as %q", args, name, other)
		}
		seen[name] = args
	}
	if got := ProfileWith("hardened", []string{"--workers=3", "--timeout=30"}); got != "hardened+--workers=3+--timeout=30" {
		t.Error(got)
	}
}
