package repro

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/report"
	"benchrun/scenarios"
	"benchrun/targets"
)

// about is the head of the script: what it shows, what is expected, what was seen.
func about(c content, f Found, server *targets.Server, family scenarios.Fault, a bench.Attempt) []string {
	from, cell := f.Run.OriginOf(f.Cell), f.Cell
	seen := cell.Verdict.String()
	if a.H != nil && cell.Verdict.Claims() && !family.Traits.Fills && !family.Traits.Expects.TakesAway() {
		seen = fmt.Sprintf("%s were; %s", report.Figure(bench.Measure{Value: a.H, Unit: "%"}), seen)
	}
	if len(cell.Reasons) > 0 && cell.Verdict != bench.Held {
		seen += ": " + cell.Reasons[0]
	}
	measured := []string{"measured by benchrun " + from.Benchrun}
	if day, err := time.Parse(time.RFC3339, a.StartedAt); err == nil {
		measured = append(measured, "on "+day.Format(time.DateOnly))
	}
	e := from.Environment
	var on []string
	for _, part := range []string{e.OS, "kernel " + e.Kernel, "Python " + e.Python, "limits " + e.Limits.String()} {
		if _, value, _ := strings.Cut(part, " "); value != "" {
			on = append(on, part)
		}
	}
	var expected []string
	for _, e := range c.Expects {
		expected = append(expected, e.Says)
	}
	needs := "Needs python3 with venv" + c.Apt
	if c.Needs != "" {
		needs += ", and " + c.Needs
	}
	lines := []string{
		fmt.Sprintf("%s %s (%s): %s", server.Title, cell.Version, cell.Profile, family.Title),
		fmt.Sprintf("Fault:    %s: %s", cell.Scenario, family.Magnitude),
		"Expected: " + strings.Join(expected, "; "),
		fmt.Sprintf("Actual:   %s (%s; %s)", seen, strings.Join(measured, " "), strings.Join(on, ", ")),
		"Exit code: 1 = the failure was seen, 0 = it was not, 125 = it could not be tried. " + needs,
	}
	if c.Pip != "" {
		lines = append(lines, "Arguments are installed instead of "+c.Pip+": another version, or a checkout")
	}
	for i, l := range lines {
		lines[i] = bench.Shorten(bench.Clean(l))
	}
	return lines
}

// served is the share of victims that a server serves that held, in percent.
const served = 98

// isShown says that a script looks at what a cell failed for: at lost victims, or at
// something that an expectation is about.
func isShown(c bench.Cell, family scenarios.Fault) bool {
	var traits []bench.Traits
	kinds := false
	for _, f := range partsOf(family) {
		traits, kinds = append(traits, f.Traits), kinds || f.Script.Kinds > 0
	}
	have := func(is func(bench.Traits) bool) bool { return slices.ContainsFunc(traits, is) }
	counts := !family.Traits.Fills && !family.Traits.Expects.TakesAway()
	if counts && slices.ContainsFunc(c.Attempts, func(a bench.Attempt) bool { return a.Published && a.H != nil && *a.H < served }) {
		return true
	}
	for _, e := range expectations {
		if have(e.of) && (kinds || !e.kinds) && e.broken(c.Reasons) {
			return true
		}
	}
	return have(func(t bench.Traits) bool { return t.Leaked().Amount > 0 }) && slices.ContainsFunc(c.Reasons, func(r string) bool {
		return strings.HasPrefix(r, bench.MemoryKept+":") || strings.HasPrefix(r, bench.LeakKept+":")
	})
}
