package guide

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchrun/targets"
)

// ServersPage is docs/servers.md, from the server files of a registry. It
// fails on a registry that does not know its own servers: a bug.
func ServersPage(reg *targets.Registry) (string, error) {
	var b strings.Builder
	b.WriteString("# Servers\n\n" + banner)
	b.WriteString("What benchrun knows how to install and run. `default` is what the server's own quick start gives, `hardened` its own " +
		"fail-safe options at their best. Claims come from the server's documentation; they explain results and never decide one. " +
		"`benchrun check-server NAME` compares them with measurements. Reload is the signal to the server's first process that makes it replace its workers while it serves. [contract.md](contract.md#server-files) has the format of server files.\n")
	b.WriteString(table("server", "version", "[app](contract.md#app-kinds)", "profiles"))
	var sections []string
	for _, name := range reg.Names() {
		s, err := reg.Lookup(name)
		if err != nil {
			return "", err
		}
		b.WriteString(row(fmt.Sprintf("[%s](#%s)", s.Name, s.Name), version(s), string(s.App), codes(s.ProfileNames())))
		section, err := serverSection(s)
		if err != nil {
			return "", err
		}
		sections = append(sections, section)
	}
	b.WriteString(strings.Join(sections, ""))
	if err := writeUnavailable(&b); err != nil {
		return "", err
	}
	return b.String(), nil
}

// writeUnavailable lists what people look for and benchrun cannot offer.
func writeUnavailable(b *strings.Builder) error {
	list, err := targets.NotAvailable()
	if err != nil || len(list) == 0 {
		return err
	}
	b.WriteString("\n## Not available\n\nWhat people look for here and benchrun cannot offer, with what was seen.\n")
	b.WriteString(table("server or profile", "what it is", "version", "why not", "sources"))
	for _, u := range list {
		sources := "none"
		if len(u.Sources) > 0 {
			sources = "<" + strings.Join(u.Sources, ">, <") + ">"
		}
		b.WriteString(row(code(u.Name), u.Title, u.Version, sentence(u.Why), sources))
	}
	return nil
}

func version(s *targets.Server) string {
	switch {
	case s.Version != "":
		return s.Version
	case s.App == targets.AppBuiltin:
		return "benchrun's own"
	}
	return "as found"
}

func serverSection(s *targets.Server) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.Name, sentence(s.Title))
	if s.Homepage != "" {
		fmt.Fprintf(&b, "<%s>\n", s.Homepage)
	}
	if text := installs(s, s.Install); text != "" {
		fmt.Fprintf(&b, "\nInstalls %s.\n", text)
	}
	if lacks := Lacks(s); len(lacks) > 0 {
		fmt.Fprintf(&b, "\nWhat no profile can offer:\n\n- %s\n", strings.Join(lacks, "\n- "))
	}
	b.WriteString(table("profile", "workers", "claimed slots", "claimed watchdog", "claimed grace", "reload", "why"))
	for _, name := range s.ProfileNames() {
		p, err := s.Profile(name)
		if err != nil {
			return "", err
		}
		slots := "not said"
		if p.Claims.Slots > 0 {
			slots = fmt.Sprint(p.Claims.Slots)
		}
		reload := "none"
		if signal := s.ReloadSignal(p); signal != "" {
			reload = "SIG" + signal
		}
		why := sentence(p.Why)
		if text := installs(s, p.Install); text != "" {
			why += " Installs " + text + " besides."
		}
		b.WriteString(row(code(name), fmt.Sprint(p.Workers), slots,
			seconds(p.Claims.Watchdog, "none"), seconds(p.Claims.Grace, "not said"), reload, why))
	}
	b.WriteString("\n```text\n") // with placeholders: nothing to type
	for _, name := range s.ProfileNames() {
		fmt.Fprintf(&b, "# %s\n%s\n", name, commandLine(s, s.Profiles[name]))
	}
	b.WriteString("```\n")
	b.WriteString(files(s))
	if len(s.Sources) > 0 {
		fmt.Fprintf(&b, "\nSources: <%s>.\n", strings.Join(s.Sources, ">, <"))
	}
	return b.String(), nil
}

// files shows the files that a server finds beside its app: "" for none.
func files(s *targets.Server) string {
	var b strings.Builder
	for _, profile := range s.ProfileNames() {
		texts := s.Texts(profile)
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			fmt.Fprintf(&b, "\n%s of %s:\n\n```text\n%s\n```\n", code(name), code(profile), strings.TrimRight(texts[name], "\n"))
		}
	}
	return b.String()
}

// installs says what is brought in: "" for nothing.
func installs(s *targets.Server, r targets.Requirements) string {
	var parts []string
	if len(r.Python) > 0 {
		parts = append(parts, strings.ReplaceAll(codes(r.Python), "{version}", s.Version)+" from PyPI")
	}
	if len(r.Npm) > 0 {
		parts = append(parts, codes(r.Npm)+" from npm")
	}
	for _, program := range r.Go {
		text := code(program) + " through the Go module proxy"
		if program == "." {
			text = "the app, compiled with Go"
		}
		parts = append(parts, text)
	}
	if len(r.Apt) > 0 {
		parts = append(parts, "the Debian packages "+codes(r.Apt))
	}
	if last := len(parts) - 1; last > 0 {
		return strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	return strings.Join(parts, "")
}

// Lacks says what no profile of a server offers of what keeps others alive: what
// its file says, after what follows from the profiles.
func Lacks(s *targets.Server) []string {
	watchdog, processes, reload := false, false, false
	for _, p := range s.Profiles {
		reload = reload || s.ReloadSignal(p) != ""
		watchdog = watchdog || p.Claims.Watchdog > 0
		processes = processes || p.Workers > 1
	}
	var out []string
	if !watchdog {
		out = append(out, "a watchdog that ends a stuck request")
	}
	if !processes {
		out = append(out, "a second worker process: a crash ends all requests under way")
	}
	if _, ok := s.Profiles[targets.ProfileHardened]; !ok {
		out = append(out, "a profile `hardened`")
	}
	if !reload {
		out = append(out, "a reload that replaces its workers while it serves")
	}
	return append(out, s.Lacks...)
}

// commandLine is a profile's command with its args in place and all other
// placeholders as they stand in the file.
func commandLine(s *targets.Server, p targets.Profile) string {
	words := s.CommandWords
	if len(p.Command) > 0 {
		words = p.Command
	}
	var line []string
	for _, w := range words {
		if w == "{args}" {
			line = append(line, p.Args...)
			continue
		}
		line = append(line, w)
	}
	for i, w := range line {
		if strings.ContainsAny(w, " \t\n'\"$`*?;&|<>()[]#~\\") {
			line[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(line, " ")
}
