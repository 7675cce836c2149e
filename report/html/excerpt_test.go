package html

import (
	"fmt"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// chatter are lines without trouble.
func chatter(n int) string { return strings.Repeat("[1] [INFO] GET /victim\n", n) }

// The lines that say why workers died are shown, however much the server says after them.
func TestLogShowsWhatWentWrong(t *testing.T) {
	rec := record(4, 6, 3)
	for _, pid := range []int{8, 9} {
		rec.Procs = append(rec.Procs, bench.ProcEvent{T: rec.Marks[1].T + int64(pid)*1e8, PID: pid, Event: bench.Died})
	}
	rec.Procs = append(rec.Procs, bench.ProcEvent{T: rec.Marks[3].T + 1e8, PID: 7, Event: bench.Died}) // told to
	log := "[7] [INFO] Booting worker with pid: 7\n[8] [INFO] Booting worker with pid: 8\n" + chatter(3)
	for _, pid := range []int{8, 9} {
		log += fmt.Sprintf("[2026-11-30 10:00:0%d] [1] [CRITICAL] WORKER TIMEOUT (pid:%d)\n[%d] [INFO] Worker leaves (pid: %d)\n", pid, pid, pid, pid)
	}
	log += "[7] [INFO] fine (pid: 7)\n" + chatter(200) + "[1] [INFO] Shutting down"
	for verdict, tail := range map[bench.Verdict]int{bench.Held: heldLines, bench.Failed: tailLines} {
		cell := cellOf("a", "default", "wedge-1pct", verdict, 99)
		run := bench.Run{ID: "x", Cells: []bench.Cell{cell}}
		shown := textOf(find(parse(t, render(t, run, []Story{story(cell, rec, log)})), "pre")[0])
		want := "[2026-11-30 10:00:08] [1] [CRITICAL] WORKER TIMEOUT (pid:8) (2 such lines) [8] [INFO] Worker leaves (pid: 8) (2 such lines) … " +
			strings.ReplaceAll(chatter(tail-1), "\n", " ") + "[1] [INFO] Shutting down"
		if shown = strings.Join(strings.Fields(shown), " "); shown != want {
			t.Errorf("%s:\ngot  %s\nwant %s", verdict, shown, want)
		}
	}
}

// Of many kinds of trouble, the lines about processes that died come first; a log that the
// page shows whole is not shown twice.
func TestTelling(t *testing.T) {
	text := "error of kind a\n"
	for i := range 30 {
		text += "error of kind " + strings.Repeat("x", i) + "\n"
	}
	got := telling(text+"worker (pid: 12) died, killed by signal 9\nall is well", map[int]bool{12: true})
	if len(got) != mostTelling || got[len(got)-1] != "worker (pid: 12) died, killed by signal 9" || got[0] != "error of kind a" {
		t.Errorf("%q", got)
	}
	cell := cellOf("a", "default", "wedge-1pct", bench.Failed, 9)
	if s := story(cell, nil, "an error\nthe end"); len(s.LogTold) != 0 || s.LogTail != "an error\nthe end" {
		t.Errorf("told %q, tail %q", s.LogTold, s.LogTail)
	}
}
