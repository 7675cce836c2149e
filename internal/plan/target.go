package plan

import (
	"fmt"
	"strings"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// TargetWord is a target as users name it: "server[/profile][@version]". The parts may be
// globs. A version may be a path.
type TargetWord struct {
	Server, Profile, Version string
	HasProfile, HasVersion   bool // also where what comes behind the '/' or '@' is empty
}

// ParseTargetWord splits a word into its parts.
func ParseTargetWord(word string) TargetWord {
	var w TargetWord
	var target string
	target, w.Version, w.HasVersion = strings.Cut(word, "@")
	w.Server, w.Profile, w.HasProfile = strings.Cut(target, "/")
	return w
}

// check fails where a part is missing; word is what it was parsed from.
func (w TargetWord) check(word string) error {
	switch {
	case w.Server == "":
		return &bench.UsageError{
			Problem: fmt.Sprintf("--server %s: no server before the '%c'", word, word[0]),
			Hint:    "write server[/profile][@version]; a server of your own: --server-file FILE",
		}
	case w.HasProfile && w.Profile == "":
		return bench.Usagef("--server %s: no profile after the '/'", word)
	case strings.ContainsRune(w.Version, ',') && !strings.HasPrefix(w.Version, "path:") && !targets.RangeLike(w.Version):
		return &bench.UsageError{
			Problem: fmt.Sprintf("--server %s: %q is not a version", word, w.Version),
			Hint:    "benchrun splits no list that has an '@' in it: repeat --server for each server with a version",
		}
	case w.HasVersion && w.Version == "":
		return bench.Usagef("--server %s: no version after the '@'", word)
	}
	return nil
}

// TargetCells are the cells of one target, "server[/profile][@version]". If it names no
// profile, it takes the one given; "" means hardened, or the only one that the server has.
func TargetCells(reg *targets.Registry, word, profile string, scenarios []string) ([]Cell, error) {
	w := ParseTargetWord(word)
	if !w.HasProfile {
		w.Profile = profile
	}
	if w.Profile == "" && !w.HasProfile {
		w.Profile = targets.ProfileHardened
		if s, err := reg.Lookup(w.Server); err == nil {
			if all := s.ProfileNames(); len(all) == 1 {
				w.Profile = all[0]
			}
		}
	}
	if w.Server == "" || strings.ContainsAny(w.Server+w.Profile, "*?[,") {
		return nil, bench.Usagef("%q is not one target: write server[/profile][@version]", word)
	}
	server := w.Server
	if w.HasVersion {
		server += "@" + w.Version
	}
	cells, err := Cells(reg, Selection{Servers: []string{server}, Profiles: []string{w.Profile}, Scenarios: scenarios})
	if err != nil && !w.HasProfile {
		err = fmt.Errorf("%s with --profile %s: %w", word, w.Profile, err)
	}
	return cells, err
}
