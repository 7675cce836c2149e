package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"benchrun/internal/bench"
)

// screen is a terminal that understands what progress uses: "\r", "\n", moving up a line, and
// clearing to the end of the line and of the screen. Any other escape sequence fails the test.
type screen struct {
	t      *testing.T
	mu     sync.Mutex
	lines  []string
	row    int
	column int
	widest int
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) == 0 {
		s.lines = []string{""}
	}
	for text := string(p); text != ""; {
		last := &s.lines[s.row]
		runes := []rune(*last)
		switch {
		case text[0] == '\r':
			s.column, text = 0, text[1:]
		case text[0] == '\n':
			if s.row++; s.row == len(s.lines) {
				s.lines = append(s.lines, "")
			}
			s.column, text = 0, text[1:]
		case strings.HasPrefix(text, "\x1b[A"):
			s.row, text = max(0, s.row-1), text[3:]
		case strings.HasPrefix(text, "\x1b[J"):
			*last, s.lines, text = string(runes[:min(s.column, len(runes))]), s.lines[:s.row+1], text[3:]
		case strings.HasPrefix(text, "\x1b[K"):
			*last, text = string(runes[:min(s.column, len(runes))]), text[3:]
		case text[0] == '\x1b':
			s.t.Errorf("an escape that no terminal was asked about: %q", text)
			return len(p), nil
		default:
			r := []rune(text)[0]
			if s.column < len(runes) {
				runes[s.column] = r
			} else {
				runes = append(runes, r)
			}
			*last, text = string(runes), text[len(string(r)):]
			s.column++
			s.widest = max(s.widest, len(runes))
		}
	}
	return len(p), nil
}

// last is the line that contains the cursor.
func (s *screen) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) == 0 {
		return ""
	}
	return s.lines[s.row]
}

func (s *screen) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

const job = "gunicorn 23.0.0 default, wedge-1pct"

func TestStatusLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{t: t}
		p := NewProgress(s, true, 100, 24)
		p.Hear(bench.RunBegun{Cells: 12, Estimate: 10 * time.Minute})
		p.Hear(bench.CellBegun{Cell: 3, Name: job})
		p.Hear(bench.PhaseBegun{Cell: 3, Phase: "fault", Length: 12 * time.Second})
		p.Hear(bench.ServedSoFar{Cell: 3, H: 97.36})
		if got, want := s.last(), "[3/12] "+job+"  fault 0/12 s · H 97.3 % · about 10 min left"; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		time.Sleep(7*time.Second + time.Millisecond) // on the bubble's clock, while the ticker draws
		synctest.Wait()
		if got := s.last(); !strings.Contains(got, " fault 7/12 s ") {
			t.Errorf("after 7 s: %q", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := s.last(); !strings.Contains(got, " fault 67 s of about 12 s ") || !strings.Contains(got, "about 9 min left") {
			t.Errorf("after the phase: %q", got)
		}
		p.Hear(bench.Remaining{Left: 30 * time.Second, Others: 1.62})
		if got := s.last(); !strings.HasSuffix(got, "about 30 s left (others use 1.6 CPUs)") {
			t.Errorf("beside other programs: %q", got)
		}
		p.Hear(bench.Remaining{Left: 30 * time.Second})
		if got := s.last(); !strings.HasSuffix(got, "about 30 s left") {
			t.Errorf("with another estimate: %q", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := s.last(); !strings.HasSuffix(got, "longer than estimated") {
			t.Errorf("when the estimate has passed: %q", got)
		}
		p.Hear(bench.PhaseBegun{Cell: 3, Phase: "recovery", Length: 0})
		if got := s.last(); strings.Contains(got, "H 9") || !strings.Contains(got, "recovery 0 s") {
			t.Errorf("a new phase: %q", got)
		}
		h := 61.25
		p.Hear(bench.AttemptJudged{Cell: 3, Attempt: bench.Attempt{Attempt: 1, Verdict: bench.Failed, H: &h}})
		p.Hear(bench.AttemptJudged{Cell: 3, Attempt: bench.Attempt{Attempt: 2, Verdict: bench.Invalid}, Why: "only 5 of 12 valid seconds\x1b[2J", Later: true})
		p.Hear(bench.AttemptJudged{Cell: 3, Attempt: bench.Attempt{Attempt: 3, Verdict: bench.Failed, H: &h, Company: 2}, Alone: true})
		p.Note("port 20001 was taken\x1b[2J")
		p.Hear(bench.CellBegun{Cell: 4, Name: "waitress"})
		p.Hear(bench.RunDone{})
		p.Hear(bench.RunDone{})
		p.Hear(bench.ServedSoFar{Cell: 3, H: 3})
		want := []string{
			"12 cells, about 10 min",
			"[3/12] " + job + ": ✗ failed, H 61.2 %",
			"[3/12] " + job + ": ? invalid (attempt 2): only 5 of 12 valid seconds" + `\x1b[2J` + "; so again, later",
			"[3/12] " + job + ": ✗ failed, H 61.2 % (attempt 3); 2 other cells at most ran beside it, so again, alone, later",
			`port 20001 was taken\x1b[2J`,
			"",
		}
		if got := s.all(); !slices.Equal(got, want) {
			t.Errorf("what is left on the screen:\n%s", strings.Join(got, "\n"))
		}
		p.Note("after")
		if got := s.all(); got[5] != "after" || got[6] != "" {
			t.Errorf("a note after the end: %q", got[5:])
		}
	}) // also fails if a goroutine is left
}

// The estimate of a busy machine says what it would be on a quiet one, if that is known to differ.
func TestEstimateOfABusyMachine(t *testing.T) {
	for quiet, want := range map[time.Duration]string{
		0:               "12 cells, about 40 min\n",
		9 * time.Minute: "12 cells, about 40 min while other programs use as much CPU as now, about 9 min if the machine becomes quiet\n",
	} {
		var out strings.Builder
		NewProgress(&out, false, 0, 0).Hear(bench.RunBegun{Cells: 12, Estimate: 40 * time.Minute, IfQuiet: quiet})
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}

// Each running cell has a line, as far as they fit. Lines that stay scroll up above them, and nothing
// of the status lines is left.
func TestALineForEachCell(t *testing.T) {
	s := &screen{t: t}
	p := NewProgress(s, true, 100, 6)
	p.Hear(bench.RunBegun{Cells: 9, Estimate: 10 * time.Minute})
	begin := func(cells ...int) {
		for _, n := range cells {
			p.Hear(bench.CellBegun{Cell: n, Name: fmt.Sprintf("server/default/cell-%d", n)})
			p.Hear(bench.PhaseBegun{Cell: n, Phase: "fault", Length: 12 * time.Second})
		}
	}
	shows := func(when string, want ...string) {
		t.Helper()
		if got := s.all(); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	line := func(n int) string { return fmt.Sprintf("[%d/9] server/default/cell-%d  fault 0/12 s", n, n) }
	const begun = "9 cells, about 10 min"
	begin(7, 2)
	p.Hear(bench.ServedSoFar{Cell: 7, H: 50})
	shows("two", begun, line(2), line(7)+" · H 50.0 %", "2 cells at once · about 10 min left")
	begin(3, 4, 5)
	shows("more than lines", begun, line(2), line(3), line(4), line(5), "5 cells at once, 1 more than are shown · about 10 min left")
	h := 100.0
	held := bench.Attempt{Attempt: 1, Verdict: bench.Held, H: &h}
	for _, n := range []int{3, 5, 7} {
		p.Hear(bench.AttemptJudged{Cell: n, Attempt: held})
		if n != 5 { // it will be made again later
			p.Hear(bench.CellConcluded{Cell: n})
		}
	}
	over := []string{begun}
	for _, n := range []int{3, 5, 7} {
		over = append(over, fmt.Sprintf("[%d/9] server/default/cell-%d: ✓ held, H 100.0 %%", n, n))
	}
	shows("two again", append(slices.Clone(over), line(2), line(4), "2 cells at once · about 10 min left")...)
	p.Hear(bench.CellConcluded{Cell: 2})
	p.Hear(bench.PhaseBegun{Cell: 5, Phase: "fault", Length: 12 * time.Second})
	shows("alone once more", append(slices.Clone(over), line(4), line(5), "2 cells at once · about 10 min left")...)
	p.Hear(bench.CellConcluded{Cell: 4})
	p.Hear(bench.ServedSoFar{Cell: 5, H: 99})
	shows("one", append(slices.Clone(over), line(5)+" · H 99.0 % · about 10 min left")...)
	p.Hear(bench.RunDone{})
	shows("done", append(over, "")...)
}

func TestStatusLineNeverWraps(t *testing.T) {
	for width := 1; width < 120; width++ {
		s := &screen{t: t}
		p := NewProgress(s, true, width, 24)
		p.Hear(bench.CellBegun{Cell: 3, Name: job})
		p.Hear(bench.Remaining{Left: time.Hour})
		p.Hear(bench.PhaseBegun{Cell: 3, Phase: "baseline", Length: 4 * time.Second})
		p.Hear(bench.ServedSoFar{Cell: 3, H: 100})
		p.Hear(bench.RunDone{})
		if s.widest >= width {
			t.Errorf("%d columns used of %d", s.widest, width)
		}
	}
	s := &screen{t: t}
	p := NewProgress(s, true, 60, 24)
	p.Hear(bench.CellBegun{Cell: 3, Name: strings.Repeat("long-name-", 20)})
	p.Hear(bench.PhaseBegun{Cell: 3, Phase: "fault", Length: 12 * time.Second})
	p.Hear(bench.ServedSoFar{Cell: 3, H: 97.3})
	if got := s.last(); !strings.HasPrefix(got, "long-name-") || !strings.HasSuffix(got, "…  fault 0/12 s · H 97.3 %") {
		t.Errorf("the name does not give way: %q", got)
	}
}

// Nobody takes a limit for how long a phase lasts.
func TestAPhaseWithALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{t: t}
		p := NewProgress(s, true, 100, 24)
		p.Hear(bench.RunBegun{Cells: 1})
		p.Hear(bench.CellBegun{Cell: 1, Name: job})
		p.Hear(bench.PhaseBegun{Cell: 1, Phase: "boot", Length: 15 * time.Second, AtMost: true})
		time.Sleep(2*time.Second + time.Millisecond)
		synctest.Wait()
		if got, want := s.last(), "[1/1] "+job+"  boot 2 s, at most 15 s"; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		p.Hear(bench.PhaseBegun{Cell: 1, Phase: "baseline", Length: 4 * time.Second})
		if got := s.last(); !strings.HasSuffix(got, "baseline 0/4 s") {
			t.Errorf("the next phase: %q", got)
		}
		p.Hear(bench.RunDone{})
	})
}

