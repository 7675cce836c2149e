package html

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
	"benchrun/report"
)

// fact is a line of the part that says how far to trust the page. Code is for copying.
type fact struct {
	About, Text string
	Code        bool
}

// trust says what was measured where, and what disturbed it.
func trust(run bench.Run, v report.View, stories []Story, opts Options) []fact {
	when := v.ID + ", " + v.Mode + ", seed " + strconv.FormatUint(v.Seed, 10)
	when += v.Begun()
	if run.FinishedAt != "" {
		when += ", ended " + report.Clean(run.FinishedAt)
	}
	if v.Benchrun != "" {
		when += ", benchrun " + v.Benchrun
	}
	if len(v.MergedFrom) > 0 {
		when += "; merged from " + strings.Join(v.MergedFrom, ", ")
		switch {
		case run.Merged == nil: // an older benchrun made it, and stored nothing else
			when += "; benchrun and the load average are those of the last one"
		case v.Mixed == "":
			when += "; the load average is that of the last one"
		}
	}
	if v.Interrupted {
		when += "; interrupted: the page shows what was measured until then"
	}
	machine := v.Machine
	if v.Testbed != "" {
		machine += " (testbed " + v.Testbed + ")"
	}
	if v.Mixed == "" {
		machine += "; load average " + dec(run.Environment.Load1, 2) + " when the run began"
	}
	facts := []fact{
		{About: "run", Text: when},
		{About: "machine", Text: machine},
		{About: "supervision", Text: v.Supervision},
		{About: "mixed", Text: v.Mixed},
		{About: "noise", Text: noise(run, stories)},
		{About: "side by side", Text: v.SideBySide()},
		{About: "unconfirmed", Text: v.Unconfirmed()},
		{About: "versions", Text: v.Resolved()},
		{About: "confirmation", Text: confirmation(run)},
		{About: "not claimed", Text: "throughput; losses below 2 %; outages within one second; anything across machines"},
		{About: "measure again", Text: v.Reproduce, Code: true},
	}
	if opts.Folder != "" {
		facts = append(facts, fact{"judge again", report.Shell("benchrun", "judge", opts.Folder), true})
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Text == "" })
}

// noise summarizes the host's stalls: what the control missed and what is masked.
func noise(run bench.Run, stories []Story) string {
	misses, noisy := 0, 0
	var invalid []string
	for _, c := range run.Cells {
		if n := c.Measures["control_misses"]; n.Value != nil && *n.Value > 0 {
			misses += int(*n.Value)
			noisy++
		}
		if c.Verdict == bench.Invalid {
			invalid = append(invalid, report.Clean(c.Name()))
		}
	}
	text := "no control request missed its SLO"
	if misses > 0 {
		text = bench.Things(misses, "control request", "control requests") + " missed the SLO, in " + bench.Things(noisy, "cell", "cells")
	}
	out, all := 0, 0
	for _, s := range stories {
		fault, ok := s.phase(bench.MarkFault)
		for _, sec := range s.Seconds {
			if ok && sec.From >= fault.From && sec.To <= fault.To && sec.To-sec.From >= 1 {
				all++
				if sec.Why != "" {
					out++
				}
			}
		}
	}
	if all > 0 {
		text += fmt.Sprintf("; %d of %s with faults do not count", out, bench.Things(all, "second", "seconds"))
	}
	text += fmt.Sprintf("; %d of %s invalid", len(invalid), bench.Things(len(run.Cells), "cell", "cells"))
	switch {
	case len(invalid) > few:
		text += ": " + strings.Join(invalid[:few], ", ") + " and " + strconv.Itoa(len(invalid)-few) + " more"
	case len(invalid) > 0:
		text += ": " + strings.Join(invalid, ", ")
	}
	return text
}

// confirmation says how many attempts the verdicts other than held rest on.
func confirmation(run bench.Run) string {
	least, cells, flaky := 0, 0, 0
	for _, c := range run.Cells {
		if slices.Contains(c.Flags, bench.FlagFlaky) {
			flaky++
		}
		if c.Verdict != bench.Degraded && c.Verdict != bench.Failed && c.Verdict != bench.Broken {
			continue
		}
		valid := 0
		for _, a := range c.Attempts {
			if a.Verdict != bench.Invalid {
				valid++
			}
		}
		if cells++; cells == 1 || valid < least {
			least = valid
		}
	}
	if cells == 0 && flaky == 0 {
		return ""
	}
	text := ""
	if cells > 0 {
		text = "each verdict other than held rests on " + bench.Things(least, "attempt", "attempts")
		if least > 1 {
			text += " or more"
		}
	}
	if flaky > 0 {
		text = strings.TrimPrefix(text+"; attempts disagreed in "+bench.Things(flaky, "cell", "cells"), "; ")
	}
	return text
}

// flagText says what a flag means.
func flagText(flag string) string {
	for _, f := range bench.FlagTable {
		if f.Name == flag {
			return flag + ": " + f.Text
		}
	}
	return flag // of another benchrun
}
