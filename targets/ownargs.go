package targets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"benchrun/internal/bench"
)

// readable matches words that a profile's name can show as they are: no selector, list,
// path or file name gives any of their characters a meaning.
var readable = regexp.MustCompile(`^[A-Za-z0-9_.:=-]+$`)

// mostReadable is how long they may be together.
const mostReadable = 60

// ProfileWith is the name of a profile with the user's own arguments: the name of the file's
// profile, a plus sign, and the arguments, "hardened+--workers=3+--timeout=30"; a digest of
// them if they cannot be part of a name. Other arguments give another name, so nothing ever
// takes one target for another. No file's profile has a plus sign in its name.
func ProfileWith(profile string, args []string) string {
	name := strings.Join(args, "+")
	unreadable := func(w string) bool { return !readable.MatchString(w) }
	if len(name) > mostReadable || !strings.HasPrefix(name, "-") || slices.ContainsFunc(args, unreadable) {
		sum := sha256.Sum256([]byte(strings.Join(args, "\x00")))
		name = "args-" + hex.EncodeToString(sum[:6])
	}
	return profile + bench.OwnArgsMark + name
}

// ArgWords are the words of the line of --args. A quote without an end is a bench.UsageError.
func ArgWords(line string) ([]string, error) {
	words, err := bench.SplitWords(line)
	if err != nil {
		return nil, bench.Usagef("--args: %s", err)
	}
	return words, nil
}

// WithArgs returns a copy of the server whose profiles have these arguments of the user's
// after their own, and names that say so (ProfileWith). What the file says of slots,
// watchdog and workers is left out, because the arguments may change it: benchrun then
// believes only what it measures. A profile with fixed_claims keeps it. WithArgs does not
// change the server.
func (s *Server) WithArgs(args []string) (*Server, error) {
	if len(args) == 0 {
		return s, nil
	}
	for _, w := range args {
		if unknown := unknownPlaceholder(w, commandPlaceholders); unknown != "" {
			return nil, bench.Usagef("--args: %s", unknown)
		}
	}
	with := *s
	with.OwnArgs = slices.Clone(args)
	with.Profiles = map[string]Profile{}
	for name, p := range s.Profiles {
		if !slices.Contains(s.commandOf(p), argsWord) {
			continue
		}
		p.Args = slices.Concat(p.Args, args)
		if !p.FixedClaims {
			p.Workers, p.Claims.Slots, p.Claims.Watchdog = 1, 0, 0
		}
		with.Profiles[ProfileWith(name, args)] = p
	}
	return &with, nil
}

// ProfileTaking is the name of a profile in the copy that WithArgs returns. A profile whose
// command has no {args} is a bench.UsageError.
func (s *Server) ProfileTaking(profile string) (string, error) {
	if len(s.OwnArgs) == 0 {
		return profile, nil
	}
	name := ProfileWith(profile, s.OwnArgs)
	if _, ok := s.Profiles[name]; !ok {
		return "", &bench.UsageError{
			Problem: fmt.Sprintf("--args: the command of %s/%s has no %s to put them in", s.Name, profile, argsWord),
			Hint:    "see " + s.File,
		}
	}
	return name, nil
}

// unknownPlaceholder says which placeholder of a word is not one of those allowed; "" = all
// are.
func unknownPlaceholder(word string, allowed []string) string {
	for _, m := range placeholderForm.FindAllStringSubmatch(replaceOwnBraces(word, ""), -1) {
		if slices.Contains(allowed, m[1]) {
			continue
		}
		near := ""
		if n := bench.Nearest(m[1], allowed); n != "" {
			near = fmt.Sprintf("did you mean {%s}? ", n)
		}
		return fmt.Sprintf("unknown placeholder {%s}; %sknown here: {%s}", m[1], near, strings.Join(allowed, "} {"))
	}
	return ""
}
