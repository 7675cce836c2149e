package scenarios

import (
	"fmt"

	"benchrun/internal/bench"
)

// Set is a named selection of scenarios: "@gate" stands for its members.
type Set struct {
	Name    string // with the '@'
	Title   string // one line
	Why     string // a paragraph: what it is for, and what it leaves out
	Members []Member
}

// Member is a family at its own ratio, and why the set has it. A group has all of its
// families, without a reason for each.
type Member struct {
	Family string
	Why    string
}

// Sets lists the named selections.
func Sets() []Set { return append([]Set{gate()}, groups()...) }

// SetByName finds a set, given its name with the '@'.
func SetByName(name string) (Set, bool) {
	for _, s := range Sets() {
		if s.Name == name {
			return s, true
		}
	}
	return Set{}, false
}

// Scenarios are the set's members, in the order of All. It panics on a
// unknown family: a programming error.
func (s Set) Scenarios() []bench.Scenario {
	out := make([]bench.Scenario, len(s.Members))
	for i, m := range s.Members {
		f, ok := ByID(m.Family)
		if !ok {
			panic(fmt.Sprintf("scenarios: %s names %q, which is no family", s.Name, m.Family))
		}
		out[i] = f.Scenario()
	}
	return out
}

// Chosen says that each member has a reason to be in the set.
func (s Set) Chosen() bool { return len(s.Members) > 0 && s.Members[0].Why != "" }

// WhyOf says why the set has a family; "" = it has not.
func (s Set) WhyOf(family string) string {
	for _, m := range s.Members {
		if m.Family == family {
			return m.Why
		}
	}
	return ""
}

// gateMembers are the families that say why @gate has them.
func gateMembers() []Member {
	var out []Member
	for _, f := range registered {
		if f.Gate != "" {
			out = append(out, Member{f.ID, f.Gate})
		}
	}
	return out
}

// gate is what a release is held to before it goes out: a dozen families, one
// for each way to lose users that no other of them would show.
func gate() Set {
	return Set{
		Name:  "@gate",
		Title: "a dozen families for CI, at most 8 minutes for each server and profile",
		Why: "What a change to a server must not break, in the time that a pull request can wait. Each family is here " +
			"because it takes another path through the server than the others. The set leaves out families that add load where one " +
			"of these adds it already: slow beside legit-slow, io and cpu-io beside cpu.",
		Members: gateMembers(),
	}
}
