package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

type chosenServer struct {
	server  *targets.Server
	version string
	profile string // name or glob of its own; "" = those that are asked of every server
}

func selectServers(reg *targets.Registry, words []string) ([]chosenServer, error) {
	var out []chosenServer
	add := func(c chosenServer) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for _, word := range words {
		w := ParseTargetWord(word)
		if err := w.check(word); err != nil {
			return nil, err
		}
		names, err := serverNames(reg, w.Server)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			s, err := reg.Lookup(n)
			if err != nil {
				return nil, err
			}
			if err := s.CheckVersion(w.Version); err != nil {
				return nil, err
			}
			c := chosenServer{s, w.Version, w.Profile}
			if w.Version == s.Version { // what it would be anyway
				c.version = ""
			}
			if w.HasProfile {
				if err := checkProfiles([]chosenServer{{server: s}}, []string{w.Profile}); err != nil {
					return nil, err
				}
			}
			add(c)
		}
	}
	return out, nil
}

// profiles picks the server's own ones, or those that are asked of every server.
func (c chosenServer) profiles(words []string) []profileChoice {
	if c.profile != "" {
		words = []string{c.profile}
	}
	return profilesOf(c.server, words)
}

// serverNames are the names of servers that a name or a glob means, each with the fronts and
// supervisors that it names: "gunicorn+nginx", "g*+*". A glob without a + means servers alone.
func serverNames(reg *targets.Registry, word string) ([]string, error) {
	server, part, paired := strings.Cut(word, bench.PartMark)
	names, err := match("server", server, reg.Names())
	if err != nil && slices.Contains(reg.Parts(), word) {
		what := "a front, which goes before a server"
		if _, err := targets.FindSupervisor(word); err == nil {
			what = "a supervisor, which starts a server"
		}
		return nil, &bench.UsageError{
			Problem: fmt.Sprintf("unknown server %q: it is %s", word, what),
			Hint:    fmt.Sprintf("for example: --server gunicorn%s%s", bench.PartMark, word),
		}
	}
	if err != nil && !isGlob(server) {
		_, err = reg.Lookup(server) // knows why there is no such server
	}
	if err != nil || !paired {
		return names, err
	}
	parts := []string{part}
	if isGlob(part) {
		if parts, err = match("server", part, reg.Parts()); err != nil {
			return nil, err
		}
	}
	var pairs []string
	for _, n := range names {
		for _, p := range parts {
			pairs = append(pairs, n+bench.PartMark+p)
		}
	}
	return pairs, nil
}

type profileChoice struct{ name, unsupported string }

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
