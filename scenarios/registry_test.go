package scenarios

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// Every family must be whole: what is missing here would be missing in the
// output, the docs or the calibration.
func TestFamiliesAreWhole(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	thread := regexp.MustCompile(`^[\w.-]+/[\w.-]+#\d+$`)
	if len(All()) == 0 {
		t.Fatal("no families")
	}
	if !slices.IsSortedFunc(All(), func(a, b Fault) int { return a.order - b.order }) {
		t.Error("the families are out of order")
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
			if c := f.Cadence; c.Every < 0 || (c.Share != 0) == (c.Every != 0) || c.Share != 0 && !slices.Contains(bench.RatioLadder, c.Share) {
				t.Errorf("cadence %+v is neither a ratio of the ladder nor a time", c)
			}
			if s := f.Cadence.Surge; s != nil && (s.Contradiction() != "" || f.Cadence.Every != bench.Once) {
				t.Errorf("%q, or it does not come once", s.Contradiction())
			}
			if f.Version < 1 {
				t.Errorf("version %d", f.Version)
			}
			switch tr := f.Traits; {
			case tr.Contradiction() != "":
				t.Error(tr.Contradiction())
			case (f.Group == bench.GroupDependency) != f.Needs.Database():
				t.Errorf("group %s, and needs %+v", f.Group, f.Needs)
			case tr.Receipt != "" && tr.Receipt != f.Needs.AppFault:
				t.Errorf("receipts of %q, and needs %q", tr.Receipt, f.Needs.AppFault)
			case tr.Expects == bench.ExpectsRenewal && !slices.Contains(f.Needs.Server, bench.ServerReload):
				t.Error("workers are to be replaced by a server that need not know how")
			case tr.Noun[0] == "" || tr.Noun[1] == "" || (tr.Did[0] == "") != (tr.Did[1] == ""):
				t.Errorf("words %q, %q", tr.Noun, tr.Did)
			}
			if f.Exactly == "" || f.Group == bench.GroupApp && f.Request != "" || (f.Act == nil) == (f.Parts == nil) || f.Act != nil && f.Act(Place{}) == nil {
				t.Errorf("request %q, exactly %q, or no act", f.Request, f.Exactly)
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

// Each family has a file of its own, named after it.
func TestOneFileAFamily(t *testing.T) {
	for _, f := range All() {
		text, err := os.ReadFile(strings.ReplaceAll(f.ID, "-", "_") + ".go")
		if err != nil || strings.Count(string(text), "register(") != 1 || !strings.Contains(string(text), strconv.Quote(f.ID)) {
			t.Errorf("%s: %v, or not this family alone", f.ID, err)
		}
	}
}

func TestWhatIsTakenIsNotRegistered(t *testing.T) {
	before := All()
	wedge := Watchdog()
	for name, again := range map[string]struct {
		order int
		id    string
	}{"an id": {9999, wedge.ID}, "an order": {wedge.order, "another"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was taken, and is registered again", name)
				}
			}()
			register(again.order, Fault{Family: bench.Family{ID: again.id}})
		}()
	}
	if len(All()) != len(before) {
		t.Error("what was refused is there all the same")
	}
	if got := Short(); len(got) != 3 {
		t.Errorf("short is %q", got)
	}
}

// Every client family ends with a look at what stays of its clients.
func TestClientsVanish(t *testing.T) {
	for _, f := range All() {
		if f.Group == bench.GroupClient && !f.Traits.Vanishes {
			t.Errorf("%s does not look at what stays of its clients", f.ID)
		}
	}
}
