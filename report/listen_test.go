package report

import (
	"bytes"
	"strings"
	"testing"
)

func TestListen(t *testing.T) {
	for how, want := range map[string]string{ProgressAuto: "hello\n", "": "hello\n", ProgressJSON: `{"schema":"benchrun.events/v1",`} {
		var stderr bytes.Buffer
		Listen(how, &stderr).Note("hello")
		if got := stderr.String(); !strings.HasPrefix(strings.TrimLeft(got, " "), want) {
			t.Errorf("--progress %s: %q", how, got)
		}
	}
}

func TestOutletsCheck(t *testing.T) {
	for _, tt := range []struct{ format, progress, say string }{
		{"csv", "json", ""},
		{"table", "", ""},
		{"tabel", "auto", `unknown --format "tabel"; did you mean "table"?`},
		{"tabel", "jsn", `unknown --progress "jsn"; did you mean "json"?`},
	} {
		err := Outlets{Format: tt.format}.Check(tt.progress)
		if tt.say == "" && err != nil || tt.say != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.say)) {
			t.Errorf("%s, %s: %v", tt.format, tt.progress, err)
		}
	}
}

// What a stored run or a waiver says does not command a terminal.
func TestLines(t *testing.T) {
	var stderr bytes.Buffer
	Lines(&stderr, []string{"a", "b\x1b[2J"})
	Damaged(&stderr, []string{"c\nd"})
	if got := stderr.String(); !strings.HasPrefix(got, "  a\n  b") || strings.Contains(got, "\x1b") || !strings.HasSuffix(got, "\n") || strings.Count(got, "damaged: c") != 1 || strings.Count(got, "\n") != 3 {
		t.Errorf("%q", got)
	}
}
