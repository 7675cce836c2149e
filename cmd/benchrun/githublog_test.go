package main

import (
	"bytes"
	"testing"
)

func TestDefuse(t *testing.T) {
	for text, want := range map[string]string{
		"a::b\n":              "a::b\n",
		"::error::x\n":        "\u200b::error::x\n",
		"a\n \t::add-mask::y": "a\n \t\u200b::add-mask::y",
		"x ##[add-mask]y\n":   "x ##\u200b[add-mask]y\n",
		"":                    "",
		"one\ntwo":            "one\ntwo",
	} {
		var b bytes.Buffer
		d := defused{&b}
		if n, err := d.Write([]byte(text)); n != len(text) || err != nil || b.String() != want {
			t.Errorf("%q: %d, %v, %q, want %q", text, n, err, b.String(), want)
		}
		if unwrapped(d) != &b || unwrapped(&b) != &b {
			t.Error("the writer behind is another")
		}
	}
}
