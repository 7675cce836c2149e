package report

import (
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// Each verdict has its own word and its own glyph, so nobody needs its colour.
func TestBadgesDiffer(t *testing.T) {
	seen := map[string]bench.Verdict{}
	for _, spec := range bench.VerdictTable {
		glyph, word, _ := strings.Cut(Badge(spec.Verdict), " ")
		if other, ok := seen[glyph]; ok {
			t.Errorf("%s and %s are both %q", spec.Verdict, other, glyph)
		}
		seen[glyph] = spec.Verdict
		if word != spec.Verdict.String() || columns(glyph) != 1 {
			t.Errorf("%s is shown as %q, its glyph %d wide", spec.Verdict, Badge(spec.Verdict), columns(glyph))
		}
	}
}
