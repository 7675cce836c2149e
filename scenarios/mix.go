package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"benchrun/internal/bench"
)

// MixPrefix begins the name of a mix that a user has put together:
// "mix_wedge-1pct_segfault-0.5pct". No family has an underscore in its name.
const MixPrefix = "mix_"

// mostParts is how many families a mix has at most, so that its name can be read.
const mostParts = 8

// Share is a family of a mix, and its share of the requests.
type Share struct {
	Family string
	Ratio  bench.Ratio
}

// mixTraits are those of every mix: its parts have the others.
var mixTraits = bench.Traits{Proof: bench.ProofParts, Noun: bench.Words{"fault", "faults"}}

// The families of a mix are looked up when all of them are registered.
func init() {
	for i := range registered {
		if f := &registered[i]; len(f.Parts) > 0 {
			f.Mix, f.Version = mixOf(f.Parts, f.Version)
			f.Traits = mixTraits
		}
	}
}

// mixOf makes the parts of a mix, in the order of the families. What raises the version of a
// family raises that of the mix. It panics on an unknown family: a programming error.
func mixOf(shares []Share, version int) ([]bench.Scenario, int) {
	var parts []bench.Scenario
	for _, f := range registered {
		at := slices.IndexFunc(shares, func(s Share) bool { return s.Family == f.ID })
		if at >= 0 {
			parts = append(parts, bench.Scenario{Family: f.Family, Ratio: shares[at].Ratio})
			version += f.Version - 1
		}
	}
	if len(parts) != len(shares) {
		panic(fmt.Sprintf("scenarios: a mix of %v has a family twice, or one that does not exist", shares))
	}
	return parts, version
}

// Unmixable says why a family cannot be a part of a mix; "" = it can.
func Unmixable(f bench.Family) string {
	switch {
	case len(f.Mix) > 0:
		return "it is a mix itself"
	case f.Needs.Database():
		return "its app needs a database, and that of a mix has none"
	case f.Traits.AtCap:
		return "each of its faults takes the memory of all"
	case f.Traits.Fills:
		return "its faults may fill the server, and nothing counts that is lost meanwhile"
	case f.Cadence.Share == 0:
		return notShared(f.Traits)
	}
	return ""
}

// notShared says why faults that are no share of the requests cannot come beside others: what
// is asked of the server then could not be told from what the others do to it.
func notShared(t bench.Traits) string {
	switch {
	case t.Spares:
		return "it may not cost a single request, and nobody could tell whether the other faults cost it"
	case t.Expects == bench.ExpectsReplacement:
		return "the worker that it takes must be replaced, and the other faults end and hold workers too"
	case t.Expects.TakesAway():
		return "it ends the server, and the other faults need one"
	case t.Expects == bench.ExpectsRefusal:
		return "it asks whether workers go on that serve, and the other faults end and hold workers"
	case t.Reuses != "":
		return "it reuses connections when they have been idle, and the other faults end them"
	}
	return "it comes at times of its own, and is not a share of the requests"
}

// aloneHint says how to run families that cannot come in one attempt.
func aloneHint(id string) string {
	return "give it a cell of its own in the same run: --scenario " + id + " beside the --mix of the others; these can be mixed: " + strings.Join(Mixable(), ", ")
}

