package guide

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Part is a part of a page that a program writes, between two lines that stay.
type Part struct{ Begin, End string }

// Faults is the part of docs/contract.md that comes from the families.
var Faults = Part{"<!-- what scripts/docs puts here: begin -->", "<!-- what scripts/docs puts here: end -->"}

// Kinds is the part of docs/contract.md that comes from the kinds of apps.
var Kinds = Part{"<!-- app kinds from scripts/docs: begin -->", "<!-- app kinds from scripts/docs: end -->"}

// Fronts is the part of docs/fronts.md that comes from the front files.
var Fronts = Part{"<!-- fronts from scripts/docs: begin -->", "<!-- fronts from scripts/docs: end -->"}

// Replace gives the page with text between its two lines. It fails with a
// bench.UsageError on a page that does not have both, once and in order.
func (p Part) Replace(page []byte, text string) ([]byte, error) {
	before, rest, ok := bytes.Cut(page, []byte(p.Begin+"\n"))
	_, after, ended := bytes.Cut(rest, []byte(p.End+"\n"))
	if !ok || !ended || bytes.Contains(after, []byte(p.End)) || bytes.Contains(rest, []byte(p.Begin)) {
		return nil, bench.Usagef("the page does not have the lines %q and %q, once each", p.Begin, p.End)
	}
	return fmt.Appendf(nil, "%s%s\n\n%s\n\n%s\n%s", before, p.Begin, strings.TrimSpace(text), p.End, after), nil
}

// Text is what the page has between the two lines; "" if Replace fails on it.
func (p Part) Text(page []byte) string {
	_, rest, ok := bytes.Cut(page, []byte(p.Begin+"\n"))
	text, _, ended := bytes.Cut(rest, []byte(p.End+"\n"))
	if !ok || !ended {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// FaultsTable is what Faults holds: who does what, to the letter.
func FaultsTable() string {
	var b strings.Builder
	b.WriteString(table("family", "version", "who", "magnitude"))
	for _, f := range scenarios.All() {
		who := string(f.Group)
		switch {
		case f.Request != "":
			who += ", " + code(f.Request)
		case f.Group == bench.GroupApp, f.Group == bench.GroupDependency:
			who += ", " + code("/fault/"+f.Needs.AppFault)
		}
		b.WriteString(row(code(f.ID), fmt.Sprint(f.Version), who, f.Exactly))
	}
	return b.String()
}

// FrontsTable is what Fronts holds: what each front buffers, what it runs, and how it
// differs from what Debian installs.
func FrontsTable(reg *targets.Registry) string {
	var b, stock strings.Builder
	b.WriteString(table("front", "heads", "bodies of requests", "answers"))
	stock.WriteString(table("front", "Debian packages", "first process", "others", "configuration"))
	for _, name := range reg.Fronts() {
		f, err := reg.Front(name)
		if err != nil {
			continue // cannot happen: Fronts lists what Front knows
		}
		b.WriteString(row(code(f.Name), f.Buffers.Heads, f.Buffers.Requests, f.Buffers.Answers))
		stock.WriteString(row(code(f.Name), codes(f.Install.Apt), f.Roles.Leader, cmp.Or(f.Roles.Children, "none"), strings.TrimSpace(f.Stock)))
	}
	return b.String() + stock.String()
}

// KindsTable is what Kinds holds: what each kind of app is, and how its faults are its own.
func KindsTable() string {
	var b strings.Builder
	b.WriteString(table("app kind", "a server is given", "its command gets", "language", "nobody else in its process is served during"))
	for _, name := range targets.AppKinds() {
		kind := targets.AppKind(name)
		language, blocks := "any", codes(kind.Blocks())
		if kind.Language() != "" {
			language = kind.Language()
		} else {
			blocks = "not known"
		}
		b.WriteString(row(code(name), kind.Title(), kind.Gets(), language, blocks))
	}
	b.WriteString(table("app kind", "fault", "how, where it is not as in the table of faults"))
	for _, name := range targets.AppKinds() {
		kind := targets.AppKind(name)
		for _, fault := range targets.AppFaults() {
			if how := kind.Does(fault); how != "" {
				b.WriteString(row(code(name), code(fault), how))
			}
			if why := kind.Lacks(fault); why != "" {
				b.WriteString(row(code(name), code(fault), "`unsupported`: "+why))
			}
		}
	}
	return b.String()
}
