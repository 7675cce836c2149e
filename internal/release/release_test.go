package release

import (
	"slices"
	"strings"
	"testing"
)

// The releases in each range are those of pip's own packaging library, with pre-releases
// let in, on 2026-12-01.
func TestPythonRanges(t *testing.T) {
	known := strings.Fields("1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0+local.2 1.0.post1 1.0.1 1.1 1.1.post2.dev3 1.2rc1 2.0 2.0.0.1 2.1 3.0a1 10.0 1!0.5")
	for _, tt := range []struct{ text, newest, in string }{
		{">=1.0,<2", "1.1", "1.0 1.0+local.2 1.0.post1 1.0.1 1.1 1.1.post2.dev3 1.2rc1"},
		{" >= 1.0 , <2 ", "1.1", "1.0 1.0+local.2 1.0.post1 1.0.1 1.1 1.1.post2.dev3 1.2rc1"},
		{"<1.0", "", ""},
		{"<=1.0", "1.0+local.2", "1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0+local.2"},
		{">1.0", "1!0.5", "1.0.1 1.1 1.1.post2.dev3 1.2rc1 2.0 2.0.0.1 2.1 3.0a1 10.0 1!0.5"},
		{">1.0.post1", "1!0.5", "1.0.1 1.1 1.1.post2.dev3 1.2rc1 2.0 2.0.0.1 2.1 3.0a1 10.0 1!0.5"},
		{"~=1.0", "1.1", "1.0 1.0+local.2 1.0.post1 1.0.1 1.1 1.1.post2.dev3 1.2rc1"},
		{"~=1.0.1", "1.0.1", "1.0.1"},
		{"==1.0.*", "1.0.1", "1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0+local.2 1.0.post1 1.0.1"},
		{"!=1.0.*,<2", "1.1", "1.1 1.1.post2.dev3 1.2rc1"},
		{"==1.0", "1.0+local.2", "1.0 1.0+local.2"},
		{"==1.0+local.2", "1.0+local.2", "1.0+local.2"},
		{"===1.0a1", "1.0a1", "1.0a1"},
		{">=3.0a1", "1!0.5", "3.0a1 10.0 1!0.5"},
		{"<1.0rc1", "1.0b2", "1.0.dev1 1.0a1 1.0b2"},
		{"==2.0.0.*", "2.0.0.1", "2.0 2.0.0.1"},
		{">=2,!=2.1,<10", "2.0.0.1", "2.0 2.0.0.1 3.0a1"},
		{"==1!0.*", "1!0.5", "1!0.5"},
		{"~=1.0rc1", "1.2rc1", "1.0rc1 1.0 1.0+local.2 1.0.post1 1.0.1 1.1 1.1.post2.dev3 1.2rc1"},
		{">2.1,<=3.0", "3.0a1", "3.0a1"}, // nothing else is in it
		{"<3.0,>2.1", "", ""},
		{">1.0rc1", "1!0.5", "1.0 1.0.1 1.1 1.1.post2.dev3 1.2rc1 2.0 2.0.0.1 2.1 3.0a1 10.0 1!0.5"},
		{"<2.0.0.1", "2.0", "1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0+local.2 1.0.post1 1.0.1 1.1 1.1.post2.dev3 1.2rc1 2.0"},
		{Latest, "1!0.5", strings.Join(known, " ")},
	} {
		r, err := Python.Parse(tt.text)
		if err != nil || !Python.IsRange(strings.TrimSpace(tt.text)) {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		var in []string
		for _, v := range known {
			if is, _ := r.in(v); is {
				in = append(in, v)
			}
		}
		if got := strings.Join(in, " "); got != tt.in {
			t.Errorf("%s has %s, want %s", tt.text, got, tt.in)
		}
		shuffled := slices.Clone(known)
		slices.Reverse(shuffled)
		if got := r.Newest(append(shuffled, "no version", "1.0.99999999999999999999")); got != tt.newest {
			t.Errorf("%s: the newest is %q, want %q", tt.text, got, tt.newest)
		}
	}
	for _, wrong := range []string{"", ">=", "1.0", ">=1.0 <2", ">=1,", ">=1.*", "~=1", "~=1.*", ">1+local", "==1a1.*", "^1.0", ">=one", "=1.0"} {
		if r, err := Python.Parse(wrong); err == nil {
			t.Errorf("%q is taken for the range %v", wrong, r)
		}
	}
}

func TestPythonSpellings(t *testing.T) {
	for _, same := range [][]string{
		{"1.0", "1", "v1.0.0", "01.00"}, {"1.0rc2", "1.0-RC.2", "1.0_c2", "1.0preview2"}, {"1.0.post1", "1.0-1", "1.0.r1"}, {"1.0a0.dev3", "1.0alpha.dev3"},
	} {
		for _, other := range same {
			if Python.Compare(same[0], other) != 0 {
				t.Errorf("%s is not %s", other, same[0])
			}
		}
	}
	if got := strings.Join(Python.Sorted([]string{"9", "latest", "10", "10rc1"}), " "); got != "10 10rc1 9" {
		t.Errorf("sorted: %s", got)
	}
}

func TestSemanticRanges(t *testing.T) {
	known := strings.Fields("0.9.0 1.0.0 1.2.3 1.10.0 2.0.0-beta.1 2.0.0 3.0.0-rc.1")
	for _, tt := range []struct {
		kind         Kind
		text, newest string
	}{
		{Npm, "^1.2", "1.10.0"}, {Npm, "~1.2.0", "1.2.3"}, {Npm, ">=1,<2", "1.10.0"}, {Npm, ">=1 <2 || >=2.0.0", "2.0.0"},
		{Npm, "1.x", "1.10.0"}, {Npm, "1", "1.10.0"}, {Npm, "<0.1", ""}, {Npm, ">=3.0.0-a", "3.0.0-rc.1"}, {Npm, Latest, "2.0.0"},
		{Go, "<2.0.0", "1.10.0"}, {Go, "v1.2", "1.2.3"}, {Go, Latest, "2.0.0"},
	} {
		r, err := tt.kind.Parse(tt.text)
		if err != nil || !tt.kind.IsRange(tt.text) {
			t.Errorf("%s %s: %v", tt.kind, tt.text, err)
			continue
		}
		if got := r.Newest(known); got != tt.newest {
			t.Errorf("%s %s: %q, want %q", tt.kind, tt.text, got, tt.newest)
		}
		if tt.kind != Go {
			continue
		}
		if got := r.Newest(strings.Fields("v" + strings.Join(known, " v"))); got != "v"+tt.newest {
			t.Errorf("%s %s: %q, want v%s", tt.kind, tt.text, got, tt.newest)
		}
	}
	if r, err := Npm.Parse(">=one"); err == nil {
		t.Errorf("a range: %v", r)
	}
	for _, one := range []string{"1.2.3", "2.0.0-beta.1"} {
		if Npm.IsRange(one) || Go.IsRange("v"+one) || Go.IsRange(one) {
			t.Errorf("%s is a range", one)
		}
	}
	if Python.IsRange("1.2") || Npm.IsRange("next") {
		t.Error("one release is a range")
	}
}
