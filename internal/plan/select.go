package plan

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Selection is what the user asked for. Each list takes names and globs; an
// empty one means the default described at Cells.
type Selection struct {
	Servers   []string // "gunicorn", "gunicorn@23.0.0", "gunicorn/hardened", "*"
	Profiles  []string
	Scenarios []string // "wedge-1pct", "wedge", "wedge-*", "@gate", "mix_wedge-1pct_cpu-10pct"
	Drafts    bool     // server files may still have fields to be filled in
}

// Cell is one server × profile × scenario that will be run.
type Cell struct {
	Server      *targets.Server
	Version     string // asked for; "" = the server file's own
	Profile     string
	Scenario    bench.Scenario
	Unsupported string // why it cannot be run; "" = it can
}

// Name is "server/profile/scenario".
func (c Cell) Name() string {
	return c.Server.Name + "/" + c.Profile + "/" + c.Scenario.Name()
}

// Target is "server@version/profile", the same for all cells of a target. One whose app
// has a database is another target: more is installed for it.
func (c Cell) Target() string {
	name := c.Server.Name + "@" + c.Version + "/" + c.Profile
	if c.Scenario.Family.Needs.Database() {
		name += " with a database"
	}
	return name
}

// TargetWords name the target as duel takes it: "gunicorn/default@23.0.0".
func (c Cell) TargetWords() string {
	if c.Version != "" {
		return c.Server.Name + "/" + c.Profile + "@" + c.Version
	}
	return c.Server.Name + "/" + c.Profile
}

// Launch names how a cell's target is launched: its Target, and the arguments that
// its profile has for the family. Cells that share it share slots and watchdog.
func (c Cell) Launch() string {
	return strings.Join(append([]string{c.Target()}, c.FamilyArgs()...), " ")
}

// FamilyArgs are the arguments that the cell's profile has for the scenario's families.
func (c Cell) FamilyArgs() []string {
	var args []string
	for _, id := range c.Scenario.FamilyIDs() {
		args = append(args, c.Server.Profiles[c.Profile].Families[id].Args...)
	}
	return args
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

// checkDrafts fails on a file that is still to be filled in.
func checkDrafts(servers []chosenServer) error {
	for _, s := range servers {
		if d := s.server.Drafts; len(d) > 0 {
			return &bench.UsageError{
				Problem: fmt.Sprintf("%s:%d: %s: still to be filled in", bench.Clean(s.server.File), d[0].Line, bench.Clean(d[0].Field)),
				Hint:    fmt.Sprintf("benchrun check-server %s --dry-run lists everything that is", bench.Clean(s.server.File)),
			}
		}
	}
	return nil
}

// checkFamilies fails on a profile with arguments for an unknown family.
func checkFamilies(servers []chosenServer) error {
	for _, s := range servers {
		for _, name := range s.server.ProfileNames() {
			for family := range s.server.Profiles[name].Families {
				if _, ok := scenarios.ByID(family); !ok {
					return &bench.UsageError{
						Problem: fmt.Sprintf("%s: profiles.%s.families.%s: no such family", s.server.File, name, family),
						Hint:    "benchrun list scenarios lists them",
					}
				}
			}
		}
	}
	return nil
}

type chosenServer struct {
	server  *targets.Server
	version string
	profile string // name or glob of its own; "" = those that are asked of every server
}

// profiles picks the server's own ones, or those that are asked of every server.
func (c chosenServer) profiles(words []string) []profileChoice {
	if c.profile != "" {
		words = []string{c.profile}
	}
	return profilesOf(c.server, words)
}

func selectServers(reg *targets.Registry, words []string) ([]chosenServer, error) {
	var out []chosenServer
	add := func(c chosenServer) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for _, w := range words {
		target, version, _ := strings.Cut(w, "@")
		name, profile, named := strings.Cut(target, "/")
		if named && profile == "" {
			return nil, bench.Usagef("--server %s: no profile after the '/'", w)
		}
		if strings.ContainsRune(version, ',') && !strings.HasPrefix(version, "path:") {
			return nil, &bench.UsageError{
				Problem: fmt.Sprintf("--server %s: %q is not a version", w, version),
				Hint:    "benchrun splits no list that has an '@' in it: repeat --server for each server with a version",
			}
		}
		if strings.HasSuffix(w, "@") {
			return nil, &bench.UsageError{Problem: fmt.Sprintf("--server %s: no version after the '@'", w)}
		}
		names, err := supervisedNames(reg, name)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			s, err := reg.Lookup(n)
			if err != nil {
				return nil, err
			}
			if err := s.CheckVersion(version); err != nil {
				return nil, err
			}
			c := chosenServer{s, version, profile}
			if version == s.Version { // what it would be anyway
				c.version = ""
			}
			if named {
				if err := checkProfiles([]chosenServer{{server: s}}, []string{profile}); err != nil {
					return nil, err
				}
			}
			add(c)
		}
	}
	return out, nil
}

