package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Waiver is a result that is expected for now: a cell's verdict that fails no
// gate.
type Waiver struct {
	Cell    string        // "server/profile/scenario", each a glob; missing parts mean all
	Verdict bench.Verdict // expected; what is better is waived too
	Reason  string        // why; "" or "TODO…" in a draft
	Link    string        // "" = none
	Expires time.Time     // the last day, at 0:00 UTC
	Place   string        // "waivers.yaml:4"
}

// draft says that nobody has written yet why the result is expected. A draft
// waives nothing: what a machine noted down is no decision.
func (w Waiver) draft() bool {
	return w.Reason == "" || strings.HasPrefix(strings.ToLower(w.Reason), "todo")
}

// waits says what a draft waits for.
func (w Waiver) waits() string {
	return fmt.Sprintf("%s: %s is a draft and waives nothing: its reason must say why this is expected", w.Place, w.Cell)
}

// covers says whether a cell is as good as the waiver expects.
func (w Waiver) covers(c bench.Cell) bool {
	return !w.draft() && selects(w.Cell, c.Name()) && measured(c) && c.Verdict >= w.Verdict
}

// expired says whether the waiver's last day is past. It still waives: time
// alone breaks nothing.
func (w Waiver) expired(today time.Time) bool { return w.Expires.Before(dayOf(today)) }

// dayOf is the beginning of a moment's day in UTC, so that an entry expires
// everywhere at once.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// dayForm is how days are written.
const dayForm = "2006-01-02"

// ResolveWaivers tells of the waivers that match no cell of a selection, and of
// the drafts.
func ResolveWaivers(waivers []Waiver, cells []Selected) []string {
	var told []string
	for _, w := range waivers {
		if w.draft() {
			told = append(told, w.waits())
		}
		if !slices.ContainsFunc(cells, func(c Selected) bool { return selects(w.Cell, c.Name) }) {
			told = append(told, fmt.Sprintf("%s: %s matches no cell of this run", w.Place, w.Cell))
		}
	}
	return told
}

// Waive marks the broken checks of cells that are as good as a waiver expects,
// and gives what a person should know: which waivers have expired, which cells
// did better than expected, and which did worse. cells are those that the checks
// were made in. Nothing that was not measured is waived.
func Waive(checks []Check, cells []bench.Cell, waivers []Waiver, today time.Time) (out []Check, told []string) {
	out = slices.Clone(checks)
	of := make([]outcomes, len(cells))
	by := map[int]int{} // the waiver of a cell
	for i := range out {
		k := &out[i]
		if k.Index < 0 {
			continue
		}
		if k.Outcome == Broken {
			at, known := by[k.Index]
			if !known {
				at = slices.IndexFunc(waivers, func(w Waiver) bool { return w.covers(cells[k.Index]) })
				by[k.Index] = at
			}
			if at >= 0 {
				k.Outcome, k.Waiver = Waived, &waivers[at]
			}
		}
		of[k.Index] |= 1 << k.Outcome
	}
	for _, w := range waivers {
		if at := slices.IndexFunc(cells, func(c bench.Cell) bool { return selects(w.Cell, c.Name()) }); at >= 0 && w.expired(today) && !w.draft() {
			told = append(told, fmt.Sprintf("%s: %s: expired on %s and still waives: check whether it is needed, then set a new day or delete the entry",
				w.Place, w.Cell, w.Expires.Format(dayForm)))
		}
	}
	for i, c := range cells {
		if text := surprise(c, of[i], waivers); text != "" {
			told = append(told, text)
		}
	}
	return out, told
}

// outcomes are those that a cell's checks have.
type outcomes uint8

func (o outcomes) has(one Outcome) bool { return o&(1<<one) != 0 }

// surprise says how a cell, whose checks came to these, is other than its waivers
// expect; "" = it is not. Of several waivers the one that expects most is asked.
func surprise(c bench.Cell, of outcomes, waivers []Waiver) string {
	w, ok := strictest(c, waivers)
	if !ok || !measured(c) {
		return ""
	}
	expects := fmt.Sprintf("%s expects %s (%s)", w.Place, w.Verdict, w.Reason)
	switch {
	case c.Verdict > w.Verdict:
		return fmt.Sprintf("%s: unexpected pass: %s, where %s: raise or delete the entry", c.Name(), c.Verdict, expects)
	case w.Verdict == bench.Held && of.has(Kept) && !of.has(Waived) && !of.has(Broken):
		return fmt.Sprintf("%s: unexpected pass: it breaks nothing that %s would waive: delete the entry", c.Name(), w.Place)
	case of.has(Broken):
		return fmt.Sprintf("%s: %s is worse than %s", c.Name(), c.Verdict, expects)
	}
	return ""
}

// strictest is, of the waivers of a cell that are no drafts, the one that expects
// the best verdict.
func strictest(c bench.Cell, waivers []Waiver) (best Waiver, ok bool) {
	for _, w := range waivers {
		if !w.draft() && selects(w.Cell, c.Name()) && (!ok || w.Verdict > best.Verdict) {
			best, ok = w, true
		}
	}
	return best, ok
}
