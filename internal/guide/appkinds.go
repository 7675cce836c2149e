package guide

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

// lack is a kind of app that has no fault of a family, and why.
type lack struct{ kind, why string }

// lacking lists the kinds of apps that lack what a family needs, or a part of a mix.
func lacking(f bench.Family) []lack {
	families := []bench.Family{f}
	for _, p := range f.Mix {
		families = append(families, p.Family)
	}
	var out []lack
	for _, kind := range targets.AppKinds() {
		for _, of := range families {
			if of.Needs.AppFault == "" {
				continue
			}
			if why := targets.AppKind(kind).Lacks(of.Needs.AppFault); why != "" {
				out = append(out, lack{kind, why})
				break
			}
		}
	}
	return out
}

// lackingLines has a phrase for each reason, with the kinds that it is true of.
func lackingLines(f bench.Family, name func(string) string) []string {
	var whys []string
	kinds := map[string][]string{}
	for _, l := range lacking(f) {
		if !slices.Contains(whys, l.why) {
			whys = append(whys, l.why)
		}
		kinds[l.why] = append(kinds[l.why], name(l.kind))
	}
	var lines []string
	for _, why := range whys {
		lines = append(lines, strings.Join(kinds[why], ", ")+": "+strings.TrimSuffix(why, "."))
	}
	return lines
}

// explainKind says what servers of a kind of app get, which there are, and what it lacks.
func explainKind(kind targets.AppKind, reg *targets.Registry) string {
	var b strings.Builder
	b.WriteString(heading(string(kind), "kind of app that a server serves"))
	b.WriteString(wrap("  ", kind.Title()+"."))
	b.WriteString("\nWhat the server's command gets\n" + wrap("  ", kind.Gets()+"."))
	var servers []string
	for _, name := range reg.Names() {
		if s, err := reg.Lookup(name); err == nil && s.App == kind {
			servers = append(servers, name)
		}
	}
	b.WriteString("\nServers of this kind\n" + wrap("  ", strings.Join(servers, ", ")))
	lacks := ""
	for _, f := range scenarios.All() {
		for _, l := range lacking(f.Family) {
			if l.kind == string(kind) {
				lacks += labelled(f.ID, l.why+".")
			}
		}
	}
	if lacks != "" {
		b.WriteString("\nFamilies that it does not support\n" + lacks)
	}
	b.WriteString("\nA server of your own\n")
	if kind.CompiledWith() == "" {
		fmt.Fprintf(&b, "  benchrun --server-cmd 'myserver --port {port}' --app-kind %s --scenario @gate --dry-run\n", kind)
	}
	fmt.Fprintf(&b, "  benchrun init server NAME --app-kind %s\n", kind)
	return b.String()
}

// explainServer says what a server is and how to go on.
func explainServer(s *targets.Server) string {
	var b strings.Builder
	b.WriteString(heading(s.Name, "server"))
	b.WriteString(wrap("  ", fmt.Sprintf("%s. The kind of app that it serves: %s.", strings.TrimSuffix(s.Title, "."), s.App)))
	b.WriteString("\nProfiles\n")
	for _, name := range s.ProfileNames() {
		b.WriteString(labelled(name, sentence(s.Profiles[name].Why)))
	}
	fmt.Fprintf(&b, "\nGo on\n  benchrun --server %s --scenario @gate --dry-run\n  benchrun show %s\n  docs/servers.md has its commands and what it lacks.\n", s.Name, s.Name)
	return b.String()
}

// ExplainCommand says what a command of benchrun does, given its name and one line.
func ExplainCommand(name, short string) string {
	return heading(name, "command") + wrap("  ", sentence(short)) + "\nMore\n  benchrun " + name + " --help\n"
}

// builtInServers are those that are part of benchrun.
var builtInServers = sync.OnceValues(func() (*targets.Registry, error) { return targets.Load(targets.LoadOptions{}) })