// The first attempt of several does not look like the result.
func TestWhichAttempt(t *testing.T) {
	for _, tt := range []struct {
		n, most int
		want    string
	}{
		{1, 1, ""},
		{1, 2, " (attempt 1 of 2)"},
		{2, 2, " (attempt 2 of 2)"},
		{1, 3, " (attempt 1 of up to 3)"},
		{2, 3, " (attempt 2 of 3)"},
		{1, 0, ""},
		{2, 0, " (attempt 2)"},
	} {
		if got := whichAttempt(tt.n, tt.most); got != tt.want {
			t.Errorf("%d of %d: %q, want %q", tt.n, tt.most, got, tt.want)
		}
	}
	var out strings.Builder
	p := NewProgress(&out, false, 0, 0)
	p.Hear(bench.RunBegun{Cells: 1})
	p.Hear(bench.CellBegun{Cell: 1, Name: job})
	p.Hear(bench.AttemptJudged{Cell: 1, Attempt: bench.Attempt{Attempt: 1, Verdict: bench.Failed}, Most: 2})
	if want := "[1/1] " + job + ": ✗ failed (attempt 1 of 2)\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// If cells are not counted, no numbers are printed.
func TestUncounted(t *testing.T) {
	s := &screen{t: t}
	p := NewProgress(s, false, 0, 24)
	p.Hear(bench.RunBegun{Cells: 0, Estimate: 0})
	p.Hear(bench.CellBegun{Cell: 1, Name: job})
	p.Hear(bench.PhaseBegun{Cell: 1, Phase: "boot", Length: 0})
	p.Hear(bench.RunDone{})
	if got := s.all(); !slices.Equal(got, []string{job + ": boot", ""}) {
		t.Errorf("lines %q", got)
	}
}

// What is open about the remaining time is a range, which passes like the time.
func TestRemainingTimeThatIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{t: t}
		p := NewProgress(s, true, 120, 24)
		p.Hear(bench.RunBegun{Cells: 1, Estimate: 60 * time.Second, Open: bench.Range{Least: 45 * time.Second, Most: 2 * time.Minute}})
		p.Hear(bench.CellBegun{Cell: 1, Name: job})
		p.Hear(bench.PhaseBegun{Cell: 1, Phase: "boot", Length: 15 * time.Second})
		if got := s.all(); got[0] != "1 cell, about 45 s to 2 min" {
			t.Errorf("at the beginning %q", got[0])
		}
		for _, step := range []struct {
			after time.Duration
			want  string
		}{{30 * time.Second, "about 15 s to 90 s left"}, {15 * time.Second, "up to 75 s left"}, {76 * time.Second, "longer than estimated"}} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := s.last(); !strings.HasSuffix(got, step.want) {
				t.Errorf("%q, want %q", got, step.want)
			}
		}
		p.Hear(bench.Remaining{Left: 30 * time.Second})
		if got := s.last(); !strings.HasSuffix(got, "about 30 s left") {
			t.Errorf("when nothing is open any more: %q", got)
		}
		p.Hear(bench.RunDone{})
	})
}

func TestPlainLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{t: t}
		p := NewProgress(s, false, 0, 24)
		p.Hear(bench.RunBegun{Cells: 1, Estimate: 0})
		p.Hear(bench.CellBegun{Cell: 1, Name: job})
		p.Hear(bench.PhaseBegun{Cell: 1, Phase: "boot", Length: 15 * time.Second, AtMost: true})
		time.Sleep(time.Second)
		p.Hear(bench.PhaseBegun{Cell: 1, Phase: "baseline", Length: 4 * time.Second}) // too soon after the last line
		p.Hear(bench.ServedSoFar{Cell: 1, H: 100})
		time.Sleep(quietFor)
		p.Hear(bench.PhaseBegun{Cell: 1, Phase: "fault", Length: 12 * time.Second})
		p.Hear(bench.ServedSoFar{Cell: 1, H: 50})
		time.Sleep(quietFor)
		p.Hear(bench.PhaseBegun{Cell: 1, Phase: "recovery", Length: 0})
		h := 99.9
		p.Hear(bench.Remaining{Left: 80 * time.Second})
		p.Hear(bench.AttemptJudged{Cell: 1, Attempt: bench.Attempt{Attempt: 2, Verdict: bench.Held, H: &h}})
		p.Hear(bench.RunDone{})
		p.Hear(bench.PhaseBegun{Cell: 1, Phase: "late", Length: 0})
		want := []string{
			"1 cell",
			"[1/1] " + job + ": boot, at most 15 s",
			"[1/1] " + job + ": fault, 12 s",
			"[1/1] " + job + ": recovery",
			"[1/1] " + job + ": ✓ held, H 99.9 % (attempt 2), about 80 s left",
			"",
		}
		if got := s.all(); !slices.Equal(got, want) {
			t.Errorf("lines:\n%s", strings.Join(got, "\n"))
		}
	})
}

func TestProgressFromManyGoroutines(t *testing.T) {
	s := &screen{t: t}
	p := NewProgress(s, true, 80, 24)
	p.Hear(bench.RunBegun{Cells: 8, Estimate: time.Minute})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				p.Hear(bench.CellBegun{Cell: i, Name: "cell"})
				p.Hear(bench.PhaseBegun{Cell: i, Phase: "fault", Length: time.Second})
				p.Hear(bench.ServedSoFar{Cell: i, H: float64(i)})
				p.Hear(bench.Remaining{Left: time.Minute})
			}
			p.Note("done")
		})
	}
	all.Wait()
	p.Hear(bench.RunDone{})
	notes := 0
	for _, line := range s.all() {
		if line == "done" {
			notes++
		}
	}
	if notes != 8 || s.last() != "" {
		t.Errorf("%d notes stand whole, the last line is %q", notes, s.last())
	}
}

func TestProgressWithoutStart(t *testing.T) {
	p := NewProgress(brokenPipe{}, true, 80, 24)
	p.Note("nobody reads this")
	p.Hear(bench.RunDone{})
	p = NewProgress(io.Discard, true, 80, 24)
	p.Hear(bench.RunDone{})
	p.Hear(bench.RunBegun{Cells: 1, Estimate: time.Minute}) // after the end, this must not start anything
	p.Hear(bench.RunDone{})
}
