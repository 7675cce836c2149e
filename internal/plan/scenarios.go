package plan

import (
	"path"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

func selectScenarios(words []string) ([]bench.Scenario, error) {
	families := scenarios.All()
	if len(words) == 0 {
		words = []string{"*"}
	}
	var own, ladder []bench.Scenario
	for _, f := range families {
		own = append(own, f.Scenario())
		for _, r := range bench.RatioLadder {
			if f.Cadence.Share != 0 {
				ladder = append(ladder, bench.Scenario{Family: f.Family, Ratio: r})
			}
		}
	}
	var out []bench.Scenario
	add := func(found []bench.Scenario) {
		for _, s := range found {
			if !slices.ContainsFunc(out, func(o bench.Scenario) bool { return o.Name() == s.Name() }) {
				out = append(out, s)
			}
		}
	}
	for _, w := range words {
		if strings.HasPrefix(w, "@") {
			set, ok := scenarios.SetByName(w)
			if !ok {
				return nil, unknownSet(w)
			}
			add(set.Scenarios())
			continue
		}
		if strings.HasPrefix(w, scenarios.MixPrefix) && !isGlob(w) {
			mix, err := scenarios.MixByName(w)
			if err != nil {
				return nil, err
			}
			add([]bench.Scenario{mix.Scenario()})
			continue
		}
		found, err := scenariosFor(w, own, ladder)
		if err != nil {
			return nil, err
		}
		add(found)
	}
	return out, nil
}

// scenariosFor resolves one word. A glob means the families' own ratios where
// it matches any of those, so that "wedge-*" is not the whole ladder.
func scenariosFor(word string, own, ladder []bench.Scenario) ([]bench.Scenario, error) {
	if _, err := path.Match(word, ""); err != nil {
		return nil, badGlob("scenario", word)
	}
	for _, set := range [][]bench.Scenario{own, ladder} {
		var found []bench.Scenario
		for _, s := range set {
			byName, _ := path.Match(word, s.Name())
			byFamily := false
			if s.Ratio == s.Family.Cadence.Share {
				byFamily, _ = path.Match(word, s.Family.ID)
			}
			if byName || byFamily {
				found = append(found, s)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, unknownScenario(word, own)
}
