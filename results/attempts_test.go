package results

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"benchrun/internal/bench"
)

// testLine is the line of attempt n of a failed cell.
func testLine(n int) AttemptLine {
	h := 61.25
	j := bench.Judgement{Verdict: bench.Failed, Reasons: []string{"lost 465 of 1,200"}, Flags: []string{}, Measures: bench.Measures{}}
	j.Measures.Set("h", h, 1200)
	j.Measures.SetCensored("time_to_recover", 5, 1)
	j.Measures.SetNone("reclaimed")
	return NewAttemptLine(bench.Cell{
		Server: "gunicorn", Version: "23.0.0", Profile: "default", Scenario: "wedge-1pct", Family: "wedge", FamilyVer: 1,
		Group: bench.GroupApp, Ratio: 1, Seed: 42, ScheduleHash: "abcd", Command: []string{"python", "-m", "gunicorn"},
		Verdict: bench.Held, // of the cell, not of this attempt: must not be taken
	}, bench.Attempt{Attempt: n, Verdict: bench.Failed, H: &h, Record: "records/r", Log: "logs/l"}, j)
}

func TestAttemptsComeBack(t *testing.T) {
	f := newFolder(t)
	if lines, torn, _, err := f.ReadAttempts(t.Context()); lines != nil || torn != "" || err != nil {
		t.Fatalf("before the first attempt: %v, %q, %v", lines, torn, err)
	}
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			if err := f.AppendAttempt(testLine(n)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	lines, torn, _, err := f.ReadAttempts(t.Context())
	if err != nil || torn != "" || len(lines) != 20 {
		t.Fatalf("%d lines, %q, %v", len(lines), torn, err)
	}
	seen := map[int]bool{}
	for _, l := range lines {
		n := l.Attempt().Attempt
		if seen[n] || !reflect.DeepEqual(l, testLine(n)) {
			t.Errorf("line of attempt %d: %+v", n, l)
		}
		seen[n] = true
	}
	if j := lines[0].Judgement(); j.Verdict != bench.Failed || len(j.Measures) != 3 || lines[0].ID != "gunicorn@23.0.0/default/wedge-1pct" {
		t.Errorf("%+v of %s", j, lines[0].ID)
	}
}

func TestTornLine(t *testing.T) {
	f := newFolder(t)
	path := f.Join(CellsFile)
	for n := range 3 {
		if err := f.AppendAttempt(testLine(n)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	start := strings.LastIndex(strings.TrimSuffix(string(text), "\n"), "\n") + 1
	whole := len(text)
	text = append(text[:whole-1], bytes.Repeat([]byte{' '}, 200<<10)...) // longer than the block that is read at once
	// Wherever the third line is torn, even just before its end, only that line is lost.
	for _, cut := range []int{start + 1, (start + whole) / 2, whole - 1, len(text)} {
		if err := os.WriteFile(path, text[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		lines, torn, _, err := f.ReadAttempts(t.Context())
		want := fmt.Sprintf("%s: line 3 breaks off after %d bytes", path, cut-start)
		if err != nil || len(lines) != 2 || !strings.HasPrefix(torn, want) {
			t.Fatalf("cut at %d: %d lines, %q, %v; want 2 and %q", cut, len(lines), torn, err, want)
		}
		if err := f.AppendAttempt(testLine(7)); err != nil {
			t.Fatal(err)
		}
		lines, torn, _, err = f.ReadAttempts(t.Context())
		if err != nil || torn != "" || len(lines) != 3 || lines[2].Attempt().Attempt != 7 {
			t.Fatalf("after a torn line was appended to: %d lines, %q, %v", len(lines), torn, err)
		}
	}
}

// A damaged line is skipped and named; the lines around it stay.
func TestReadAttemptsNamesDamage(t *testing.T) {
	f := newFolder(t)
	path := f.Join(CellsFile)
	if err := f.AppendAttempt(testLine(1)); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for bad, want := range map[string]string{
		"{\n": "line 2: unexpected end of JSON input",
		"\n":  "line 2: unexpected end",
		strings.Replace(string(good), `"failed"`, `"failde"`, 1):       `line 2: verdict "failde" is not one of`,
		strings.Replace(string(good), `"server":"g`, `"server":"G`, 1): `line 2: cell "gunicorn@23.0.0/default/wedge-1pct" has the fields of "Gunicorn@`,
		`{"cell":"a/b/c","attempts":[]}` + "\n":                        "line 2: 0 attempts",
	} {
		if err := os.WriteFile(path, []byte(string(good)+bad+string(good)), 0o644); err != nil {
			t.Fatal(err)
		}
		lines, torn, damaged, err := f.ReadAttempts(t.Context())
		if err != nil || torn != "" || len(lines) != 2 || len(damaged) != 1 {
			t.Fatalf("%d lines, %q, damaged %v, %v", len(lines), torn, damaged, err)
		}
		id := "gunicorn@23.0.0/default/wedge-1pct"
		switch {
		case strings.Contains(bad, "a/b/c"):
			id = "a/b/c"
		case len(bad) < 5:
			id = ""
		}
		if d := damaged[0]; !strings.Contains(d.Text, want) || d.Cell != id {
			t.Errorf("%+v; want %q of %q", d, want, id)
		}
	}
	var usage *bench.UsageError
	if err := os.WriteFile(path, []byte(strings.Repeat("?\n", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := f.ReadAttempts(t.Context()); !errors.As(err, &usage) {
		t.Errorf("a file of something else: %v", err)
	}
	if err := f.AppendAttempt(AttemptLine{}); err == nil {
		t.Error("an empty line was written")
	}
}