// Mixable are the IDs of the families that a mix can have.
func Mixable() []string {
	var ids []string
	for _, f := range registered {
		if Unmixable(f.Family) == "" {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// MixName turns what --mix takes, "wedge=1%,segfault=0.5%", into the name of that scenario.
// The error is a bench.UsageError.
func MixName(words string) (string, error) {
	wrong := func(problem, hint string) (string, error) {
		return "", &bench.UsageError{Problem: fmt.Sprintf("--mix %s: %s", strconv.Quote(words), problem), Hint: hint}
	}
	name := strings.TrimSuffix(MixPrefix, "_")
	for word := range strings.SplitSeq(words, ",") {
		family, share, ok := strings.Cut(strings.TrimSpace(word), "=")
		family, share = strings.TrimSpace(family), strings.TrimSpace(share)
		f, known := ByID(family)
		switch {
		case family == "":
			return wrong("a part without a family", "write it like wedge=1%,segfault=0.5%")
		case !known:
			return wrong(fmt.Sprintf("unknown family %q", family), FamilyHint(family, Mixable()))
		case len(f.Mix) > 0:
			return wrong(family+" is a mix itself", "run it with --scenario "+family)
		case Unmixable(f.Family) != "": // whatever its share
			return wrong(family+" cannot be mixed: "+Unmixable(f.Family), aloneHint(family))
		}
		percent, isPercent := strings.CutSuffix(share, "%")
		if !ok || share == "" {
			return wrong("no share of "+family, "write it like "+family+"=1%")
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if !isPercent || err != nil || !(x >= 0 && x <= 100) {
			return wrong(fmt.Sprintf("%q is not a share", share), "write it like "+family+"=1%")
		}
		if x == 0 {
			return wrong("a share of 0 % makes no faults of "+family, "leave it out")
		}
		name += "_" + family + "-" + strconv.FormatFloat(x, 'f', -1, 64) + "pct"
	}
	f, problem, hint := mixNamed(name)
	if problem != "" {
		return wrong(problem, hint)
	}
	return f.ID, nil
}

// MixByName makes the mix of a name that begins with MixPrefix, whatever the order of its
// parts. The error is a bench.UsageError.
func MixByName(name string) (Fault, error) {
	f, problem, hint := mixNamed(name)
	if problem != "" {
		return f, &bench.UsageError{Problem: fmt.Sprintf("unknown scenario %q: %s", name, problem), Hint: hint}
	}
	return f, nil
}

func mixNamed(name string) (f Fault, problem, hint string) {
	var shares []Share
	total, leaks := bench.Ratio(0), 0
	for word := range strings.SplitSeq(strings.TrimPrefix(name, MixPrefix), "_") {
		id, share := word, ""
		if i := strings.LastIndexByte(word, '-'); i >= 0 && strings.HasSuffix(word, "pct") {
			id, share = word[:i], word[i+1:]
		}
		part, ok := ByID(id)
		switch {
		case !ok:
			return f, fmt.Sprintf("unknown family %q", id), FamilyHint(id, Mixable())
		case Unmixable(part.Family) != "":
			return f, id + " cannot be mixed: " + Unmixable(part.Family), aloneHint(id)
		case share == "":
			return f, "no share of " + id, "write it like " + id + "-1pct"
		case slices.ContainsFunc(shares, func(s Share) bool { return s.Family == id }):
			return f, id + " is there twice", "give each family one share"
		}
		ratio, err := bench.ParseRatio(share)
		if err != nil {
			return f, fmt.Sprintf("%s: %v", id, err), ""
		}
		shares, total = append(shares, Share{id, ratio}), total+ratio
		if part.Traits.Leaked().Amount > 0 {
			leaks++
		}
	}
	switch {
	case leaks > 1:
		return f, "two families that leak: what is kept of one could not be told from the other", "name one of them"
	case len(shares) < 2:
		return f, "one family is no mix", "run it with --scenario " + strings.TrimPrefix(name, MixPrefix)
	case len(shares) > mostParts:
		return f, fmt.Sprintf("%d families are more than the %d that a mix can have", len(shares), mostParts), ""
	case total > bench.RatioWhole:
		return f, fmt.Sprintf("the shares add up to %g %%, more than all requests", total.Percent()), ""
	}
	return newMix(shares, total), "", ""
}

// newMix is the mix of a user's own.
func newMix(shares []Share, total bench.Ratio) Fault {
	parts, version := mixOf(shares, 1)
	id := strings.TrimSuffix(MixPrefix, "_")
	var ids []string
	for _, p := range parts {
		id += "_" + p.Name()
		ids = append(ids, p.Family.ID)
	}
	return Fault{
		Family: bench.Family{
			ID: id, Version: version, Group: bench.GroupMixed, Fixed: true,
			Title:     "a mix of " + strings.Join(ids[:len(ids)-1], ", ") + " and " + ids[len(ids)-1],
			Why:       "Faults seldom come alone. What a server does about one of them can cost it what it needs for another.",
			Good:      "does about each fault what it does when that one comes alone.",
			Magnitude: "each family's own",
			Cadence:   bench.Cadence{Share: total},
			Traits:    mixTraits,
			Mix:       parts,
		},
		Parts: shares,
	}
}
