// Package scenarios holds the table of families: each is one literal that says
// what misbehaves, why it matters, and what a good server does. Adding a
// family is adding a literal here and a fault to every app kind.
//
// It imports internal/bench only. internal/plan turns names into scenarios.
package scenarios

import (
	"fmt"
	"slices"

	"benchrun/internal/bench"
)

// All lists every family in the order in which they are reported. It panics on
// a repeated id: a programming error.
func All() []bench.Family {
	all := slices.Concat(wedgeFamilies, crashFamilies, slowFamilies, loadFamilies)
	seen := map[string]bool{}
	for _, f := range all {
		if seen[f.ID] {
			panic(fmt.Sprintf("scenarios: family %q is listed twice", f.ID))
		}
		seen[f.ID] = true
	}
	return all
}

// ByID finds a family.
func ByID(id string) (bench.Family, bool) {
	for _, f := range All() {
		if f.ID == id {
			return f, true
		}
	}
	return bench.Family{}, false
}
