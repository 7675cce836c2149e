package bench

import (
	"encoding/json"
	"testing"
	"unicode"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain ünïcode ✓": "plain ünïcode ✓", " a\r\nb\tc\n": "a  b c", "\x1b[31m": `\x1b[31m`, "\x7f": `\x7f`, "\u009b": `\u009b`,
		"\xff": `\xff`, "\u202e": `\u202e`, "\U000e0041": `\U000e0041`, "\ufffd": "\ufffd", "": "", " \u00a0x ": "x", "a\u2028b": "a b",
	} {
		if got := Clean(in); got != want || Clean(got) != got {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestUnseen(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if got, want := Unseen(r), unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point); got != want {
			t.Fatalf("%U: %v, want %v", r, got, want)
		}
	}
}

func TestHarmlessJSONKeepsValues(t *testing.T) {
	was := map[string]string{"\u202e##[x]": "a\u2028\u009b\U000e0041\x7f ##vso[b] \\##[\" ## [c] é"}
	text, err := json.MarshalIndent(was, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	out := HarmlessJSON(text)
	if want := "{\n\t" + `"\u202e#\u0023[x]": "a\u2028\u009b\udb40\udc41\u007f #\u0023vso[b] \\#\u0023[\" ## [c] é"` + "\n}"; string(out) != want {
		t.Errorf("%s, want %s", out, want)
	}
	var is map[string]string
	if err := json.Unmarshal(out, &is); err != nil || len(is) != 1 || is["\u202e##[x]"] != was["\u202e##[x]"] {
		t.Errorf("%v: %q", err, is)
	}
}
