package scenarios

import (
	"regexp"
	"slices"
	"testing"

	"benchrun/internal/bench"
)

// Every family must be whole: what is missing here would be missing in the
// output, the docs or the calibration.
func TestFamiliesAreWhole(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	thread := regexp.MustCompile(`^[\w.-]+/[\w.-]+#\d+$`)
	if len(All()) == 0 {
		t.Fatal("no families")
	}
	for _, f := range All() {
		t.Run(f.ID, func(t *testing.T) {
			if !kebab.MatchString(f.ID) {
				t.Errorf("id %q is not kebab-case", f.ID)
			}
			for what, text := range map[string]string{
				"title": f.Title, "why": f.Why, "good": f.Good, "magnitude": f.Magnitude, "flaw": f.Flaw, "sound": f.Sound,
			} {
				if text == "" {
					t.Errorf("%s is empty", what)
				}
			}
			if f.Sound == f.Flaw { // the profiles themselves are looked at where the reference server is known
				t.Errorf("%q is to be held and to be failed", f.Flaw)
			}
			if !slices.Contains(bench.RatioLadder, f.Ratio) {
				t.Errorf("ratio %v is not on the ladder", f.Ratio)
			}
			if f.Version < 1 {
				t.Errorf("version %d", f.Version)
			}
			if (f.Client == bench.ClientAppFault) != (f.Fault != "") {
				t.Errorf("client %q with app fault %q", f.Client, f.Fault)
			}
			if f.Fault != "" && f.Fault != f.ID { // the judge tells a family's receipts by its id
				t.Errorf("app fault %q", f.Fault)
			}
			if len(f.References) == 0 {
				t.Error("no public report of the harm")
			}
			for _, ref := range f.References {
				if !thread.MatchString(ref) {
					t.Errorf("reference %q is not owner/name#number", ref)
				}
			}
			if got, ok := ByID(f.ID); !ok || got.Title != f.Title {
				t.Errorf("ByID(%q) = %v, %v", f.ID, got.Title, ok)
			}
		})
	}
	if _, ok := ByID("no-such-family"); ok {
		t.Error("ByID found a family that does not exist")
	}
}
