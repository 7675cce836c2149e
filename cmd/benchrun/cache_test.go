package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Only y and yes agree.
func TestAgrees(t *testing.T) {
	for _, tt := range []struct {
		answer string
		want   bool
	}{{"y\n", true}, {" YES \n", true}, {"yes", true}, {"n\n", false}, {"\n", false}, {"", false}, {"yesterday\n", false}} {
		answer, want := tt.answer, tt.want
		var asked bytes.Buffer
		got, err := agrees(strings.NewReader(answer), &asked, "remove this?")
		if got != want || err != nil || asked.String() != "remove this? [y/N] " {
			t.Errorf("%q: %v, %v, asked %q", answer, got, err, asked.String())
		}
	}
}

func TestAge(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 30 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "12h": 12 * time.Hour, "0d": 0} {
		var a age
		if err := a.Set(text); err != nil || time.Duration(a) != want {
			t.Errorf("%s: %v, %v", text, a, err)
		}
	}
	for _, wrong := range []string{"", "d", "-1d", "1.5d", "30", "month", "-3h", "99999999999d", "9999999999999999999999d"} {
		var a age
		if err := a.Set(wrong); err == nil {
			t.Errorf("%s: %v", wrong, a)
		}
	}
	for bytes, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1536: "1.5 KiB", 300 << 20: "300.0 MiB", 5 << 40: "5120.0 GiB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}
