package plan

import (
	"fmt"
	"path"
	"strings"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// Selection is what the user asked for. Each list takes names and globs; an
// empty one means the default described at Cells.
type Selection struct {
	Servers   []string // "gunicorn", "gunicorn@23.0.0", "gunicorn/hardened", "gunicorn+nginx", "*"
	Profiles  []string
	Scenarios []string // "wedge-1pct", "wedge", "wedge-*", "@gate", "mix_wedge-1pct_cpu-10pct"
	Drafts    bool     // server files may still have fields to be filled in
}

// SplitList splits comma-separated values. Nothing is split behind an '@',
// because a version may be a path with commas.
func SplitList(values []string) []string {
	var out []string
	for _, v := range values {
		head, tail := v, ""
		if at := strings.IndexByte(v, '@'); at >= 0 {
			start := strings.LastIndexByte(v[:at], ',') + 1
			head, tail = v[:start], v[start:]
		}
		for _, part := range strings.Split(head, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
		if tail != "" {
			out = append(out, strings.TrimSpace(tail))
		}
	}
	return out
}

// splitWords splits comma-separated values at every comma: no scenario has one,
// and an '@' begins the name of a set.
func splitWords(values []string) []string {
	var out []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// Cells resolves a selection, scenario by scenario within a profile within a
// server. Without profiles each server runs default and hardened. Without
// scenarios every family runs at its own ratio. Unknown names are usage errors
// that name the nearest known one; a selection that comes to no cell is
// bench.ErrNothingSelected.
func Cells(reg *targets.Registry, sel Selection) ([]Cell, error) {
	if err := sel.check(); err != nil {
		return nil, err
	}
	scens, err := selectScenarios(splitWords(sel.Scenarios))
	if err != nil {
		return nil, err
	}
	servers, err := selectServers(reg, SplitList(sel.Servers))
	if err != nil {
		return nil, err
	}
	if err := checkDrafts(servers); err != nil && !sel.Drafts {
		return nil, err
	}
	profiles := SplitList(sel.Profiles)
	if err := checkProfiles(servers, profiles); err != nil {
		return nil, err
	}
	if err := checkFamilies(servers); err != nil {
		return nil, err
	}
	var cells []Cell
	for _, s := range servers {
		for _, choice := range s.profiles(profiles) {
			for _, sc := range scens {
				cells = append(cells, newCell(s.server, s.version, choice.name, sc, choice.unsupported))
			}
		}
	}
	if len(cells) == 0 {
		return nil, fmt.Errorf("%w: no server matches %s", bench.ErrNothingSelected, strings.Join(sel.Servers, ", "))
	}
	return cells, nil
}

// match resolves a name or a glob against the known names, in their order.
func match(kind, word string, known []string) ([]string, error) {
	if _, err := path.Match(word, ""); err != nil {
		return nil, badGlob(kind, word)
	}
	var out []string
	for _, k := range known {
		if ok, _ := path.Match(word, k); ok {
			out = append(out, k)
		}
	}
	if len(out) == 0 {
		return nil, unknown(kind, word, known)
	}
	return out, nil
}

func isGlob(word string) bool { return strings.ContainsAny(word, `*?[\`) }