type profileChoice struct{ name, unsupported string }

// checkProfiles fails on a profile that none of the servers has.
func checkProfiles(servers []chosenServer, words []string) error {
	var all []string
	for _, s := range servers {
		if s.profile == "" {
			all = append(all, s.server.ProfileNames()...)
		}
	}
	if len(all) == 0 { // each server names its own profile
		return nil
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for _, w := range words {
		if _, err := match("profile", w, all); err != nil {
			return err
		}
	}
	return nil
}

// profilesOf picks a server's profiles. A server that has none of those asked
// for by name gets an unsupported cell for each, so that a table never drops
// it silently; a glob that does not match it is no question to it.
func profilesOf(s *targets.Server, words []string) []profileChoice {
	have := s.ProfileNames()
	if len(words) == 0 {
		words = standardProfiles(s)
	}
	var out []profileChoice
	for _, w := range words {
		matched := false
		for _, p := range have {
			if ok, _ := path.Match(w, p); ok {
				matched = true
				if c := (profileChoice{name: p}); !slices.Contains(out, c) {
					out = append(out, c)
				}
			}
		}
		if !matched && !isGlob(w) {
			out = append(out, profileChoice{w, fmt.Sprintf("%s has no profile %s (it has %s)", s.Name, w, strings.Join(have, ", "))})
		}
	}
	return out
}

// standardProfiles are those of a server unless the user names others: default and hardened,
// or all that it has if it has neither. A built-in server without one of the two gets an
// unsupported cell for it, because comparisons are about these two.
func standardProfiles(s *targets.Server) []string {
	common := []string{targets.ProfileDefault, targets.ProfileHardened}
	has := func(p string) bool { _, ok := s.Profiles[p]; return ok }
	switch {
	case !slices.ContainsFunc(common, has):
		return s.ProfileNames()
	case !s.BuiltIn():
		return slices.DeleteFunc(common, func(p string) bool { return !has(p) })
	}
	return common
}

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

var errNoDemo = errors.New("the demonstration's servers are missing from the registry")

// DemoCells are the cells of a run without arguments: the built-in reference
// server, sound and with planted flaws, beside others that need nothing installed.
func DemoCells(reg *targets.Registry) ([]Cell, error) {
	var cells []Cell
	for _, f := range scenarios.All() {
		for _, server := range f.Demo {
			profiles := []string{targets.ProfileDefault}
			if server == bench.ReferenceServer {
				profiles = []string{f.Sound, f.Flaw}
			}
			found, err := Cells(reg, Selection{Servers: []string{server}, Profiles: profiles, Scenarios: []string{f.Scenario().Name()}})
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errNoDemo, err)
			}
			cells = append(cells, found...)
		}
	}
	return cells, nil
}

// demoServers are the servers of the demonstration.
func demoServers() []string {
	var out []string
	for _, f := range scenarios.All() {
		for _, server := range f.Demo {
			if !slices.Contains(out, server) {
				out = append(out, server)
			}
		}
	}
	return out
}
