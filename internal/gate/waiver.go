package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Waiver is a result that is expected for now. A cell with this verdict or a better
// one fails no gate.
type Waiver struct {
	Cell    string        // "server/profile/scenario", each a glob; missing parts mean all
	Verdict bench.Verdict // the expected verdict; better ones are waived too
	Reason  string        // why; "" or "TODO…" in a draft
	Link    string        // "" = none
	Expires time.Time     // the last day on which it is valid, at 0:00 UTC
	Place   string        // "waivers.yaml:4"
}

// draft says that nobody has yet written why the result is expected. A draft waives
// nothing: only a person may decide to waive.
func (w Waiver) draft() bool {
	return w.Reason == "" || strings.HasPrefix(strings.ToLower(w.Reason), "todo")
}

// waits says what a person must do to a draft before it counts.
func (w Waiver) waits() string {
	return fmt.Sprintf("%s: %s is a draft and waives nothing: its reason must say why this is expected", w.Place, w.Cell)
}

// covers says whether a cell is at least as good as the waiver expects.
func (w Waiver) covers(c bench.Cell) bool {
	return !w.draft() && selects(w.Cell, c.Name()) && measured(c) && c.Verdict >= w.Verdict
}

// expired says whether the waiver's last day is over. An expired waiver still
// waives: the passing of time breaks no gate.
func (w Waiver) expired(today time.Time) bool { return w.Expires.Before(dayOf(today)) }

// dayOf is midnight UTC at the start of t's day, so that an entry expires everywhere
// at the same moment.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// dayForm is the layout of days in files.
const dayForm = "2006-01-02"

// ResolveWaivers reports the waivers that match no cell of a selection, and the
// drafts.
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

// Waive marks the broken checks whose cells are at least as good as a waiver
// expects. cells are those that the checks were made of. told says what a person
// should know: which waivers have expired, and which cells did better or worse than
// expected. It waives no unmeasured check.
func Waive(checks []Check, cells []bench.Cell, waivers []Waiver, today time.Time) (out []Check, told []string) {
	out = slices.Clone(checks)
	of := make([]outcomes, len(cells))
	by := map[int]int{} // the waiver of a cell, both by index
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

// outcomes is the set of the outcomes of a cell's checks.
type outcomes uint8

func (o outcomes) has(one Outcome) bool { return o&(1<<one) != 0 }

// surprise says how a cell with these outcomes differs from what its waivers expect;
// "" = it does not. Of several waivers, the strictest counts.
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

// strictest returns the cell's waiver that expects the best verdict, drafts left
// out.
func strictest(c bench.Cell, waivers []Waiver) (best Waiver, ok bool) {
	for _, w := range waivers {
		if !w.draft() && selects(w.Cell, c.Name()) && (!ok || w.Verdict > best.Verdict) {
			best, ok = w, true
		}
	}
	return best, ok
}
